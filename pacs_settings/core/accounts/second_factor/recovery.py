"""Ten recovery codes for the day that the second factor is lost; each is good once."""

import secrets as random
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import audit, outbox, secrets
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.clock import now
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, Means, Method, RecoveryCode

COUNT = 10
FEW = 3
# Long enough that a fast hash keeps them (112 bits: ASVS 5.0, 6.5.2); they are copied, not learnt.
LENGTH = 24
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that reads like something else


class RecoveryCodes:
    """A SecondFactor beside the chosen one."""

    means = Means.RECOVERY

    def ready(self, db: Session, account: Account) -> bool:
        """Whether one is left."""
        return _left(db, account.id or 0) > 0

    def begin(self, db: Session, attempt: Attempt) -> dict[str, Any]:
        """Nothing is sent: the owner has them."""
        return {}

    def prove(self, db: Session, attempt: Attempt, answer: str) -> bool:
        """Use one up; the owner is mailed, and warned when few are left."""
        unused = sa.and_(
            col(RecoveryCode.account_id) == attempt.account_id,
            col(RecoveryCode.code_hash) == _mark(attempt.account_id, answer),
            col(RecoveryCode.used_at).is_(None),
        )
        used = db.execute(sa.update(RecoveryCode).where(unused).values(used_at=now()))
        if used.rowcount != 1:  # type: ignore[attr-defined]
            return False
        left = _left(db, attempt.account_id)
        template = "recovery_low" if left <= FEW else "recovery_used"
        outbox.put_alert(db, attempt.account, template, attempt.visit, str(left))
        return True


def renew(actor: audit.Actor) -> list[str]:
    """Ten new codes, in groups as shown; the former ones are worth nothing from now on.

    Raises Refused `no_second_factor`: without one there is nothing to recover.
    """
    made = [_new_code() for _ in range(COUNT)]
    with writing() as db:
        account = hold(db, Account, actor.account_id)
        if account.second_factor == Method.NONE:
            raise Refused("no_second_factor")
        forget(db, actor.account_id)
        db.add_all(
            RecoveryCode(account_id=actor.account_id, code_hash=_mark(actor.account_id, code))
            for code in made
        )
        audit.record(db, actor, "account:recovery_codes:renewed")
        outbox.put_alert(db, account, "recovery_renewed", actor)
    return made


def left(account_id: int) -> int:
    """How many codes are left."""
    with reading() as db:
        return _left(db, account_id)


def forget(db: Session, account_id: int) -> None:
    """Make all codes worth nothing."""
    db.execute(sa.delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))


def _new_code() -> str:
    text = "".join(random.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(text[n : n + 4] for n in range(0, LENGTH, 4))


def _mark(account_id: int, typed: str) -> str:
    # However it was typed: with blanks, any kind of dashes, or in small letters.
    code = "".join(sign for sign in typed[:60].upper() if sign in ALPHABET)
    return secrets.mark("recovery", account_id, code)


def _left(db: Session, account_id: int) -> int:
    unused = (col(RecoveryCode.account_id) == account_id, col(RecoveryCode.used_at).is_(None))
    return db.scalar(sa.select(sa.func.count()).where(*unused)) or 0
