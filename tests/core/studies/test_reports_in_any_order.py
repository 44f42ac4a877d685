"""Preliminary, final, corrected: each mails once, and never after a later one."""

from itertools import permutations

import pytest

from pacs_settings.core.tables import Fate, ReportStatus
from tests import factories
from tests.core.studies.told import Referred

pytestmark = pytest.mark.usefixtures("database")
P, F, C = ReportStatus.PRELIMINARY, ReportStatus.FINAL, ReportStatus.CORRECTED


def expected(order: tuple[ReportStatus, ...], preliminary: bool) -> list[ReportStatus]:
    """Those that are later than all before them, and wanted."""
    rank = [P, F, C]
    mailed = [
        state
        for place, state in enumerate(order)
        if all(rank.index(before) < rank.index(state) for before in order[:place])
    ]
    return [state for state in mailed if preliminary or state != P]


@pytest.mark.parametrize("preliminary", [False, True])
@pytest.mark.parametrize(
    "order", list(permutations((P, F, C))), ids=lambda o: "".join(s[0] for s in o)
)
def test_in_any_order(order: tuple[ReportStatus, ...], preliminary: bool) -> None:
    physician = Referred()
    physician.source.preliminary = preliminary
    factories.store(physician.source)
    for state in order * 2:  # each comes twice
        physician.take(physician.report(state))
    assert [mail.values["status"] for mail in physician.mails()] == expected(order, preliminary)


@pytest.mark.parametrize(
    "order", list(permutations((P, F, C))), ids=lambda o: "".join(s[0] for s in o)
)
def test_none_with_the_switch_off(order: tuple[ReportStatus, ...]) -> None:
    physician = Referred(default_on_report=False)
    for state in order:
        assert Fate.MAILED not in physician.take(physician.report(state)).fates
    assert physician.mails() == []


def test_a_preliminary_one_that_was_not_wanted_keeps_no_final_one_back() -> None:
    physician = Referred()
    assert physician.take(physician.report(P)).fates == (Fate.UNWANTED,)
    assert physician.take(physician.report(F)).fates == (Fate.MAILED,)
