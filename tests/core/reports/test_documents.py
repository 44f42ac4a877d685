"""What the PDF of a version shows, and who may have it."""

import pytest

from pacs_settings.core.reports import documents, returning
from pacs_settings.core.reports.document import Heading, Section, State
from pacs_settings.core.studies import sources
from pacs_settings.core.studies.sources import Ways
from pacs_settings.core.tables import OutboxMessage, ReportVersion
from tests import factories
from tests.core.reports.written import Radiologist, opened_by_a_study, radiologist

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def robin() -> Radiologist:
    return radiologist()


def versions(report: int) -> list[int]:
    mine = ReportVersion.report_id == report
    return [row.id or 0 for row in factories.rows(ReportVersion, mine)]  # type: ignore[arg-type]


def test_it_is_the_report_as_it_was_validated(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    robin.save(mine, "Not yet.")
    assert documents.latest(robin.id, mine) is None
    robin.validate(mine, "Final.", 1)
    found = documents.latest(robin.id, mine)
    assert found
    document = documents.compose(found)
    assert document.sections == (Section(Heading.FINDINGS, "Final."),)
    assert (document.study.source, document.study.study_instance_uid) == (
        robin.source.name,
        "1.2.3",
    )
    assert document.study.patient_initials == "J.V."
    assert (document.signer.name, document.state) == ("Robin Willems", State.FINAL)
    assert document.signer.mark is not None
    assert document.signer.time_zone == "Europe/Brussels"


def test_an_addendum_is_a_version_of_its_own_and_the_former_stays(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    robin.validate(mine)
    before = documents.compose(versions(mine)[0])
    radiologist(robin.source, first_name="Kim").add(mine)
    first, second = versions(mine)
    assert documents.latest(robin.id, mine) == second
    document = documents.compose(second)
    assert [addendum.text for addendum in document.addenda] == ["More."]
    assert document.last_signer.name == "Kim Willems"
    assert document.state == State.CORRECTED
    assert documents.compose(first) == before


def test_a_saved_version_has_none(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    robin.save(mine)
    for version in (*versions(mine), 999_999):
        with pytest.raises(LookupError):
            documents.compose(version)


def test_without_the_right_it_is_not_there(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    robin.validate(mine)
    assert documents.latest(radiologist().id, mine) is None
    assert documents.latest(robin.id, 999_999) is None


def test_what_is_final_goes_back_in_the_same_transaction(robin: Radiologist) -> None:
    back = Ways(orthanc_url="http://127.0.0.1:1", return_archive=True, result_address="ris:2575")
    sources.put(robin.source.name, back)
    mine = opened_by_a_study(robin.source)
    robin.save(mine)
    assert factories.rows(OutboxMessage) == []
    robin.validate(mine, revision=1)
    robin.add(mine, revision=2)
    _, validated, added = versions(mine)
    for version in (validated, added):
        assert len(returning.where(version)) == 2
