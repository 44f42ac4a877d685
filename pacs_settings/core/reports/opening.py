"""A new study opens an empty report where somebody may edit those of its source."""

import sqlalchemy as sa
from sqlmodel import col

from pacs_settings.core.clock import now
from pacs_settings.core.quick import insert_unless_there
from pacs_settings.core.studies.events import StudyEvent
from pacs_settings.core.tables import Report, ReportRight, ReportState

_TABLE: sa.Table = Report.__table__  # type: ignore[attr-defined]
# Whether anybody may edit reports of the source with the parameter `teller`.
EDITED = sa.select(
    sa.exists().where(col(ReportRight.source_id) == sa.bindparam("teller"))
).scalar_subquery()


def open_for(db: sa.Connection, source_id: int, event: StudyEvent) -> None:
    """Open the report of a study, once."""
    moment = now()
    row = {
        "source_id": source_id,
        "subject": event.subject,
        "study_instance_uid": event.study_instance_uid,
        "accession_number": event.accession_number,
        "patient_initials": event.patient_initials,
        "description": event.description,
        "institution": event.institution,
        "studied_on": event.studied_on,
        "state": ReportState.EMPTY,
        "revision": 0,
        "created_at": moment,
        "changed_at": moment,
    }
    insert_unless_there(db, _TABLE, row)
