"""Plays a study and a report through the real ways in, so that an e-mail appears.

A small server in the shape of an Orthanc is followed like any other, and a report is sent by MLLP
to a port of its own. What runs beside it (`make run`) sends the e-mails; where nothing does, this.
"""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from sqlmodel import col, select

from pacs_settings import worker
from pacs_settings.adapters import hl7_mllp
from pacs_settings.adapters.orthanc import Follower
from pacs_settings.adapters.orthanc_client import Client
from pacs_settings.config import config
from pacs_settings.core import delivery, demo
from pacs_settings.core.clock import now
from pacs_settings.core.db import reading
from pacs_settings.core.outbox import Channel
from pacs_settings.core.studies import sources
from pacs_settings.core.tables import (
    Account,
    OutboxMessage,
    PhysicianNumber,
    Source,
)
from pacs_settings.prepare import prepare

USERNAME = "an.peeters@demo.example"
PATIENCE = 4.0  # seconds, for whoever runs beside this


def main() -> None:
    """Play both and say where the e-mails are; without demo data a sentence, and 1."""
    asyncio.run(_play())


async def _play() -> None:
    await prepare()
    found = await asyncio.to_thread(_scene)
    if found is None:
        sys.exit(f"There is no {USERNAME} here: demo data is loaded by make run.")
    account_id, number, source_id = found
    uid = f"2.25.{secrets.randbits(100)}"
    begun = now()
    await _study(source_id, _tags(uid, number))
    print(f"study {uid}: taken")
    print(f"report: {await _report(uid, number)}")
    for place in await _delivered(account_id, begun):
        print(place)


def _scene() -> tuple[int, str, int] | None:
    with reading() as db:
        account = db.exec(select(Account).where(Account.username == USERNAME)).first()
        source = db.exec(select(Source).where(Source.name == demo.SOURCES[0])).first()
        if account is None or source is None:
            return None
        number = db.exec(
            select(PhysicianNumber.value).where(PhysicianNumber.account_id == account.id)
        ).first()
        return account.id or 0, number or "", source.id or 0


def _tags(uid: str, number: str) -> dict[str, Any]:
    code = {"CodeValue": number, "CodingSchemeDesignator": "RIZIV", "CodeMeaning": "number"}
    return {
        "StudyInstanceUID": uid,
        "AccessionNumber": f"D{uid[-8:]}",
        "StudyDescription": "CT thorax",
        "StudyDate": f"{date.today():%Y%m%d}",
        "InstitutionName": demo.SOURCES[0],
        "PatientName": "Voorbeeld^Jan",
        "ReferringPhysicianName": "PEETERS^An",
        "ReferringPhysicianIdentificationSequence": [{"PersonIdentificationCodeSequence": [code]}],
    }


async def _study(source_id: int, tags: dict[str, Any]) -> None:
    """Have the source's archive be ours for a moment."""
    name = demo.SOURCES[0]
    with _archive(tags) as url:
        await asyncio.to_thread(sources.put, name, sources.Ways(orthanc_url=url))
        archive = sources.Archive(source_id, name, url, "", "", 0)
        client = Client(archive)
        try:
            await Follower(archive, client, cursor=0).look()
        finally:
            await client.close()
            await asyncio.to_thread(sources.put, name, sources.Ways(orthanc_url=""))


@contextmanager
def _archive(tags: dict[str, Any]) -> Iterator[str]:
    """The address of a server that answers like an Orthanc with one stable study."""
    answers = {
        "/changes": {
            "Changes": [{"ChangeType": "StableStudy", "ID": "study", "Seq": 1}],
            "Done": True,
            "Last": 1,
        },
        "/studies/study": {"Series": ["series"]},
        "/series/series": {"Instances": ["instance"]},
        "/instances/instance/simplified-tags": tags,
    }

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answers[self.path.partition("?")[0]]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def _report(uid: str, number: str) -> str:
    """Send a final report by MLLP and return how it is acknowledged (MSA-1)."""
    application, facility = demo.HL7_NAMES
    control = secrets.token_hex(8)
    lines = [
        f"MSH|^~\\&|{application}|{facility}|PACS||{now():%Y%m%d%H%M%S}||ORU^R01|{control}|P|2.5.1"
        "||||||UNICODE UTF-8",
        "PID|1||D1||Voorbeeld^Jan",
        f"OBR|1||D{uid[-8:]}|CT^CT thorax|||{date.today():%Y%m%d}|||||||||{number}^PEETERS^An"
        "|||||||||F",
        "OBX|1|TX|CT^CT thorax||No abnormality.||||||F",
    ]
    server = await hl7_mllp.listen("127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(hl7_mllp.START + "\r".join(lines).encode() + b"\r" + hl7_mllp.END)
        answer = await reader.readuntil(hl7_mllp.END)
        writer.close()
    return next(
        line.split("|")[1] for line in answer.decode().split("\r") if line.startswith("MSA")
    )


async def _delivered(account_id: int, begun: Any) -> list[str]:
    mailer, texter = worker.ways_out()
    for _ in range(int(PATIENCE / 0.1)):
        if not await asyncio.to_thread(_left, account_id, begun):
            break
        await asyncio.sleep(0.1)
    else:
        await asyncio.to_thread(delivery.send_portion, Channel.NOTICE, mailer, texter)
    return await asyncio.to_thread(_sent, account_id, begun)


def _mine(account_id: int, begun: Any) -> Any:
    return select(OutboxMessage).where(
        OutboxMessage.account_id == account_id, col(OutboxMessage.created_at) >= begun
    )


def _left(account_id: int, begun: Any) -> int:
    with reading() as db:
        return sum(row.next_try is not None for row in db.exec(_mine(account_id, begun)))


def _sent(account_id: int, begun: Any) -> list[str]:
    with reading() as db:
        rows = [row for row in db.exec(_mine(account_id, begun)) if row.sent_at]
    if not rows:
        return [f"No e-mail: the switches of {demo.SOURCES[0]} are off."]
    if config().smtp_url:
        return [f"e-mail {row.message_id} is with the mail server" for row in rows]
    folder = config().data_dir / "outbox"
    return [f"e-mail: {folder / row.message_id.partition('@')[0]}.eml" for row in rows]


if __name__ == "__main__":
    # As the server does: else links would be sealed with a key that it does not have.
    os.environ.setdefault("REFLEX_ENV_MODE", "prod")
    main()
