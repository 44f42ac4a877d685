"""Report signatures."""

from functools import partial
from typing import Any

import pytest

from pacs_settings.core import audit, db, signature_kinds, signatures
from pacs_settings.core.accounts import sessions
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import AuditEntry, Signature
from tests import factories
from tests.factories import AN, LEA, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def drawing(lean: float = 0) -> dict[str, Any]:
    """A line across the pad, as a browser sends it."""
    points = [[10 + n * 5, 20 + lean * n, n * 10, 0.5] for n in range(9)]
    return {"width": 300, "height": 150, "strokes": [points]}


@pytest.fixture
def an() -> audit.Actor:
    return factories.actor(factories.person(AN))


def mine() -> list[Signature]:
    """What is stored of An's."""
    owner = Signature.account_id == factories.own(factories.person(AN))
    return factories.rows(Signature, owner)  # type: ignore[arg-type]


def test_at_first_there_is_none(an: audit.Actor) -> None:
    assert signatures.current(an.account_id) is None


def test_what_is_saved_is_shown(an: audit.Actor) -> None:
    saved = signatures.save_drawn(an, drawing())
    assert saved.version == 1
    assert saved.sha256 == signature_kinds.digest(saved.content)
    assert signatures.current(an.account_id) == saved
    assert signatures.current(factories.own(factories.person(LEA))) is None


def test_what_must_be_the_first_is_refused_once_there_was_one(an: audit.Actor) -> None:
    signatures.save_typed(an, "An Peeters", first=True)
    with pytest.raises(Refused, match="signature_there"):
        signatures.save_drawn(an, drawing(), first=True)
    signatures.withdraw(an)
    with pytest.raises(Refused, match="signature_there"):
        signatures.save_drawn(an, drawing(), first=True)
    assert len(mine()) == 1


def test_versions_are_added_and_never_changed(an: audit.Actor) -> None:
    first = signatures.save_drawn(an, drawing())
    [row] = mine()
    second = signatures.save_drawn(an, drawing(lean=2))
    assert second.version == 2
    assert second.sha256 != first.sha256
    assert signatures.current(an.account_id) == second
    kept, added = mine()
    assert dict(kept) == dict(row)
    assert added.session_id == an.session_id


def test_two_at_once_become_two_versions(an: audit.Actor) -> None:
    works = [partial(signatures.save_drawn, an, drawing(lean)) for lean in (1, 2, 3)]
    ends = factories.together(*works)
    assert all(isinstance(end, signatures.Saved) for end in ends)
    assert [row.version for row in mine()] == [1, 2, 3]


@pytest.mark.asvs("8.2.1")
def test_without_the_right_to_edit_reports_it_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        signatures.save_drawn(factories.actor(factories.person(SOFIE)), drawing())
    assert refused.value.code == "may_not_edit_reports"
    assert mine() == []
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
        signatures.save_drawn(an, raw)
    assert refused.value.code == code
    assert signatures.current(an.account_id) is None


def test_saving_is_audited_with_version_and_hash(an: audit.Actor) -> None:
    saved = signatures.save_drawn(an, drawing())
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.actor_id) == ("account:signature:saved", an.account_id)
    assert entry.after == {"version": 1, "kind": "drawn", "sha256": saved.sha256}


def test_it_says_by_which_means_its_owner_had_proven_to_be_there(an: audit.Actor) -> None:
    assert signatures.save_drawn(an, drawing()).proven_by == "password"
    with db.writing() as session:
        sessions.prove(session, an.session_id, "authenticator")
    signatures.save_drawn(an, drawing(2))
    found = signatures.history(an.account_id)
    told = [(saved.version, saved.proven_by, saved.who) for saved in found]
    assert told == [(2, "authenticator", "Dr An Peeters"), (1, "password", "Dr An Peeters")]


def test_a_typed_name_is_a_signature_too(an: audit.Actor) -> None:
    saved = signatures.save_typed(an, "Dr An Peeters")
    assert saved.kind == "typed"
    assert signatures.current(an.account_id) == saved


def test_one_that_is_withdrawn_signs_no_more_and_is_kept(an: audit.Actor) -> None:
    saved = signatures.save_drawn(an, drawing())
    signatures.withdraw(an)
    assert signatures.current(an.account_id) is None
    [kept] = signatures.history(an.account_id)
    assert kept.withdrawn_at
    assert (kept.version, kept.sha256) == (saved.version, saved.sha256)
    assert signatures.content(mine()[0]) == saved.content
    with pytest.raises(Refused) as refused:
        signatures.withdraw(an)
    assert refused.value.code == "no_signature"
    assert signatures.save_drawn(an, drawing(2)).version == 2
    assert factories.rows(AuditEntry)[1].tag == "account:signature:withdrawn"


def test_the_history_is_of_the_latest_alone(
    an: audit.Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lean in range(3):
        signatures.save_drawn(an, drawing(lean))
    monkeypatch.setattr(signatures, "MOST_TOLD", 2)
    assert [one.version for one in signatures.history(an.account_id)] == [3, 2]
    assert signatures.history(factories.own(factories.person(LEA))) == []


@pytest.mark.asvs("8.2.1")
def test_without_the_right_to_edit_reports_nothing_is_withdrawn(an: audit.Actor) -> None:
    signatures.save_drawn(an, drawing())
    factories.change(AN, may_edit_reports=False)
    with pytest.raises(Refused) as refused:
        signatures.withdraw(an)
    assert refused.value.code == "may_not_edit_reports"
    assert mine()[0].withdrawn_at is None


def test_of_two_that_withdraw_at_once_one_is_told_there_is_none(an: audit.Actor) -> None:
    signatures.save_drawn(an, drawing())
    ends = factories.together(*[partial(signatures.withdraw, an)] * 2)
    assert sorted(type(end).__name__ for end in ends) == ["NoneType", "Refused"]
    tags = [entry.tag for entry in factories.rows(AuditEntry)]
    assert tags.count("account:signature:withdrawn") == 1
