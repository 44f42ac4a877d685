"""Signing in, step by step, as people and thieves do."""

from collections.abc import Callable

import pytest

from pacs_settings.core.accounts import history, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.sign_in import NextStep, SignedIn, SignInRefused
from pacs_settings.core.tables import Method
from tests import factories, seen
from tests.factories import AN, HERE, PASSWORD

CODE_SUBJECT = "Your one-time password"
WRONG = "not the password at all"
ELSEWHERE = Visit("203.0.113.66", "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Firefox/128.0")


def enter(username: str = AN, password: str = PASSWORD, visit: Visit = HERE) -> SignedIn:
    """Address and password, where they are enough."""
    done = sign_in.check_password(sign_in.begin(username), password, visit)
    assert isinstance(done, SignedIn)
    return done


def half(username: str = AN, password: str = PASSWORD, visit: Visit = HERE) -> str:
    """Address and password, where more is asked: the token of the sign-in."""
    step = sign_in.check_password(sign_in.begin(username), password, visit)
    assert isinstance(step, NextStep)
    return step.token


def answer(token: str, means: str, code: str, visit: Visit = HERE) -> SignedIn:
    """The second factor."""
    return sign_in.check_code(token, means, code, visit)


def refusal(work: Callable[[], object]) -> SignInRefused:
    """How a step is refused."""
    with pytest.raises(SignInRefused) as refused:
        work()
    return refused.value


def refused(username: str = AN, password: str = WRONG, visit: Visit = HERE) -> str:
    """With which code address and password are refused."""
    return refusal(lambda: sign_in.check_password(sign_in.begin(username), password, visit)).code


def wrong_codes(token: str, times: int, means: str = "authenticator") -> list[str]:
    """How so many codes are refused that cannot be right."""
    return [refusal(lambda: answer(token, means, "no code")).code for _ in range(times)]


def attempts(username: str = AN) -> list[tuple[str, str, str]]:
    """The login history, newest first: means, outcome, reason."""
    rows = history.latest(factories.own(factories.person(username)))
    return [(row.means, row.outcome, row.reason) for row in rows]


def uses(method: Method, username: str = AN) -> None:
    """Have an account ask for codes that are sent."""
    factories.change(username, second_factor=method)


def texted() -> str:
    """The code of the latest text message."""
    return seen.code_in(seen.post().texts[-1][1])


def mailed() -> str:
    """The code of the latest mail that brings one."""
    mails = [body for _to, subject, body in seen.post().mails if subject == CODE_SUBJECT]
    return seen.code_in(mails[-1])
