"""Report signatures."""

from functools import partial
from typing import Any

import pytest

from pacs_settings.core import audit, signatures, strokes
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import AuditEntry, Signature
from tests import factories
from tests.factories import AN, JAN, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def drawing(lean: float = 0) -> dict[str, Any]:
    """A line across the pad, as a browser sends it."""
    points = [[10 + n * 5, 20 + lean * n, n * 10, 0.5] for n in range(9)]
    return {"width": 300, "height": 150, "strokes": [points]}


@pytest.fixture
def an() -> audit.Actor:
    return factories.actor(factories.person(AN))


def test_at_first_there_is_none(an: audit.Actor) -> None:
    assert signatures.current(an.account_id) is None


def test_what_is_saved_is_shown(an: audit.Actor) -> None:
    saved = signatures.save(an, drawing())
    assert saved.version == 1
    assert saved.sha256 == strokes.digest(saved.drawing)
    assert signatures.current(an.account_id) == saved
    assert signatures.current(factories.own(factories.person(JAN))) is None


def test_versions_are_added_and_never_changed(an: audit.Actor) -> None:
    first = signatures.save(an, drawing())
    [row] = factories.rows(Signature)
    second = signatures.save(an, drawing(lean=2))
    assert second.version == 2
    assert second.sha256 != first.sha256
    assert signatures.current(an.account_id) == second
    kept, added = factories.rows(Signature)
    assert dict(kept) == dict(row)
    assert added.session_id == an.session_id


def test_two_at_once_become_two_versions(an: audit.Actor) -> None:
    works = [partial(signatures.save, an, drawing(lean)) for lean in (1, 2, 3)]
    ends = factories.together(*works)
    assert all(isinstance(end, signatures.Saved) for end in ends)
    assert [row.version for row in factories.rows(Signature)] == [1, 2, 3]


@pytest.mark.asvs("8.2.1")
def test_without_the_right_to_edit_reports_it_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        signatures.save(factories.actor(factories.person(SOFIE)), drawing())
    assert refused.value.code == "may_not_edit_reports"
    assert factories.rows(Signature) == []
    assert factories.rows(AuditEntry) == []


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "strokes_malformed"),
        ([], "strokes_malformed"),
        ({"width": 300, "height": 150, "strokes": []}, "strokes_empty"),
        ({"width": 300, "height": 150, "strokes": [[]] * 9999}, "strokes_too_many"),
        ({"width": 300, "height": 150, "strokes": [[[1e9, 1, 1, 1]]]}, "strokes_out_of_range"),
        ({"width": 300, "height": 150, "strokes": [[["a", 1, 1, 1]]]}, "strokes_not_numbers"),
    ],
)
def test_what_is_no_drawing_is_refused(an: audit.Actor, raw: object, code: str) -> None:
    with pytest.raises(Refused) as refused:
        signatures.save(an, raw)
    assert refused.value.code == code
    assert signatures.current(an.account_id) is None


def test_saving_is_audited_with_version_and_hash(an: audit.Actor) -> None:
    saved = signatures.save(an, drawing())
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.actor_id) == ("account:signature:saved", an.account_id)
    assert entry.after == {"version": 1, "sha256": saved.sha256}
