"""A new study opens an empty report where somebody may edit those of its source."""

import sqlalchemy as sa
from sqlmodel import col

from pacs_settings.core.clock import now
from pacs_settings.core.db import alone
from pacs_settings.core.quick import Quick, insert_unless_there
from pacs_settings.core.studies.events import StudyEvent
from pacs_settings.core.tables import Report, ReportRight, ReportState

_TABLE: sa.Table = Report.__table__  # type: ignore[attr-defined]
# Whether anybody may edit reports of the source with the parameter `teller`.
EDITED = sa.select(
    sa.exists().where(col(ReportRight.source_id) == sa.bindparam("teller"))
).scalar_subquery()


_SOURCE = _TABLE.c.source_id == sa.bindparam("source")
_other = _TABLE.alias()
_OF_STUDY = sa.exists().where(
    _other.c.source_id == sa.bindparam("source"), _other.c.subject == sa.bindparam("uid")
)
_KNOWN = Quick(
    sa.select(_TABLE.c.id)
    .where(_SOURCE, _TABLE.c.accession_number == sa.bindparam("accession"))
    .limit(1)
)
_NAMED = Quick(
    sa.update(_TABLE)
    .where(
        _SOURCE,
        _TABLE.c.subject == sa.bindparam("accession"),
        _TABLE.c.study_instance_uid == "",
        ~_OF_STUDY,
    )
    .values(subject=sa.bindparam("uid"), study_instance_uid=sa.bindparam("uid"))
)


def open_for(db: sa.Connection, source_id: int, event: StudyEvent) -> None:
    """Open the report of a study, once, also where not each telling has its StudyInstanceUID."""
    if event.accession_number and _is_open(db, source_id, event):
        return
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


def _is_open(db: sa.Connection, source_id: int, event: StudyEvent) -> bool:
    """Whether the order has its report, which now has the study's UID if it had none.

    An order may be of several studies: each that comes with a UID of its own has its own report.
    """
    accession, uid = event.accession_number, event.study_instance_uid
    alone(db, f"order:{source_id}:{accession}")
    if uid:
        return _NAMED.run(db, source=source_id, accession=accession, uid=uid) > 0
    return _KNOWN.first(db, source=source_id, accession=accession) is not None
