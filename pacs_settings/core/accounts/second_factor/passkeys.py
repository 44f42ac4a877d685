"""Passkeys (WebAuthn Level 3): bound to our origin, so that no other site can ask for them."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import webauthn
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from pacs_settings.config import config
from pacs_settings.core import audit, outbox, secrets
from pacs_settings.core.accounts import credentials
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import allowed, chosen, codes, names
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.clock import now
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import NotYours, Refused
from pacs_settings.core.tables import Account, Means, Method, Passkey, Region

MOST_PASSKEYS = 10
PATIENCE = timedelta(minutes=5)
REGISTRATION = "passkey"  # purpose of the challenge
LONGEST_ANSWER = 16_000  # characters of what a browser sends
LONGEST_IDENTIFIER = 1023  # bytes (WebAuthn Level 3, 7.1)
RP_NAME = "PACS settings"

log = logging.getLogger(__name__)


class NotProven(Exception):
    """The browser's answer does not prove what it should."""


@dataclass(frozen=True)
class Key:
    """A passkey as its owner sees it; moments in ISO 8601."""

    id: int
    name: str
    linked_at: str
    used_at: str


class Passkeys:
    """A SecondFactor that lets the browser sign a challenge."""

    means = Means.PASSKEY

    def ready(self, db: Session, account: Account) -> bool:
        """Whether the account has one."""
        return bool(_rows(db, account.id or 0))

    def begin(self, db: Session, attempt: Attempt) -> dict[str, Any]:
        """Options for `navigator.credentials.get`, as JSON."""
        options = webauthn.generate_authentication_options(
            rp_id=_host(),
            timeout=int(PATIENCE.total_seconds() * 1000),
            allow_credentials=_descriptors(_rows(db, attempt.account_id)),
            user_verification=UserVerificationRequirement.PREFERRED,
        )
        codes.put(db, attempt, bytes_to_base64url(options.challenge), now() + PATIENCE)
        return dict(json.loads(webauthn.options_to_json(options)))

    def prove(self, db: Session, attempt: Attempt, answer: str) -> bool:
        """Whether one of the account's passkeys has signed the challenge of this attempt."""
        try:
            return _check(db, attempt, answer)
        except NotProven:
            return False


def keys(account_id: int) -> list[Key]:
    """The account's passkeys, oldest first."""
    with reading() as db:
        return [_shown(row) for row in _rows(db, account_id)]


def begin(actor: audit.Actor) -> dict[str, Any]:
    """Options for `navigator.credentials.create`, as JSON.

    Raises Refused `too_many_passkeys`, `method_not_allowed`.
    """
    with writing() as db:
        attempt = _attempt(db, actor)
        allowed.check(attempt.region, Method.PASSKEY)
        rows = _rows(db, actor.account_id)
        _refuse_surplus(rows)
        options = webauthn.generate_registration_options(
            rp_id=_host(),
            rp_name=RP_NAME,
            user_id=bytes.fromhex(secrets.mark("passkey user", actor.account_id)),
            user_name=attempt.account.username,
            user_display_name=f"{attempt.account.first_name} {attempt.account.last_name}",
            timeout=int(PATIENCE.total_seconds() * 1000),
            exclude_credentials=_descriptors(rows),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
        )
        codes.put(db, attempt, bytes_to_base64url(options.challenge), now() + PATIENCE)
    return dict(json.loads(webauthn.options_to_json(options)))


def register(actor: audit.Actor, name: str, answer: str) -> None:
    """Keep the passkey that the browser has made and use this method from now on.

    Raises Refused: `device_name`, `device_name_taken`, `passkey_failed`, `too_many_passkeys`,
    `method_not_allowed`.
    """
    with writing() as db:
        attempt = _attempt(db, actor)
        rows = _rows(db, actor.account_id)
        _refuse_surplus(rows)
        name = _name(name, {row.name for row in rows})
        try:
            made = _verified(db, attempt, answer)
        except NotProven:
            raise Refused("passkey_failed") from None
        _keep(db, _row(actor.account_id, name, made))
        chosen.choose(db, actor, attempt.account, Method.PASSKEY)
        credentials.changed(db, actor.account_id)
        audit.record(db, actor, "account:passkey:added", after={"device": name})
        outbox.put_alert(db, attempt.account, "factor_added", actor, name)


def remove(actor: audit.Actor, passkey_id: int) -> None:
    """Remove one; the last one only where the region lets the account do without.

    Raises Refused `last_factor`, NotYours.
    """
    with writing() as db:
        account = hold(db, Account, actor.account_id)
        row = db.get(Passkey, passkey_id)
        if row is None or row.account_id != actor.account_id:
            raise NotYours
        chosen.refuse_last(db, account, len(_rows(db, actor.account_id)))
        db.delete(row)
        db.flush()
        audit.record(db, actor, "account:passkey:removed", before={"device": row.name})
        outbox.put_alert(db, account, "factor_removed", actor, row.name)
        credentials.changed(db, actor.account_id)
        if not _rows(db, actor.account_id):
            chosen.replace(db, actor, account, Method.NONE)


def _name(typed: str, taken: set[str]) -> str:
    """The name as typed, or a number where none is given: no name must stand in the way."""
    if not typed.strip():
        return next(name for n in range(1, 99) if (name := f"Passkey {n}") not in taken)
    name = names.device_name(typed)
    if name in taken:
        raise Refused("device_name_taken", "name")
    return name


def _check(db: Session, attempt: Attempt, answer: str) -> bool:
    given = _parsed(answer)
    challenge = _spend_challenge(db, attempt, given)
    theirs = {row.credential_id: row for row in _rows(db, attempt.account_id)}
    row = theirs.get(given["id"])
    if row is None:
        raise NotProven
    with _as_not_proven():
        proven = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=list(config().origins),
            credential_public_key=base64url_to_bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
        )
    row.sign_count, row.used_at = proven.new_sign_count, now()
    db.add(row)
    return True


def _verified(db: Session, attempt: Attempt, answer: str) -> Any:
    given = _parsed(answer)
    challenge = _spend_challenge(db, attempt, given)
    with _as_not_proven():
        made = webauthn.verify_registration_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=list(config().origins),
        )
    if len(made.credential_id) > LONGEST_IDENTIFIER:
        raise NotProven
    return made


def _parsed(answer: str) -> dict[str, Any]:
    with _as_not_proven():
        given = json.loads(answer[:LONGEST_ANSWER])
        if isinstance(given, dict) and isinstance(given.get("id"), str):
            return given
    raise NotProven


def _spend_challenge(db: Session, attempt: Attempt, given: dict[str, Any]) -> bytes:
    """The challenge that was answered, if it is the one we made for this attempt; used up."""
    with _as_not_proven():
        told = base64url_to_bytes(given["response"]["clientDataJSON"])
        client = parse_client_data_json(told)
        challenge = bytes(client.challenge)
    if client.cross_origin:  # asked for by a page that has ours in a frame
        raise NotProven
    if codes.take(db, attempt, bytes_to_base64url(challenge)) is None:
        raise NotProven
    return challenge


@contextmanager
def _as_not_proven() -> Iterator[None]:
    # What a browser sends may be anything, and the library raises any kind of error at it; none
    # of them may undo that the answer is counted.
    try:
        yield
    except Exception as failure:
        log.info("a passkey's answer was refused: %s", type(failure).__name__)
        raise NotProven from None


def _attempt(db: Session, actor: audit.Actor) -> Attempt:
    account = hold(db, Account, actor.account_id)
    region = db.get_one(Region, account.region_id)
    visit = Visit(actor.address, actor.user_agent)
    return Attempt(account, region, REGISTRATION, actor.session_id, visit)


def _rows(db: Session, account_id: int) -> list[Passkey]:
    query = select(Passkey).where(Passkey.account_id == account_id)
    return list(db.exec(query.order_by(col(Passkey.id))))


def _refuse_surplus(rows: list[Passkey]) -> None:
    if len(rows) >= MOST_PASSKEYS:
        raise Refused("too_many_passkeys", most=MOST_PASSKEYS)


def _descriptors(rows: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(row.credential_id)) for row in rows]


def _keep(db: Session, row: Passkey) -> None:
    db.add(row)
    try:
        db.flush()
    except IntegrityError:  # it is somebody's already
        raise Refused("passkey_failed") from None


def _row(account_id: int, name: str, made: Any) -> Passkey:
    return Passkey(
        account_id=account_id,
        name=name,
        credential_id=bytes_to_base64url(made.credential_id),
        public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
    )


def _shown(row: Passkey) -> Key:
    used = row.used_at.isoformat() if row.used_at else ""
    return Key(row.id or 0, row.name, row.created_at.isoformat(), used)


def _host() -> str:
    return urlsplit(config().origins[0]).hostname or ""
