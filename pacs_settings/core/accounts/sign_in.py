"""Signing in, step by step: address, password, and a second factor where the account has one."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlmodel import Session, col, select

from pacs_settings.core import outbox, secrets
from pacs_settings.core.accounts import (
    candidates,
    history,
    known_browsers,
    passwords,
    remembered,
    send_limits,
    sessions,
    throttle,
    usernames,
)
from pacs_settings.core.accounts.addresses import network
from pacs_settings.core.accounts.candidates import Candidate, Proof
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.second_factor import allowed, proof
from pacs_settings.core.accounts.second_factor.factor import Attempt
from pacs_settings.core.accounts.second_factor.registry import FACTORS, accepted
from pacs_settings.core.clock import now
from pacs_settings.core.db import hold, holding, reading, sweep, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.tables import (
    Account,
    AccountState,
    Challenge,
    Means,
    Method,
    Outcome,
    PendingSignIn,
    Region,
)

PENDING_FOR = timedelta(minutes=10)
PROVEN_FOR = timedelta(minutes=30)  # past the password; the code's own validity is the region's
FAILURES_TOLD = 5
PURPOSE = "sign-in"


@dataclass(frozen=True)
class Pending:
    """How far a sign-in has come, as its page shows it; `method` once a second factor is asked.

    `code_seconds` are left of the code that was sent.
    """

    step: str  # "address", "password" or "code"
    typed: str = ""
    refusal: str = ""
    retry_seconds: int = 0
    method: str = ""
    code_seconds: int = 0


@dataclass(frozen=True)
class NextStep:
    """The password was right: the second factor asked for, and the sign-in's new token."""

    method: Method
    token: str


@dataclass(frozen=True)
class SignedIn:
    """A finished sign-in: the values of the two cookies to set."""

    session: str
    browser: str
    must_enrol: bool


class SignInRefused(Refused):
    """A step was refused: which step to show, and the token of the sign-in it belongs to."""

    def __init__(self, code: str, step: str, token: str = "", seconds: int = 0) -> None:
        super().__init__(code, seconds=seconds)
        self.step = step
        self.token = token


def begin(typed: str, came_from: str = "") -> str:
    """Take an e-mail address and return the token of the sign-in; known or not is all the same.

    Raises SignInRefused, and TooManyCodes for a flood from one network address, `came_from`.
    """
    token = secrets.new_token()
    typed = typed.strip()[:254]
    try:
        usernames.normalise(typed)
        refusal = ""
    except usernames.UsernameRefused:
        refusal = "not_an_address"
        typed = "".join(filter(str.isprintable, typed))  # not all of it can be stored
    with writing() as db:
        if came_from:
            send_limits.reserve_beginning(db, came_from)
        sweep(db, PendingSignIn, col(PendingSignIn.created_at) < now() - PENDING_FOR - PROVEN_FOR)
        db.add(PendingSignIn(token_hash=secrets.fingerprint(token), typed=typed, refusal=refusal))
    if refusal:
        raise SignInRefused(refusal, "address", token)
    return token


def begin_again(account_id: int) -> str:
    """A sign-in for an account that is signed in still, past its address."""
    with reading() as db:
        username = db.get_one(Account, account_id).username
    return begin(username)


def pending(token: str) -> Pending:
    """What to show for a sign-in under way."""
    with reading() as db:
        row = _row(db, token)
        code = db.get(Challenge, (PURPOSE, row.token_hash)) if row and row.proven_at else None
    if row is None:
        return Pending("address")
    left = max(0, int((code.expires_at - now()).total_seconds())) if code else 0
    step = "code" if row.proven_at else "address" if row.refusal == "not_an_address" else "password"
    method = str(row.method) if row.proven_at else ""
    return Pending(step, row.typed, row.refusal, row.retry_seconds, method, left)


def pool(token: str) -> passwords.HashPool:
    """Where to check the password of a sign-in."""
    with reading() as db:
        row = _row(db, token)
    return candidates.pool(row.typed) if row else passwords.pool()


def check_password(token: str, password: str, visit: Visit) -> SignedIn | NextStep:
    """Check the password: a finished sign-in, or the second factor that is asked next.

    Run it in `pool(token)`. Raises SignInRefused.
    """
    with reading() as db:
        row = _row(db, token)
    if row is None:
        raise SignInRefused("expired", "address")
    if row.refusal == "not_an_address":
        raise SignInRefused(row.refusal, "address", token)
    keys = _keys(row.typed, visit)
    try:
        with writing() as db:
            throttle.reserve(db, keys)
    except throttle.TooManyTries as wait:
        raise _refuse(token, "too_many_tries", "password", wait.retry_in) from None
    candidate, given = candidates.prove(candidates.find(row.typed), row.typed, password)
    if candidate is None or given.reason:
        _note_failure(candidate, visit, given.reason)
        raise _refuse(token, _told(given.reason, keys), "password")
    return _password_was_right(token, candidate, given, keys, visit)


def check_code(
    token: str, means: str, answer: str, visit: Visit, *, remember: bool = False
) -> SignedIn:
    """Check the answer to the second factor that was asked for, or a recovery code.

    Raises SignInRefused.
    """
    with writing() as db:
        row, attempt = _asked(db, token, visit)
        factor = accepted(attempt.account, means, row.method)
        if factor is None:
            raise SignInRefused("expired", "address")
        refusal = _state_refusal(attempt.account)
        if refusal:
            history.record(db, attempt.account_id, visit, factor.means, Outcome.FAILURE, refusal)
        refusal = refusal or proof.check(db, attempt, factor, answer)
        if not refusal:
            candidate = Candidate(attempt.account, attempt.region)
            attempt.account.directory_guid = row.directory_guid or attempt.account.directory_guid
            return _finish(db, row, candidate, factor.means, visit, remember=remember)
    raise _refuse(token, refusal, "code" if refusal == "wrong_code" else "password")


def send_again(token: str, visit: Visit) -> Method:
    """Send another code; the former one is worth nothing from now on. Raises SignInRefused."""
    try:
        with writing() as db:
            row, attempt = _asked(db, token, visit)
            _begin(db, row, attempt)
            row.refusal = ""
            db.add(row)
    except SignInRefused:
        raise
    except Refused as refused:
        raise _refuse(token, refused.code, "code") from None
    return Method(row.method)


def challenge(token: str, visit: Visit) -> dict[str, object]:
    """What the browser needs to answer with a passkey; raises SignInRefused."""
    with writing() as db:
        row, attempt = _asked(db, token, visit)
        if row.method != Method.PASSKEY:
            raise SignInRefused("expired", "address")
        return _begin(db, row, attempt)


def _begin(db: Session, row: PendingSignIn, attempt: Attempt) -> dict[str, object]:
    """Ask for the second factor, unless the account may not sign in any more."""
    refusal = _state_refusal(attempt.account)
    if refusal:
        raise SignInRefused(refusal, "password")
    return FACTORS[Means(row.method)].begin(db, attempt)


def _asked(db: Session, token: str, visit: Visit) -> tuple[PendingSignIn, Attempt]:
    row = _row(db, token)
    if row is None or row.proven_at is None or row.account_id is None:
        raise SignInRefused("expired", "address")
    account = hold(db, Account, row.account_id)
    row = _row(db, token, alone=True)  # it may have ended while we waited
    if row is None or row.proven_at is None:
        raise SignInRefused("expired", "address")
    if row.directory_guid and account.directory_guid not in (None, row.directory_guid):
        raise SignInRefused("expired", "address")  # its directory named somebody else meanwhile
    region = db.get_one(Region, account.region_id)
    return row, Attempt(account, region, PURPOSE, row.token_hash, visit)


def _row(db: Session, token: str, *, alone: bool = False) -> PendingSignIn | None:
    """The sign-in of a token while it is valid; `alone` holds it until the transaction ends."""
    query = select(PendingSignIn).where(PendingSignIn.token_hash == secrets.fingerprint(token))
    row = db.exec(holding(query) if alone else query).one_or_none() if token else None
    if row is None:
        return None
    until = row.proven_at + PROVEN_FOR if row.proven_at else row.created_at + PENDING_FOR
    return row if until > now() else None


def _refuse(token: str, code: str, step: str, seconds: int = 0) -> SignInRefused:
    with writing() as db:
        row = _row(db, token, alone=True)
        if row:
            row.refusal, row.retry_seconds = code, seconds
            if step == "password":
                row.proven_at = None
            db.add(row)
    return SignInRefused(code, step, token, seconds)


def _keys(typed: str, visit: Visit) -> list[str]:
    """What a try counts against.

    A browser that has signed in to this account before counts by itself alone, so that a
    stranger's tries do not keep the owner out, also not one behind the same address.
    """
    key = usernames.key(typed)
    name = secrets.fingerprint(key)[:40]
    if known_browsers.knows(key, visit):
        return [f"browser:{secrets.fingerprint(visit.browser)[:40]}:{name}"]
    return [f"account:{name}", f"address:{network(visit.address)}"]


def _told(reason: str, keys: list[str]) -> str:
    # Active Directory says `locked` whether the password is right or not. To a stranger that
    # would tell that the account exists and that locking it has worked, so it is told only to
    # a browser that has signed in to the account before; the login history has it anyway.
    if reason == "directory_locked" and not keys[0].startswith("browser:"):
        return "wrong"
    return "wrong" if reason == "wrong_password" else reason


def _note_failure(candidate: Candidate | None, visit: Visit, reason: str) -> None:
    """Record it; the owner is mailed once after the fifth failure in a row."""
    if candidate is None:
        return
    with writing() as db:
        account = hold(db, Account, candidate.account_id)
        means, outcome = candidate.means, Outcome.FAILURE
        history.record(db, candidate.account_id, visit, means, outcome, reason)
        db.flush()
        if history.failures_since_success(db, candidate.account_id) == FAILURES_TOLD:
            outbox.put_alert(db, account, "failures", visit)


def _state_refusal(account: Account) -> str:
    """Why this account may not sign in although its password is right; empty if it may."""
    if account.state == AccountState.LOCKED:
        return "locked" if account.locked_until is None or account.locked_until > now() else ""
    if account.state == AccountState.INVITED and account.domain_id:
        return ""  # its directory knows the password; a code makes it active
    return {
        AccountState.ACTIVE: "",
        AccountState.DISABLED: "disabled",
        AccountState.INVITED: "not_active",
    }[AccountState(account.state)]


def _password_was_right(
    token: str, candidate: Candidate, given: Proof, keys: list[str], visit: Visit
) -> SignedIn | NextStep:
    with writing() as db:
        account = hold(db, Account, candidate.account_id)
        row = _row(db, token, alone=True)
        if row is None:
            raise SignInRefused("expired", "address")
        reason = _why_not(account, candidate.account, given)
        if not reason:
            candidate = replace(candidate, account=account)
            throttle.settle(db, keys)
            method = _method(db, candidate, visit)
            if method == Method.NONE:
                return _finish(db, row, candidate, candidate.means, visit)
            step = _ask_next(db, row, candidate, method, given)
    if reason:
        _note_failure(candidate, visit, reason)
        raise _refuse(token, _told(reason, keys), "password")
    _begin_factor(step, visit)
    return step


def _method(db: Session, candidate: Candidate, visit: Visit) -> Method:
    """The second factor to ask for, `none` where the password is enough."""
    account = candidate.account
    # The first time, a directory's word is not enough: a second factor must be at hand too, if
    # need be the mobile on file. Nor is that of a browser, which remembers whoever was here before.
    first = candidate.domain is not None and account.directory_guid is None
    if account.second_factor != Method.NONE:
        known = not first and remembered.knows(db, candidate.account_id, visit)
        return Method.NONE if known else Method(account.second_factor)
    if first:
        return Method.SMS if account.mobile_phone else Method.EMAIL
    return Method.NONE


def _ask_next(
    db: Session, row: PendingSignIn, candidate: Candidate, method: Method, given: Proof
) -> NextStep:
    # A token of its own: whoever knew the former one has not typed the password.
    token = secrets.new_token()
    row.token_hash = secrets.fingerprint(token)
    row.account_id, row.proven_at, row.refusal = candidate.account_id, now(), ""
    row.method, row.directory_guid = method, given.guid
    db.add(row)
    return NextStep(method, token)


def _begin_factor(step: NextStep, visit: Visit) -> None:
    if step.method in (Method.EMAIL, Method.SMS):
        send_again(step.token, visit)


def _why_not(account: Account, checked: Account, given: Proof) -> str:
    """Why a right password opens nothing: much may have changed while it was checked."""
    if account.password_hash != checked.password_hash:
        return candidates.WRONG.reason
    if given.guid and account.directory_guid not in (None, given.guid):
        return candidates.WRONG.reason
    return _state_refusal(account)


def _finish(
    db: Session,
    row: PendingSignIn,
    candidate: Candidate,
    means: Means,
    visit: Visit,
    *,
    remember: bool = False,
) -> SignedIn:
    account = db.get_one(Account, candidate.account_id)
    if account.state in (AccountState.LOCKED, AccountState.INVITED):
        account.state, account.locked_until = AccountState.ACTIVE, None
    db.add(account)
    db.delete(row)
    history.record(db, candidate.account_id, visit, means, Outcome.SUCCESS)
    history.prune(db, candidate.account_id)
    cookie = sessions.start(db, account, candidate.region, means, visit)
    visit = known_browsers.note(db, account, visit)
    if remember:
        remembered.remember(db, candidate.account_id, visit)
    return SignedIn(cookie, visit.browser, _must_enrol(account, candidate.region))


def _must_enrol(account: Account, region: Region) -> bool:
    return not allowed.enough(
        account.second_factor,
        region.strong_authentication,
        region.email_when_mandatory,
        region.second_factors,
    )
