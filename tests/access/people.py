"""People of a test's own, with what an owner may have, and what the server has sent them."""

import json
import re
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from itertools import count
from typing import Any, TypeVar

import pyotp

from pacs_settings.core import secrets
from pacs_settings.core.accounts.second_factor import recovery, totp
from tests.access.browser import SOFIE, account_id, execute, rows
from tests.conftest import Server

PATIENCE = 30  # seconds; the worker looks twice a second, a busy machine less often
RECOVERY = "ABCD-EFGH-JKMN"
_numbers = count(1)
T = TypeVar("T")


def moment(ago: float = 0) -> str:
    """A moment so many seconds ago, as the database keeps it."""
    return (datetime.now(UTC) - timedelta(seconds=ago)).strftime("%Y-%m-%d %H:%M:%S.%f")


def somebody(server: Server, like: str = SOFIE, **values: Any) -> str:
    """The address of a new account like one of the demo accounts, with the same password."""
    number = next(_numbers)
    address = f"doctor{number}@demo.example"
    own = {"username": address, "username_key": address, "mobile_phone": f"+3247099{number:04}"}
    own |= values
    columns = [row[1] for row in rows(server, "PRAGMA table_info(account)") if row[1] != "id"]
    kept = ", ".join("?" if name in own else name for name in columns)
    statement = f"INSERT INTO account ({', '.join(columns)}) SELECT {kept} FROM account"
    given = [own[name] for name in columns if name in own]
    execute(server, f"{statement} WHERE username = ?", *given, like)
    return str(own["username"])


def change(server: Server, username: str, **values: Any) -> None:
    """Change the account behind the server's back."""
    for name, value in values.items():
        execute(server, f"UPDATE account SET {name} = ? WHERE username = ?", value, username)


def device(server: Server, username: str, name: str = "Phone") -> tuple[int, pyotp.TOTP]:
    """A linked authenticator, which is the account's method from now on."""
    secret = pyotp.random_base32(32)
    sealed = secrets.seal(totp.PURPOSE, secret)
    values = (account_id(server, username), name, sealed, moment(), moment())
    columns = "account_id, name, sealed_secret, created_at, confirmed_at, last_step"
    execute(server, f"INSERT INTO totp_device ({columns}) VALUES (?, ?, ?, ?, ?, 0)", *values)
    change(server, username, second_factor="authenticator")
    return newest(server, "totp_device"), pyotp.TOTP(secret)


def passkey(server: Server, username: str) -> int:
    """A passkey as it is stored; nothing answers for it."""
    values = (account_id(server, username), f"key of {username}", moment())
    columns = "account_id, name, credential_id, public_key, sign_count, created_at"
    execute(
        server,
        f"INSERT INTO passkey ({columns}) VALUES (?, 'Key', ?, 'AAAA', 0, ?)",
        *values,
    )
    return newest(server, "passkey")


def remembered(server: Server, username: str, cookie: str, identifier: str) -> str:
    """A browser that is not asked for the second factor."""
    values = (identifier, secrets.fingerprint(cookie), account_id(server, username), moment())
    columns = "id, token_hash, account_id, created_at, until, address, user_agent"
    execute(
        server,
        f"INSERT INTO remembered_browser ({columns})"
        " VALUES (?, ?, ?, ?, '2999-01-01 00:00:00.000000', '192.0.2.7', '')",
        *values,
    )
    return identifier


def recovery_code(server: Server, username: str) -> str:
    """One code that is good."""
    mine = account_id(server, username)
    marked = recovery._mark(mine, RECOVERY)
    execute(server, "DELETE FROM recovery_code WHERE account_id = ?", mine)
    execute(server, "INSERT INTO recovery_code (account_id, code_hash) VALUES (?, ?)", mine, marked)
    return RECOVERY


def newest(server: Server, table: str) -> int:
    """The identifier of the row that was added last."""
    return int(rows(server, f"SELECT max(id) FROM {table}")[0][0])


def age(server: Server, session_id: str, seconds: float) -> None:
    """Let so much time have passed since the owner has proven to be there."""
    proven = "UPDATE sign_in_session SET proven_at = ? WHERE id = ?"
    execute(server, proven, moment(seconds), session_id)


def until(look: Callable[[], T | None]) -> T:
    """What `look` returns as soon as that is something."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return found


def sent(server: Server, to: str, template: str = "%") -> list[str]:
    """All that was sent to an address or number: the texts, oldest first, once they have left."""
    query = 'SELECT message_id, sent_at FROM outbox_message WHERE "to" = ? AND template LIKE ?'

    def left() -> tuple[list[str]] | None:
        found = rows(server, f"{query} ORDER BY id", to, template)
        whole = all(moment for _name, moment in found)
        return ([name.partition("@")[0] for name, _moment in found],) if whole else None

    return [_text(server, name) for name in until(left)[0]]


def _text(server: Server, name: str) -> str:
    folder = server.folder / "outbox"
    mail = folder / f"{name}.eml"
    if mail.exists():
        found = message_from_bytes(mail.read_bytes(), policy=policy.default)
        return f"{found['Subject']}\n\n{found.get_content()}"
    return str(json.loads((folder / f"{name}.sms.json").read_text())["text"])


def code_for(server: Server, to: str) -> str:
    """The one-time password that was sent last."""
    return re.findall(r"(?<!\d)\d{6}(?!\d)", sent(server, to, "code")[-1])[0]


def link_for(server: Server, to: str, purpose: str) -> str:
    """The path of the link that was mailed last."""
    text = "\n".join(sent(server, to))
    return re.findall(rf"(/link/{purpose}/[\w-]+)", text)[-1]


def other_code(code: str) -> str:
    """Six digits that are not these."""
    return f"{(int(code) + 500_000) % 1_000_000:06d}"


def count_rows(server: Server, table: str, where: str = "1", *values: Any) -> int:
    """How many rows of a table there are."""
    return int(rows(server, f"SELECT count(*) FROM {table} WHERE {where}", *values)[0][0])


def at_once(server: Server, *statements: str) -> None:
    """Change the database in one transaction."""
    with sqlite3.connect(server.database, timeout=10) as db:
        for statement in statements:
            db.execute(statement)
