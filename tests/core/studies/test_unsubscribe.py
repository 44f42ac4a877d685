"""The link that turns one switch off."""

import pytest

from pacs_settings.core import mappings
from pacs_settings.core.errors import Refused
from pacs_settings.core.mappings import Switch
from pacs_settings.core.studies import notices, unsubscribe
from pacs_settings.core.tables import AuditEntry, Mapping, StudyKind
from tests import factories
from tests.core.studies.told import Referred

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def physician() -> Referred:
    known = Referred()
    known.take(known.study())
    return known


def line(physician: Referred) -> Mapping:
    [found] = physician.lines()
    return found


def token(physician: Referred, kind: StudyKind) -> str:
    return notices.token(factories.own(physician.account), line(physician).id or 0, kind)


@pytest.mark.parametrize("kind", list(StudyKind))
def test_it_turns_just_its_switch_off(physician: Referred, kind: StudyKind) -> None:
    before = line(physician).changed_at
    assert unsubscribe.stop(token(physician, kind), "192.0.2.7") == kind
    after = line(physician)
    assert (after.on_study, after.on_report) == (kind == "report", kind == "study")
    assert after.changed_at != before
    [entry] = [row for row in factories.rows(AuditEntry) if row.tag.endswith("unsubscribed")]
    assert (entry.tag, entry.address) == (f"mapping:{kind}:unsubscribed", "192.0.2.7")
    assert (entry.before["on"], entry.after["on"]) == (True, False)


def test_once_more_does_nothing(physician: Referred) -> None:
    link = token(physician, StudyKind.STUDY)
    unsubscribe.stop(link, "")
    audited = len(factories.rows(AuditEntry))
    assert unsubscribe.stop(link, "") == StudyKind.STUDY
    assert len(factories.rows(AuditEntry)) == audited


def test_it_works_again_after_the_owner_has_turned_it_on(physician: Referred) -> None:
    link = token(physician, StudyKind.STUDY)
    unsubscribe.stop(link, "")
    actor = factories.actor(physician.account)
    mappings.switch(actor, line(physician).id or 0, Switch.STUDY, True)
    unsubscribe.stop(link, "")
    assert not line(physician).on_study


@pytest.mark.parametrize("spoil", ["last", "kind", "mapping", "empty", "words", "long", "none"])
def test_what_was_not_signed_does_nothing(physician: Referred, spoil: str) -> None:
    good = token(physician, StudyKind.STUDY)
    number, short, signature = good.split(".")
    other = factories.mapping(factories.account(), physician.source, physician.number)
    bad = {
        "last": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "kind": f"{number}.r.{signature}",
        "mapping": f"{other.id}.{short}.{signature}",
        "empty": "",
        "words": "not a token",
        "long": f"{'9' * 30}.s.{signature}",
        "none": f"987654.s.{signature}",
    }[spoil]
    with pytest.raises(Refused) as refused:
        unsubscribe.stop(bad, "")
    assert refused.value.code == "unsubscribe_invalid"
    assert all(
        row.on_study and row.on_report for row in factories.rows(Mapping, Mapping.id >= other.id)
    )  # type: ignore[arg-type,operator]
    assert (line(physician).on_study, line(physician).on_report) == (True, True)


def test_no_study_mails_after_it(physician: Referred) -> None:
    unsubscribe.stop(token(physician, StudyKind.STUDY), "")
    physician.take(physician.study("1.2.99"))
    physician.take(physician.report())
    assert [mail.template for mail in physician.mails()] == ["study", "report"]
