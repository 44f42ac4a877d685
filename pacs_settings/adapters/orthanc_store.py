"""Stores reports in the Orthanc of their source, by its REST API."""

import asyncio
from typing import Any

from pacs_settings.adapters import orthanc_client
from pacs_settings.adapters.dicom_pdf import encapsulated
from pacs_settings.adapters.orthanc_client import Client, Gone, Refused, Unanswered
from pacs_settings.core.ports import Away, NotAccepted
from pacs_settings.core.reports.returning import Outgoing
from pacs_settings.core.studies.sources import Archive

STORED = ("Success", "AlreadyStored")


def store(outgoing: Outgoing) -> None:
    """Store a report beside the images that it is about; raises Away, NotAccepted."""
    if outgoing.to.archive is None:
        raise NotAccepted("the source has no archive", final=True)
    asyncio.run(_translated(_store(outgoing.to.archive, outgoing)))


def facts_of(archive: Archive, study_uid: str) -> dict[str, Any]:
    """The tags of one instance of a study, none where it is not there; raises Away.

    They name the patient: to be passed on, never to be kept or logged.
    """
    return asyncio.run(_translated(_facts_alone(archive, study_uid)))


async def _translated(work: Any) -> Any:
    try:
        return await work
    except Refused as refused:
        raise NotAccepted(str(refused), final=True) from None
    except Unanswered as failure:
        raise Away(str(failure)) from None


async def _store(archive: Archive, outgoing: Outgoing) -> None:
    client = Client(archive)
    try:
        facts = await _facts(client, outgoing.document.study.study_instance_uid)
        if not facts:
            raise NotAccepted("the study is not in the archive", final=False)
        content = await asyncio.to_thread(encapsulated, outgoing, facts)
        answer = await client.post("/instances", content)
        if not isinstance(answer, dict) or answer.get("Status") not in STORED:
            raise Unanswered("it does not say that it has stored the report")
    finally:
        await client.close()


async def _facts_alone(archive: Archive, study_uid: str) -> dict[str, Any]:
    client = Client(archive)
    try:
        return await _facts(client, study_uid)
    finally:
        await client.close()


async def _facts(client: Client, study_uid: str) -> dict[str, Any]:
    try:
        found = await client.post("/tools/lookup", study_uid.encode()) if study_uid else []
        study = next((one["ID"] for one in _listed(found) if one.get("Type") == "Study"), "")
        if not study:
            return {}
        series = (await client.get(f"/studies/{study}"))["Series"][0]
        instance = (await client.get(f"/series/{series}"))["Instances"][0]
        return await client.get(f"/instances/{instance}/simplified-tags")
    except Gone:  # deleted meanwhile
        return {}
    except (LookupError, TypeError, AttributeError):
        raise orthanc_client.Unanswered("its answer is of another form") from None


def _listed(found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list):
        raise TypeError
    return found
