"""Signing in, step by step: address, password, and a code where the account has a second factor."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session, col, select

from pacs_settings.core import outbox, ports, secrets
from pacs_settings.core.accounts import (
    history,
    passwords,
    sessions,
    throttle,
    usernames,
)
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import totp
from pacs_settings.core.clock import now
from pacs_settings.core.db import reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import (
    Account,
    AccountState,
    Domain,
    KnownBrowser,
    Means,
    Outcome,
    PendingSignIn,
    Region,
)

PENDING_FOR = timedelta(minutes=10)
CODES_BEFORE_LOCK = 5
DIRECTORY_THREADS, DIRECTORY_QUEUE = 8, 16  # of each directory; they wait rather than work

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pending:
    """How far a sign-in has come, as its page shows it."""

    step: str  # "address", "password" or "code"
    typed: str = ""
    refusal: str = ""
    retry_seconds: int = 0


@dataclass(frozen=True)
class SignedIn:
    """A finished sign-in: the values of the two cookies to set."""

    session: str
    browser: str
    must_enrol: bool


@dataclass(frozen=True)
class _Proof:
    """Whether a password is right: no reason if it is, and who that is to a directory."""

    reason: str = ""
    guid: str | None = None


@dataclass(frozen=True)
class _Candidate:
    account: Account
    region: Region
    domain: Domain | None


def begin(typed: str) -> str:
    """Take an address and return the token of the sign-in; known or not makes no difference."""
    token = secrets.new_token()
    typed = typed.strip()[:254]
    try:
        usernames.normalise(typed)
        refusal = ""
    except usernames.UsernameRefused:
        refusal = "not_an_address"
    with writing() as db:
        db.execute(
            sa.delete(PendingSignIn).where(col(PendingSignIn.created_at) < now() - PENDING_FOR)
        )
        db.add(PendingSignIn(token_hash=secrets.fingerprint(token), typed=typed, refusal=refusal))
    if refusal:
        raise SignInRefused(refusal, "address", token)
    return token


def begin_again(account_id: int) -> str:
    """A sign-in for an account that is signed in still, past its address."""
    with reading() as db:
        username = db.get_one(Account, account_id).username
    return begin(username)


class SignInRefused(Refused):
    """A step was refused: which step to show, and the token of the sign-in it belongs to."""

    def __init__(self, code: str, step: str, token: str = "", seconds: int = 0) -> None:
        super().__init__(code, seconds=seconds)
        self.step = step
        self.token = token


def pending(token: str) -> Pending:
    """What to show for a sign-in under way."""
    with reading() as db:
        row = _row(db, token)
    if row is None:
        return Pending("address")
    step = "code" if row.proven_at else "address" if row.refusal == "not_an_address" else "password"
    return Pending(step, row.typed, row.refusal, row.retry_seconds)


def check_password(token: str, password: str, visit: Visit) -> SignedIn | None:
    """Check the password: a finished sign-in, or None where a code is asked next.

    Hashes or asks a directory exactly once, whether the account exists or not. Run it in
    `pool(token)`. Raises SignInRefused.
    """
    with reading() as db:
        row = _row(db, token)
    if row is None:
        raise SignInRefused("expired", "address")
    keys = _keys(row.typed, visit)
    try:
        with writing() as db:
            throttle.reserve(db, keys)
    except throttle.TooManyTries as wait:
        raise _refuse(token, "too_many_tries", "password", wait.retry_in) from None
    candidate = _find(row.typed)
    proof = _prove(candidate, row.typed, password)
    if candidate is None or proof.reason:
        _note_failure(candidate, visit, proof.reason)
        raise _refuse(token, _told(proof.reason, keys), "password")
    return _password_was_right(token, candidate, proof, keys, visit)


def pool(token: str) -> passwords.HashPool:
    """Where to check the password of a sign-in: every directory has threads of its own.

    A directory that is slow to answer thus keeps nobody waiting who is not in it.
    """
    with reading() as db:
        row = _row(db, token)
    if row is None:
        return passwords.pool()
    candidate = _find(row.typed)
    domain = candidate.domain if candidate else _domain(usernames.domain_of(row.typed))
    return _directory_pool(domain.id or 0) if domain else passwords.pool()


@lru_cache(maxsize=256)
def _directory_pool(_domain_id: int) -> passwords.HashPool:
    return passwords.HashPool(DIRECTORY_THREADS, DIRECTORY_QUEUE)


def check_code(token: str, code: str, visit: Visit) -> SignedIn:
    """Check the code of a sign-in whose password was right; raises SignInRefused."""
    with writing() as db:
        row = _row(db, token)
        if row is None or row.proven_at is None or row.account_id is None:
            raise SignInRefused("expired", "address")
        account = db.get_one(Account, row.account_id, with_for_update=True)
        candidate = _Candidate(account, db.get_one(Region, account.region_id), None)
        refusal = _state_refusal(account)
        if not refusal and totp.spend(db, row.account_id, code):
            return _finish(db, token, candidate, Means.AUTHENTICATOR, visit)
        if refusal:
            _record_failure(db, account, Means.AUTHENTICATOR, visit, refusal)
        else:
            refusal = _wrong_code(db, candidate, visit)
    raise _refuse(token, refusal, "code" if refusal == "wrong_code" else "password")


def _row(db: Session, token: str) -> PendingSignIn | None:
    row = db.get(PendingSignIn, secrets.fingerprint(token)) if token else None
    return row if row and row.created_at > now() - PENDING_FOR else None


def _refuse(token: str, code: str, step: str, seconds: int = 0) -> SignInRefused:
    with writing() as db:
        row = _row(db, token)
        if row:
            row.refusal, row.retry_seconds = code, seconds
            if step == "password":
                row.proven_at = None
            db.add(row)
    return SignInRefused(code, step, token, seconds)


def _keys(typed: str, visit: Visit) -> list[str]:
    name = secrets.fingerprint(usernames.key(typed))[:40]
    return [_account_key(name, visit), f"address:{visit.address}"]


def _account_key(name: str, visit: Visit) -> str:
    # A browser that has signed in to this account before counts apart from strangers,
    # so that a stranger's tries do not keep the owner out.
    if visit.browser:
        with reading() as db:
            mark = secrets.fingerprint(visit.browser)
            query = sa.select(col(Account.username_key)).join(KnownBrowser)
            for known in db.scalars(query.where(col(KnownBrowser.token_hash) == mark)):
                if secrets.fingerprint(known)[:40] == name:
                    return f"browser:{mark[:40]}:{name}"
    return f"account:{name}"


def _find(typed: str) -> _Candidate | None:
    query = (
        sa.select(Account, Region, Domain)
        .join(Region, col(Region.id) == col(Account.region_id))
        .outerjoin(Domain, col(Domain.id) == col(Account.domain_id))
        .where(col(Account.username_key) == usernames.key(typed))
    )
    with reading() as db:
        row = db.execute(query).one_or_none()
    return _Candidate(*row) if row else None


def _prove(candidate: _Candidate | None, typed: str, password: str) -> _Proof:
    if candidate is None:
        return _prove_nobody(usernames.domain_of(typed), password)
    if candidate.domain is not None:
        return _ask_directory(candidate.account, candidate.domain, password)
    fits = passwords.verify(password, candidate.account.password_hash)
    return _Proof("" if fits else "wrong_password")


def _prove_nobody(domain_name: str, password: str) -> _Proof:
    """Always wrong; costs and says what it would for an account of the same domain."""
    domain = _domain(domain_name)
    if domain is None:
        passwords.verify(password, None)
        return _Proof("wrong_password")
    # Not the name that was typed: the directory may know people whom we do not, and nobody
    # shall guess their passwords here, or lock them out.
    nobody = f"{secrets.new_id()}@{domain.name}"
    try:
        _directory(domain).check(nobody, secrets.new_token())
    except ports.DirectoryRefused as refused:
        return _Proof(_reason(refused))
    return _Proof("wrong_password")


def _ask_directory(account: Account, domain: Domain, password: str) -> _Proof:
    try:
        identity = _directory(domain).check(account.username, password)
    except ports.DirectoryRefused as refused:
        return _Proof(_reason(refused))
    return _same_person(account, identity.guid)


def _same_person(account: Account, guid: str) -> _Proof:
    # An address that was given to somebody else does not hand over the account behind it.
    if account.directory_guid in (None, guid):
        return _Proof(guid=guid)
    logger.warning("account %s: its directory means somebody else by this name", account.id)
    return _Proof("wrong_password")


def _reason(refused: ports.DirectoryRefused) -> str:
    return "wrong_password" if refused.reason == "wrong" else f"directory_{refused.reason}"


def _domain(name: str) -> Domain | None:
    with reading() as db:
        return db.exec(select(Domain).where(Domain.name == name)).one_or_none()


def _directory(domain: Domain) -> ports.Directory:
    make = ports.directories.get(domain.directory)
    if make is None:  # as good as down: nobody gets in, and nothing else is harmed
        raise ports.DirectoryRefused("unreachable")
    return make(domain)


def _told(reason: str, keys: list[str]) -> str:
    # Active Directory says `locked` whether the password is right or not. To a stranger that
    # would tell that the account exists and that locking it has worked, so it is told only to
    # a browser that has signed in to the account before; the login history has it anyway.
    if reason == "directory_locked" and not keys[0].startswith("browser:"):
        return "wrong"
    return "wrong" if reason == "wrong_password" else reason


def _means(candidate: _Candidate) -> Means:
    return Means.DIRECTORY if candidate.domain else Means.PASSWORD


def _note_failure(candidate: _Candidate | None, visit: Visit, reason: str) -> None:
    if candidate is None:
        return
    with writing() as db:
        _record_failure(db, candidate.account, _means(candidate), visit, reason)


def _record_failure(db: Session, account: Account, means: Means, visit: Visit, reason: str) -> None:
    history.record(db, account.id or 0, visit, means, Outcome.FAILURE, reason)


def _state_refusal(account: Account) -> str:
    """Why this account may not sign in although its password is right; empty if it may."""
    if account.state == AccountState.LOCKED:
        return "locked" if account.locked_until is None or account.locked_until > now() else ""
    return {
        AccountState.ACTIVE: "",
        AccountState.DISABLED: "disabled",
        AccountState.INVITED: "not_active",
    }[AccountState(account.state)]


def _password_was_right(
    token: str, candidate: _Candidate, proof: _Proof, keys: list[str], visit: Visit
) -> SignedIn | None:
    reason = _state_refusal(candidate.account)
    if reason:
        _note_failure(candidate, visit, reason)
        raise _refuse(token, reason, "password")
    with writing() as db:
        if not _still(db, candidate.account, proof):
            raise SignInRefused("wrong", "password", token)
        throttle.settle(db, keys)
        if totp.enrolled(db, candidate.account.id or 0):
            row = _row(db, token)
            if row is None:
                raise SignInRefused("expired", "address")
            row.account_id, row.proven_at, row.refusal = candidate.account.id, now(), ""
            db.add(row)
            return None
        return _finish(db, token, candidate, _means(candidate), visit)


def _still(db: Session, checked: Account, proof: _Proof) -> bool:
    """Whether what was proven holds still; a directory's answer is kept at the first success."""
    account = db.get_one(Account, checked.id, with_for_update=True)
    # Either may have changed while this try was being checked against the one before.
    if account.password_hash != checked.password_hash:
        return False
    if proof.guid and account.directory_guid is None:
        account.directory_guid = proof.guid
    return proof.guid in (None, account.directory_guid)


def _wrong_code(db: Session, candidate: _Candidate, visit: Visit) -> str:
    """Count a wrong code; returns the refusal, which is `locked` for the last one."""
    account = candidate.account
    account.wrong_codes += 1
    _record_failure(db, account, Means.AUTHENTICATOR, visit, "wrong_code")
    if account.wrong_codes < CODES_BEFORE_LOCK:
        db.add(account)
        return "wrong_code"
    account.wrong_codes = 0
    account.state = AccountState.LOCKED
    account.locked_until = now() + timedelta(seconds=candidate.region.lock_seconds)
    db.add(account)
    outbox.put_alert(db, account, "account_locked", visit)
    return "locked"


def _finish(db: Session, token: str, candidate: _Candidate, means: Means, visit: Visit) -> SignedIn:
    account = db.get_one(Account, candidate.account.id)
    account.wrong_codes = 0
    if account.state == AccountState.LOCKED:
        account.state, account.locked_until = AccountState.ACTIVE, None
    db.add(account)
    db.execute(
        sa.delete(PendingSignIn).where(col(PendingSignIn.token_hash) == secrets.fingerprint(token))
    )
    history.record(db, account.id or 0, visit, means, Outcome.SUCCESS)
    history.prune(db, account.id or 0)
    cookie = sessions.start(db, account, candidate.region, means, visit)
    browser = _know_browser(db, account, visit)
    must_enrol = candidate.region.strong_authentication and not totp.enrolled(db, account.id or 0)
    return SignedIn(cookie, browser.browser, must_enrol)


def _know_browser(db: Session, account: Account, visit: Visit) -> Visit:
    visit = visit if visit.browser else replace(visit, browser=secrets.new_token())
    mark = secrets.fingerprint(visit.browser)
    row = db.exec(
        select(KnownBrowser).where(
            KnownBrowser.token_hash == mark, KnownBrowser.account_id == account.id
        )
    ).one_or_none() or KnownBrowser(token_hash=mark, account_id=account.id or 0)
    row.used_at = now()
    db.add(row)
    return visit
