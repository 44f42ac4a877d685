"""What the service desk does with accounts: invite, unlock, sign out, help who lost a factor."""

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from pacs_settings.core import audit, mail_links, outbox, phones
from pacs_settings.core.accounts import known, sessions, usernames
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import chosen
from pacs_settings.core.clock import now
from pacs_settings.core.db import writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import Account, AccountState, Domain, Method, Region

LONGEST_NAME = 100


@dataclass(frozen=True)
class Invitation:
    """Who is invited; the domain of the address says whether a directory keeps the password."""

    username: str
    first_name: str
    last_name: str
    region: str
    mobile: str = ""


def invite(invitation: Invitation) -> None:
    """Make an account and mail its owner how to activate it.

    Raises Refused `not_an_address`, `username_taken`, `name_invalid`, `region_unknown`, `phone_*`.
    """
    with writing() as db:
        account = _account(db, invitation)
        db.add(account)
        try:
            db.flush()
        except IntegrityError:  # invited by somebody else at the same moment
            raise Refused("username_taken", "username") from None
        audit.record(db, None, "account:invited", after={"username": account.username})
        _mail(db, account)


def invite_again(username: str) -> None:
    """Mail a fresh link to an account that is invited still.

    Raises Refused `account_unknown`, `not_invited`.
    """
    with writing() as db:
        account = _find(db, username)
        if account.state != AccountState.INVITED:
            raise Refused("not_invited")
        audit.record(db, None, "account:invited_again", after={"username": account.username})
        _mail(db, account)


def unlock(username: str) -> None:
    """Let a locked account in again; raises Refused `account_unknown`, `not_locked`."""
    with writing() as db:
        account = _find(db, username)
        if account.state != AccountState.LOCKED:
            raise Refused("not_locked")
        account.state, account.locked_until, account.wrong_codes = _before_lock(account), None, 0
        db.add(account)
        audit.record(db, None, "account:unlocked", after={"username": account.username})
        if account.state == AccountState.INVITED:
            _mail(db, account)
        else:
            outbox.put_mail(db, account, "unlocked", Visit())


def remove_factor(username: str) -> None:
    """Take the second factor from somebody who has lost it; ends all sessions.

    The password is enough then, or enough to choose another where the region asks for one.
    Raises Refused `account_unknown`, `no_factor`.
    """
    with writing() as db:
        account = _find(db, username)
        former = account.second_factor
        if former == Method.NONE:
            raise Refused("no_factor")
        chosen.put(db, account, Method.NONE)
        sessions.end_all(db, account.id or 0, "ended_elsewhere")
        before = {"username": account.username, "method": str(former)}
        audit.record(db, None, "account:factor:removed", before, {"method": str(Method.NONE)})
        outbox.put_alert(db, account, "factor_removed", Visit(), method=str(former))


def end_sessions(username: str = "") -> int:
    """End all sessions of an account, or of everybody; how many. Raises `account_unknown`."""
    with writing() as db:
        account_id = _find(db, username).id if username else None
        count = sessions.end_all(db, account_id, "ended_by_desk")
        told = {"account": account_id or "everybody", "count": count}
        audit.record(db, None, "desk:sessions:ended", after=told)
    return count


def _find(db: Session, username: str) -> Account:
    return db.get_one(Account, known.find(db, username))


def _before_lock(account: Account) -> AccountState:
    # Wrong codes lock an invited account too; without a password it is invited still.
    local = account.domain_id is None
    return AccountState.INVITED if local and not account.password_hash else AccountState.ACTIVE


def _account(db: Session, invitation: Invitation) -> Account:
    try:
        username = usernames.normalise(invitation.username)
    except usernames.UsernameRefused:
        raise Refused("not_an_address", "username") from None
    key = usernames.key(username)
    if db.exec(select(Account).where(Account.username_key == key)).first():
        raise Refused("username_taken", "username")
    region = _region(db, invitation.region)
    domain = db.exec(
        select(Domain).where(Domain.name == usernames.domain_of(username))
    ).one_or_none()
    return Account(
        username=username,
        username_key=key,
        first_name=_name(invitation.first_name, "first_name"),
        last_name=_name(invitation.last_name, "last_name"),
        mobile_phone=_mobile(invitation.mobile, region.phone_country),
        language=region.language,
        region_id=region.id or 0,
        domain_id=domain.id if domain else None,
        created_at=now(),
    )


def _region(db: Session, name: str) -> Region:
    query = select(Region).where(Region.name == name)
    found = db.exec(query).one_or_none() if name.isprintable() else None
    if found is None:
        raise Refused("region_unknown", "region")
    return found


def _name(typed: str, field: str) -> str:
    name = " ".join(typed.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refused("name_invalid", field)
    return name


def _mobile(typed: str, country: str) -> str | None:
    if not typed.strip():
        return None
    try:
        number = phones.normalise(typed, country)
    except phones.PhoneRefused as refused:
        raise Refused(f"phone_{refused.code}", "mobile") from None
    if not phones.takes_text_messages(number):
        raise Refused("phone_not_mobile", "mobile")
    return number


def _mail(db: Session, account: Account) -> None:
    if account.domain_id:  # the directory knows the password; the first sign-in activates
        outbox.put_mail(db, account, "invitation_directory", Visit())
        return
    token = mail_links.make(db, account.id or 0, mail_links.ACTIVATION)
    outbox.put_link(db, account, "invitation", Visit(), token)
