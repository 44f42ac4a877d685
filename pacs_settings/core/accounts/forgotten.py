"""A forgotten password: everybody hears the same, and the worker mails whom it concerns."""

import logging

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import mail_links, outbox
from pacs_settings.core.accounts import candidates, send_limits, usernames
from pacs_settings.core.accounts.candidates import Candidate
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, AccountState, ForgottenPassword

BATCH = 20

log = logging.getLogger(__name__)


def ask(typed: str, visit: Visit) -> None:
    """Note that somebody asks for a link; whether the address is known is not looked at here.

    Raises Refused `not_an_address`, and TooManyCodes for an address that asks too often.
    """
    try:
        address = usernames.normalise(typed)
    except usernames.UsernameRefused:
        raise Refused("not_an_address", "email") from None
    with writing() as db:
        send_limits.reserve_asking(db, visit.address)
        row = ForgottenPassword(
            typed=address, address=visit.address, user_agent=visit.user_agent[:512]
        )
        db.add(row)


def work_off() -> int:
    """Mail those who have asked, as far as there is anybody; how many requests were done."""
    with reading() as db:
        query = sa.select(col(ForgottenPassword.id)).order_by(col(ForgottenPassword.id))
        ids = [found for found in db.scalars(query.limit(BATCH)) if found is not None]
    for row_id in ids:
        _answer(row_id)
    return len(ids)


def _answer(row_id: int) -> None:
    taken = (
        sa.delete(ForgottenPassword)
        .where(col(ForgottenPassword.id) == row_id)
        .returning(
            col(ForgottenPassword.typed),
            col(ForgottenPassword.address),
            col(ForgottenPassword.user_agent),
        )
    )
    try:
        with writing() as db:
            row = db.execute(taken).one_or_none()  # another worker may have been faster
            candidate = candidates.find(row.typed) if row else None
            if row and candidate:
                _mail(db, candidate, Visit(row.address, row.user_agent))
    except send_limits.TooManyCodes:
        log.warning("no more links are mailed to one account for a while")
        with writing() as db:
            db.execute(sa.delete(ForgottenPassword).where(col(ForgottenPassword.id) == row_id))


def _mail(db: Session, candidate: Candidate, visit: Visit) -> None:
    account = hold(db, Account, candidate.account_id)  # of two links made at once one must go
    if account.state == AccountState.DISABLED:
        return
    send_limits.reserve_link(db, candidate.account_id)
    if candidate.domain:
        outbox.put_mail(
            db,
            account,
            "reset_directory",
            visit,
            detail=candidate.domain.administrator or candidate.domain.name,
        )
        return
    invited = account.state == AccountState.INVITED
    purpose = mail_links.ACTIVATION if invited else mail_links.RESET
    token = mail_links.make(db, candidate.account_id, purpose)
    outbox.put_link(db, account, "invitation" if invited else "reset", visit, token)
