"""Reports: who sees them, what is kept of them, and what can never change."""

from contextlib import suppress
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacs_settings.core import db, desk, signatures
from pacs_settings.core.errors import NotYours, Refused
from pacs_settings.core.reports import drafts, reports, rights, versions
from pacs_settings.core.reports.reports import Changed, Opened
from pacs_settings.core.reports.texts import Text
from pacs_settings.core.studies import intake
from pacs_settings.core.tables import (
    AuditEntry,
    Report,
    ReportState,
    ReportVersion,
    Source,
    VersionKind,
)
from tests import factories
from tests.core.reports.written import Radiologist, opened_by_a_study, radiologist
from tests.core.studies.told import report, study

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def robin() -> Radiologist:
    return radiologist()


def refusal(work: object) -> str:
    with pytest.raises(Refused) as refused:
        work()  # type: ignore[operator]
    return refused.value.code


def kept_of(report_id: int) -> list[ReportVersion]:
    """All that is stored of a report, the oldest first."""
    rows = factories.rows(ReportVersion, ReportVersion.report_id == report_id)  # type: ignore[arg-type]
    return sorted(rows, key=lambda row: row.number)


def of(source: Source) -> list[Report]:
    """The reports of a source."""
    return factories.rows(Report, Report.source_id == source.id)  # type: ignore[arg-type]


# A study opens one.


def test_a_new_study_opens_an_empty_report_once(robin: Radiologist) -> None:
    first = opened_by_a_study(robin.source)
    intake.take(robin.source.id or 0, study("1.2.3", description="with late images"))
    [shown] = reports.listed(robin.id).reports
    assert (shown.id, shown.state, shown.description) == (first, ReportState.EMPTY, "CT thorax")
    assert (shown.patient_initials, shown.accession_number) == ("J.V.", "A1")


def test_a_study_without_uid_is_known_by_its_accession_number(robin: Radiologist) -> None:
    assert opened_by_a_study(robin.source, "", accession_number="A77")


@pytest.mark.parametrize("first", ["", "1.2.3"])
def test_a_study_told_with_and_without_uid_has_one_report(robin: Radiologist, first: str) -> None:
    opened = opened_by_a_study(robin.source, first, accession_number="A77")
    intake.take(robin.source.id or 0, study("" if first else "1.2.3", accession_number="A77"))
    [shown] = of(robin.source)
    assert (shown.id, shown.study_instance_uid, shown.subject) == (opened, "1.2.3", "1.2.3")


def test_an_order_of_two_studies_has_two_reports(robin: Radiologist) -> None:
    for uid in ("1.2.3", "1.2.4", ""):
        intake.take(robin.source.id or 0, study(uid, accession_number="A77"))
    assert {shown.study_instance_uid for shown in of(robin.source)} == {"1.2.3", "1.2.4"}


def test_the_order_of_another_source_is_another_one(robin: Radiologist) -> None:
    other = radiologist()
    opened_by_a_study(other.source, "", accession_number="A77")
    opened_by_a_study(robin.source, "1.2.3", accession_number="A77")
    assert [shown.study_instance_uid for shown in of(other.source)] == [""]


def test_a_report_from_outside_opens_none(robin: Radiologist) -> None:
    intake.take(robin.source.id or 0, report())
    assert reports.listed(robin.id).reports == []


def test_where_nobody_may_edit_none_is_opened() -> None:
    source = factories.source()
    intake.take(source.id or 0, study())
    assert of(source) == []


# Who sees them.


def test_it_takes_the_right_at_the_source(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    other = radiologist()
    assert reports.listed(other.id).reports == []
    for work in (
        partial(reports.opened, other.id, mine),
        partial(other.save, mine),
        partial(other.validate, mine),
        partial(other.add, mine),
        partial(drafts.keep, other.actor, mine, {"findings": "mine"}, 0),
        partial(drafts.discard, other.actor, mine),
        partial(reports.opened, robin.id, 999_999),
        partial(robin.save, 999_999),
    ):
        with pytest.raises(NotYours):
            work()
    assert factories.rows(ReportVersion, ReportVersion.report_id == mine) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("taken", ["source", "account"])
def test_a_right_that_is_taken_is_gone_at_once(robin: Radiologist, taken: str) -> None:
    mine = opened_by_a_study(robin.source)
    if taken == "source":
        rights.take(robin.account.username, robin.source.name)
    else:
        factories.change(robin.account.username, may_edit_reports=False)
    assert reports.listed(robin.id).reports == []
    with pytest.raises(NotYours):
        robin.save(mine)


def test_a_right_is_given_again_to_who_may_edit_nothing_any_more() -> None:
    someone = radiologist()
    factories.change(someone.account.username, may_edit_reports=False)
    mine = (someone.account.username, someone.source.name)
    assert rights.Right(*mine) not in rights.listed()
    rights.give(*mine)
    assert rights.Right(*mine) in rights.listed()
    entry = factories.rows(AuditEntry)[-1]
    assert (entry.before["may"], entry.after["may"]) == (False, True)
    rights.give(*mine)
    assert factories.rows(AuditEntry)[-1] == entry


def test_giving_a_right_is_audited_and_refused_for_what_is_not_there() -> None:
    source = factories.source()
    someone = factories.account()
    rights.give(someone.username, source.name)
    rights.give(someone.username, source.name)
    [entry] = factories.rows(AuditEntry)
    assert (entry.tag, entry.after["may"]) == ("account:reports:right", True)
    assert refusal(partial(rights.give, "nobody@demo.example", source.name)) == "account_unknown"
    assert refusal(partial(rights.give, someone.username, "Nowhere")) == "source_unknown"


def test_the_list_is_by_state_and_newest_first(robin: Radiologist) -> None:
    empty, saved, final = (opened_by_a_study(robin.source, f"1.{n}") for n in range(3))
    robin.save(saved)
    robin.validate(final)
    assert [row.id for row in reports.listed(robin.id).reports] == [final, saved, empty]
    for state, expected in zip(ReportState, (empty, saved, final), strict=True):
        assert [row.id for row in reports.listed(robin.id, state).reports] == [expected]
    assert reports.listed(robin.id, "nonsense").total == 3


def test_pages(robin: Radiologist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "PAGE", 2)
    for n in range(3):
        opened_by_a_study(robin.source, f"1.{n}")
    first, last = reports.listed(robin.id), reports.listed(robin.id, number=99)
    assert (len(first.reports), first.pages, first.total) == (2, 2, 3)
    assert (len(last.reports), last.number) == (1, 2)


# Saving.


def test_saving_keeps_a_version_with_the_signature_of_its_editor(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    number = factories.number(robin.account)
    first = robin.save(mine)
    assert (first.revision, first.facts.state) == (1, ReportState.IN_PROGRESS)
    assert first.latest
    assert first.latest.text == Text("No fracture.")
    assert first.latest.name == "Robin Willems"
    assert first.latest.physician_number.replace("-", "") == number.value
    assert first.latest.mark is not None
    second = robin.save(mine, "A fracture.", 1)
    assert [step.number for step in second.history] == [2, 1]
    assert [row.findings for row in kept_of(mine)] == ["No fracture.", "A fracture."]
    assert reports.opened(robin.id, mine) == second
    entry = factories.rows(AuditEntry)[-1]
    assert (entry.tag, entry.after["version"]) == ("report:saved", 2)
    assert "fracture" not in str(entry.after)


def test_without_a_signature_it_is_saved_unsigned(robin: Radiologist) -> None:
    other = radiologist(robin.source, signs=False)
    mine = opened_by_a_study(robin.source)
    saved = other.save(mine)
    assert saved.latest
    assert saved.latest.mark is None
    assert not saved.signs


@pytest.mark.parametrize("typed", [{}, {"findings": " \n "}, {"findings": "", "conclusion": "\0"}])
def test_nothing_is_no_report(robin: Radiologist, typed: dict[str, str]) -> None:
    mine = opened_by_a_study(robin.source)
    assert refusal(partial(reports.save, robin.actor, mine, typed, 0)) == "report_empty"


def test_the_second_save_is_refused_with_what_stands_and_loses_nothing(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    other = radiologist(robin.source, first_name="Kim")
    drafts.keep(robin.actor, mine, {"findings": "Typed by Robin."}, 0)
    other.save(mine, "Typed by Kim.")
    with pytest.raises(Changed) as changed:
        robin.save(mine, "Typed by Robin.", 0)
    assert changed.value.theirs.text.findings == "Typed by Kim."
    assert changed.value.theirs.name == "Kim Willems"
    again = reports.opened(robin.id, mine)
    assert again.draft
    assert (again.draft.text.findings, again.draft.revision) == ("Typed by Robin.", 0)
    assert robin.save(mine, "Both.", 1).revision == 2


def test_what_is_typed_upon_a_version_that_never_was_is_refused(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    with pytest.raises(Refused, match="report_unreadable"):
        robin.save(mine, revision=7)


def test_two_that_save_at_once_are_one_version_and_one_refusal(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    other = radiologist(robin.source)
    ends = factories.together(partial(robin.save, mine), partial(other.save, mine))
    assert sorted(type(end).__name__ for end in ends) == ["Changed", "Opened"]
    assert len(factories.rows(ReportVersion, ReportVersion.report_id == mine)) == 1  # type: ignore[arg-type]


# Validating.


def test_a_validated_report_is_final(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    final = robin.validate(mine)
    assert final.facts.state == ReportState.VALIDATED
    assert refusal(partial(robin.save, mine, "Other.", 1)) == "report_final"
    assert refusal(partial(robin.validate, mine, "Other.", 1)) == "report_final"
    assert reports.opened(robin.id, mine) == final


def test_what_is_added_is_signed_by_itself(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    assert refusal(partial(robin.add, mine, "Early.", 0)) == "report_not_final"
    robin.validate(mine)
    other = radiologist(robin.source, first_name="Kim")
    added = other.add(mine)
    robin.add(mine, "And more.", 2)
    assert added.latest
    assert added.latest.text.findings == "Final."
    shown = reports.opened(robin.id, mine)
    told = [(one.text.findings, one.name) for one in shown.addenda]
    assert told == [("More.", "Kim Willems"), ("And more.", "Robin Willems")]
    assert shown.facts.state == ReportState.VALIDATED
    assert [one.kind for one in shown.history] == [
        VersionKind.ADDENDUM,
        VersionKind.ADDENDUM,
        VersionKind.VALIDATED,
    ]


def test_of_many_versions_only_what_stands_and_addenda_are_read_in_full(
    robin: Radiologist,
) -> None:
    mine = opened_by_a_study(robin.source)
    for revision in range(3):
        robin.save(mine, f"Text {revision}", revision)
    with db.reading() as session:
        assert [one.text.findings for one in versions.shown(session, mine)] == ["Text 2"]
        assert [step.number for step in versions.history(session, mine)] == [3, 2, 1]
    final = robin.validate(mine, "Final.", 3)
    assert final.newest == final.latest
    added = robin.add(mine, "More.", 4)
    assert [added.newest] == added.addenda
    assert added.newest
    assert added.newest.text.findings == "More."


@pytest.mark.parametrize("allowed", [True, False])
def test_without_a_signature_the_region_says_whether_it_is_validated(allowed: bool) -> None:
    where = factories.region(validate_unsigned=allowed)
    someone = radiologist(signs=False, region_id=where.id)
    mine = opened_by_a_study(someone.source)
    assert reports.opened(someone.id, mine).may_validate is allowed
    if allowed:
        assert someone.validate(mine).facts.state == ReportState.VALIDATED
    else:
        assert refusal(partial(someone.validate, mine)) == "report_unsigned"
        assert reports.opened(someone.id, mine).facts.state == ReportState.EMPTY


@pytest.mark.parametrize("what", ["replaced", "withdrawn"])
def test_a_report_keeps_the_very_signature_it_was_signed_with(
    robin: Radiologist, what: str
) -> None:
    mine = opened_by_a_study(robin.source)
    before = robin.validate(mine)
    if what == "replaced":
        robin.sign(lean=3)
    else:
        signatures.withdraw(robin.actor)
    after = reports.opened(robin.id, mine)
    assert (after.latest, after.history) == (before.latest, before.history)
    assert before.latest
    assert after.latest
    assert after.latest.mark == before.latest.mark
    assert after.signs is (what == "replaced")


def test_it_says_by_which_means_its_editor_had_proven_to_be_there(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    robin.validate(mine)
    [row] = factories.rows(ReportVersion, ReportVersion.report_id == mine)  # type: ignore[arg-type]
    assert (row.proven_by, row.session_id) == ("password", robin.actor.session_id)


def test_names_are_those_of_the_moment(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    robin.validate(mine)
    factories.change(robin.account.username, last_name="Janssens")
    shown = reports.opened(robin.id, mine)
    assert shown.latest
    assert shown.latest.name == "Robin Willems"


STEPS = st.lists(
    st.sampled_from(["save", "validate", "add", "sign", "withdraw", "draft", "study"]), max_size=12
)


@pytest.mark.only_on("sqlite", "many steps, and nothing of a database in them")
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_what_was_kept_never_changes(robin: Radiologist, steps: list[str]) -> None:
    uid = f"1.2.{len(factories.rows(Report))}"
    mine = opened_by_a_study(robin.source, uid)
    kept: list[ReportVersion] = []
    for place, step in enumerate(steps):
        with suppress(Refused):
            _do(robin, mine, uid, step, str(place))
        shown: Opened = reports.opened(robin.id, mine)
        rows = kept_of(mine)
        assert rows[: len(kept)] == kept
        kept = rows
        finals = [one for one in kept if one.kind == VersionKind.VALIDATED]
        assert len(finals) <= 1
        assert (shown.facts.state == ReportState.VALIDATED) is bool(finals)


def _do(robin: Radiologist, mine: int, uid: str, step: str, words: str) -> None:
    revision = reports.opened(robin.id, mine).revision
    if step == "sign":
        robin.sign(float(words))
    elif step == "withdraw":
        signatures.withdraw(robin.actor)
    elif step == "draft":
        drafts.keep(robin.actor, mine, {"findings": words}, revision)
    elif step == "study":
        intake.take(robin.source.id or 0, study(uid, description=words))
    else:
        getattr(robin, step)(mine, words, revision)


def test_an_account_that_may_not_sign_in_any_more_leaves_its_reports(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    robin.validate(mine)
    desk.end_sessions(robin.account.username)
    other = radiologist(robin.source)
    shown = reports.opened(other.id, mine)
    assert shown.latest
    assert shown.latest.mark is not None
