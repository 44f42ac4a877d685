"""Registering a mobile phone that is missing: once, after a code by e-mail and one sent to it."""

from sqlmodel import Session

from pacs_settings.core import audit, outbox, phones
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import codes, proof
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.accounts.second_factor.registry import FACTORS
from pacs_settings.core.db import hold, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, Means, Region

BY_MAIL, BY_TEXT = "mobile-mail", "mobile-text"


def begin(actor: audit.Actor) -> None:
    """Send the code by e-mail; raises Refused `mobile_on_file`, `locked`, `too_many_codes`."""
    with writing() as db:
        attempt = _attempt(db, actor, BY_MAIL)
        proof.begin(db, attempt, FACTORS[Means.EMAIL])


def propose(actor: audit.Actor, typed: str, code: str) -> None:
    """With the code of the e-mail, send another one to the number.

    Raises Refused `phone_*`, `wrong_code`, `locked`, `mobile_on_file`, `too_many_codes`.
    """
    with writing() as db:
        attempt = _attempt(db, actor, BY_MAIL)
        number = _number(typed, attempt.region.phone_country)
        refusal = proof.check(db, attempt, FACTORS[Means.EMAIL], code)
        if not refusal:
            codes.send(db, _attempt(db, actor, BY_TEXT), "sms", number)
    if refusal:  # after the commit: a wrong code must be counted
        raise Refused(refusal, "mail_code")


def confirm(actor: audit.Actor, code: str) -> None:
    """Register the number that the code was sent to; raises Refused `wrong_code`, `locked`."""
    with writing() as db:
        attempt = _attempt(db, actor, BY_TEXT)
        number = None if proof.locked(attempt) else codes.spend(db, attempt, code)
        refusal = "" if number else _refusal(db, attempt)
        if number:
            attempt.account.wrong_codes = 0
            attempt.account.mobile_phone = number
            db.add(attempt.account)
            audit.record(db, actor, "account:mobile:registered")
            outbox.put_alert(db, attempt.account, "mobile_registered", actor)
    if refusal:
        raise Refused(refusal, "code")


def _refusal(db: Session, attempt: Attempt) -> str:
    return "locked" if proof.locked(attempt) else proof.count_wrong(db, attempt, Means.SMS)


def _attempt(db: Session, actor: audit.Actor, purpose: str) -> Attempt:
    account = hold(db, Account, actor.account_id)
    if account.mobile_phone:
        raise Refused("mobile_on_file")
    region = db.get_one(Region, account.region_id)
    visit = Visit(actor.address, actor.user_agent)
    return Attempt(account, region, purpose, actor.session_id, visit)


def _number(typed: str, country: str) -> str:
    try:
        number = phones.normalise(typed, country)
    except phones.PhoneRefused as refused:
        raise Refused(f"phone_{refused.code}", "mobile") from None
    if not phones.takes_text_messages(number):
        raise Refused("phone_not_mobile", "mobile")
    return number
