"""Whose password is asked for, and whether it is right: here, or to the directory of a domain."""

import logging
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import phones, ports, secrets
from pacs_settings.core.accounts import passwords, usernames
from pacs_settings.core.db import reading, writing
from pacs_settings.core.quick import Quick, insert_unless_there
from pacs_settings.core.tables import Account, AccountState, Domain, Means, Region

DIRECTORY_THREADS, DIRECTORY_QUEUE = 8, 16  # of each directory; they wait rather than work

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """An account that somebody may be the owner of."""

    account: Account
    region: Region
    domain: Domain | None = None

    @property
    def account_id(self) -> int:
        """The account's identifier."""
        return self.account.id or 0

    @property
    def means(self) -> Means:
        """By which means its password is checked."""
        return Means.DIRECTORY if self.domain else Means.PASSWORD


@dataclass(frozen=True)
class Proof:
    """Whether a password is right: no reason if it is, and who that is to a directory."""

    reason: str = ""
    guid: str | None = None


WRONG = Proof("wrong_password")
# For what runs also for a surplus of sign-ins, which is to be turned away at little cost.
_DOMAIN_OF = Quick(
    sa.select(col(Account.domain_id)).where(col(Account.username_key) == sa.bindparam("key"))
)
_DOMAIN_NAMED = Quick(sa.select(col(Domain.id)).where(col(Domain.name) == sa.bindparam("name")))


def find(typed: str) -> Candidate | None:
    """The account of a typed address."""
    return _find(col(Account.username_key) == usernames.key(typed))


def pool(typed: str) -> passwords.HashPool:
    """Where to check a password: every directory has threads of its own.

    A directory that is slow to answer thus keeps nobody waiting who is not in it.
    """
    known = _DOMAIN_OF.one(key=usernames.key(typed))
    domain_id = (known or _DOMAIN_NAMED.one(name=usernames.domain_of(typed)) or (None,))[0]
    return directory_pool(domain_id) if domain_id else passwords.pool()


@lru_cache(maxsize=256)
def directory_pool(_domain_id: int) -> passwords.HashPool:
    """The threads of one directory."""
    return passwords.HashPool(DIRECTORY_THREADS, DIRECTORY_QUEUE)


def prove(candidate: Candidate | None, typed: str, password: str) -> tuple[Candidate | None, Proof]:
    """Check a password; hashes or asks a directory exactly once, account or none.

    A directory that creates accounts may make the candidate that was not there.
    """
    if candidate is None:
        return _prove_unknown(typed, password)
    if candidate.domain is not None:
        return candidate, ask_directory(candidate.account, candidate.domain, password)
    fits = passwords.verify(password, candidate.account.password_hash)
    return candidate, Proof() if fits else WRONG


def ask_directory(account: Account, domain: Domain, password: str) -> Proof:
    """Have the directory of a domain check an account's password."""
    if not _may_be_sent(password):
        return WRONG
    try:
        identity = directory(domain).check(account.username, password)
    except ports.DirectoryRefused as refused:
        return Proof(_reason(refused))
    return _same_person(account, identity.guid)


def directory(domain: Domain) -> ports.Directory:
    """The directory of a domain; raises DirectoryRefused `unreachable` where there is none."""
    make = ports.directories.get(domain.directory)
    if make is None:  # as good as down: nobody gets in, and nothing else is harmed
        raise ports.DirectoryRefused("unreachable")
    return make(domain)


def _find(which: sa.ColumnElement[bool]) -> Candidate | None:
    query = (
        sa.select(Account, Region, Domain)
        .join(Region, col(Region.id) == col(Account.region_id))
        .outerjoin(Domain, col(Domain.id) == col(Account.domain_id))
        .where(which)
    )
    with reading() as db:
        row = db.execute(query).one_or_none()
    return Candidate(*row) if row else None


def _prove_unknown(typed: str, password: str) -> tuple[Candidate | None, Proof]:
    """Wrong, unless a directory knows somebody whom we may take in; costs what a known one does."""
    domain = _domain(usernames.domain_of(typed))
    if domain is None:
        passwords.verify(password, None)
        return None, WRONG
    if not _may_be_sent(password):
        return None, WRONG
    if domain.create_accounts and domain.region_id:
        return _take_in(domain, typed, password)
    # Not the name that was typed: the directory may know people whom we do not, and nobody
    # shall guess their passwords here, or lock them out.
    nobody = f"{secrets.new_id()}@{domain.name}"
    try:
        directory(domain).check(nobody, secrets.new_token())
    except ports.DirectoryRefused as refused:
        return None, Proof(_reason(refused))
    return None, WRONG


def _take_in(domain: Domain, typed: str, password: str) -> tuple[Candidate | None, Proof]:
    """Ask the directory, and make an account for whom it vouches for; a code must prove it too."""
    username = usernames.normalise(typed)
    try:
        identity = directory(domain).check(username, password)
    except ports.DirectoryRefused as refused:
        return None, Proof(_reason(refused))
    known = _find(
        sa.and_(col(Account.directory_guid) == identity.guid, col(Account.domain_id) == domain.id)
    )
    if known:  # the same person under a new address
        return known, Proof(guid=identity.guid)
    with writing() as db:
        _create(db, domain, username, identity)
    return find(username), Proof(guid=identity.guid)


def _create(db: Session, domain: Domain, username: str, identity: ports.Identity) -> None:
    region = db.get_one(Region, domain.region_id)
    account = Account(
        username=username,
        username_key=usernames.key(username),
        first_name=identity.first_name[:100] or username.partition("@")[0],
        last_name=identity.last_name[:100],
        mobile_phone=_mobile(identity.mobile, region.phone_country),
        state=AccountState.INVITED,
        region_id=region.id or 0,
        domain_id=domain.id,
        language=region.language,
    )
    # A try at the same moment may have made it.
    table: sa.Table = Account.__table__  # type: ignore[attr-defined]
    insert_unless_there(db.connection(), table, account.model_dump(exclude={"id"}))


def _may_be_sent(password: str) -> bool:
    """Whether a directory is asked at all; the same for everybody, so that it tells nothing.

    Servers take an empty password for no password, let anybody in with it, and may end a text
    at NUL.
    """
    return 0 < len(password) <= passwords.LONGEST and "\0" not in password


def _mobile(typed: str, country: str) -> str | None:
    try:
        return phones.normalise(typed, country)
    except phones.PhoneRefused:
        return None


def _same_person(account: Account, guid: str) -> Proof:
    # An address that was given to somebody else does not hand over the account behind it.
    if account.directory_guid in (None, guid):
        return Proof(guid=guid)
    logger.warning("account %s: its directory means somebody else by this name", account.id)
    return WRONG


def _reason(refused: ports.DirectoryRefused) -> str:
    return WRONG.reason if refused.reason == "wrong" else f"directory_{refused.reason}"


def _domain(name: str) -> Domain | None:
    with reading() as db:
        return db.exec(select(Domain).where(Domain.name == name)).one_or_none()
