"""Choosing a second factor whose codes are sent: one is sent at once, and proves the choice."""

from sqlmodel import Session

from pacs_settings.core import audit, outbox
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import allowed, chosen, proof
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.accounts.second_factor.registry import FACTORS
from pacs_settings.core.db import hold, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, Means, Method, Region

SENT = (Method.EMAIL, Method.SMS)


def begin(actor: audit.Actor, method: str) -> None:
    """Send a code by the method to be chosen.

    Raises Refused `method_not_allowed`, `no_mobile`, `locked`, `too_many_codes`.
    """
    with writing() as db:
        attempt = _attempt(db, actor, method)
        proof.begin(db, attempt, FACTORS[Means(method)])


def confirm(actor: audit.Actor, method: str, code: str) -> None:
    """Choose the method that its code proves; raises Refused `wrong_code` or `locked`."""
    with writing() as db:
        attempt = _attempt(db, actor, method)
        refusal = proof.check(db, attempt, FACTORS[Means(method)], code)
        if not refusal:
            chosen.choose(db, actor, attempt.account, Method(method))
            outbox.put_alert(db, attempt.account, "factor_added", actor, method=method)
    if refusal:  # after the commit: a wrong code must be counted
        raise Refused(refusal, "code")


def _attempt(db: Session, actor: audit.Actor, method: str) -> Attempt:
    account = hold(db, Account, actor.account_id)
    region = db.get_one(Region, account.region_id)
    if allowed.check(region, method) not in SENT:
        raise Refused("method_not_allowed")
    visit = Visit(actor.address, actor.user_agent)
    return Attempt(account, region, f"choose-{method}", actor.session_id, visit)
