"""A fresh proof that it is the owner, before what is sensitive; noted on the session."""

from sqlmodel import Session

from pacs_settings.core import audit
from pacs_settings.core.accounts import candidates, passwords, sessions, throttle
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import proof
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.accounts.second_factor.registry import FACTORS, accepted
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, Domain, Means, Method, Region

PURPOSE = "proof"


def pool(actor: audit.Actor) -> passwords.HashPool:
    """Where to run `by_password`."""
    with reading() as db:
        return candidates.pool(db.get_one(Account, actor.account_id).username)


def by_password(actor: audit.Actor, password: str) -> str:
    """Prove it by the password, which the directory of a domain checks for its accounts.

    Returns the new value of the session's cookie.
    Raises Refused `wrong_password`, `too_many_tries`, `directory_*`.
    """
    check_password(actor, password, "password", "wrong_password")
    with writing() as db:
        domain = db.get_one(Account, actor.account_id).domain_id
        means = Means.DIRECTORY if domain else Means.PASSWORD
        return sessions.prove(db, actor.session_id, means)


def check_password(actor: audit.Actor, password: str, field: str, wrong: str) -> None:
    """Raise Refused `wrong`, at `field`, unless it is the account's password; slows down."""
    key = f"account:proof:{actor.account_id}"
    try:
        with writing() as db:
            throttle.reserve(db, [key])
    except throttle.TooManyTries as wait:
        raise Refused("too_many_tries", field, seconds=wait.retry_in) from None
    reason = _why_not(actor, password)
    if reason:
        raise Refused(wrong if reason == candidates.WRONG.reason else reason, field)
    with writing() as db:
        throttle.settle(db, [key])


def begin(actor: audit.Actor) -> dict[str, object]:
    """Send a code or make a challenge by the account's own second factor.

    Raises Refused `too_many_codes`, `locked`, `no_second_factor`.
    """
    with writing() as db:
        attempt = _attempt(db, actor)
        if attempt.account.second_factor == Method.NONE:
            raise Refused("no_second_factor")
        return proof.begin(db, attempt, FACTORS[Means(attempt.account.second_factor)])


def by_factor(actor: audit.Actor, means: str, answer: str) -> str:
    """Prove it by the account's second factor or a recovery code.

    Returns the new value of the session's cookie.
    Raises Refused `wrong_code`, `locked`, `no_second_factor`.
    """
    with writing() as db:
        attempt = _attempt(db, actor)
        factor = accepted(attempt.account, means, attempt.account.second_factor)
        if factor is None:
            raise Refused("no_second_factor")
        refusal = proof.check(db, attempt, factor, answer)
        if not refusal:
            return sessions.prove(db, actor.session_id, means)
    raise Refused(refusal, "code")  # after the commit: a wrong code must be counted


def _why_not(actor: audit.Actor, password: str) -> str:
    with reading() as db:
        account = db.get_one(Account, actor.account_id)
        domain = db.get(Domain, account.domain_id) if account.domain_id else None
    if domain:
        return candidates.ask_directory(account, domain, password).reason
    fits = passwords.verify(password, account.password_hash)
    return "" if fits else candidates.WRONG.reason


def _attempt(db: Session, actor: audit.Actor) -> Attempt:
    account = hold(db, Account, actor.account_id)
    region = db.get_one(Region, account.region_id)
    visit = Visit(actor.address, actor.user_agent)
    return Attempt(account, region, PURPOSE, actor.session_id, visit)
