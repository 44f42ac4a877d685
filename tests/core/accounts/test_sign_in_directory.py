"""Signing in where a directory keeps the password."""

import asyncio
import threading
from collections.abc import Callable
from typing import get_args

import pytest

from pacs_settings.core import ports
from pacs_settings.core.accounts import history, passwords, sessions, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.sign_in import SignedIn, SignInRefused
from pacs_settings.core.tables import AccountState, Domain, Means, Outcome
from pacs_settings.locale import text
from tests import factories
from tests.factories import AN, HERE, JAN, LEA, PASSWORD
from tests.fakes import FakeDirectory

pytestmark = pytest.mark.usefixtures("database")
RIGHT = "of the hospital"
NOBODY = "nobody@uz-demo.example"
TOLD = [reason for reason in get_args(ports.Reason) if reason not in ("wrong", "locked")]
Plug = Callable[..., FakeDirectory]


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Plug:
    """Puts another directory behind the domain."""

    def put(password: str = RIGHT, **values: str) -> FakeDirectory:
        directory = FakeDirectory(password, **values)  # type: ignore[arg-type]
        monkeypatch.setitem(ports.directories, "demo", directory)
        return directory

    return put


def enter(username: str = LEA, password: str = RIGHT, visit: Visit = HERE) -> SignedIn:
    done = sign_in.check_password(sign_in.begin(username), password, visit)
    assert done is not None
    return done


def refusal(username: str = LEA, password: str = RIGHT, visit: Visit = HERE) -> str:
    with pytest.raises(SignInRefused) as refused:
        enter(username, password, visit)
    assert refused.value.step == "password"
    return refused.value.code


def latest(username: str = LEA) -> tuple[str, str, str]:
    row = history.latest(factories.own(factories.person(username)), 1)[0]
    return row.means, row.outcome, row.reason


@pytest.mark.parametrize("reason", TOLD)
def test_a_reason_is_told_and_kept_in_words(plug: Plug, reason: str) -> None:
    plug("", reason=reason)
    assert refusal() == f"directory_{reason}"
    assert latest() == (Means.DIRECTORY, Outcome.FAILURE, f"directory_{reason}")
    for language in ("en", "nl"):
        assert text(language, f"refused.directory_{reason}")
        assert text(language, f"history.reason.directory_{reason}")


def test_a_lock_is_told_to_a_browser_that_is_known_and_to_no_stranger(plug: Plug) -> None:
    plug()
    known = Visit(HERE.address, browser=enter().browser)
    plug("", reason="locked")
    assert refusal() == "wrong"
    assert latest() == (Means.DIRECTORY, Outcome.FAILURE, "directory_locked")
    assert refusal(visit=known) == "directory_locked"


def test_a_directory_that_is_down_harms_no_local_account(plug: Plug) -> None:
    plug("", reason="unreachable")
    assert refusal() == "directory_unreachable"
    assert enter(AN, PASSWORD)


@pytest.mark.asvs("6.3.4")
def test_a_directory_that_is_down_does_not_turn_to_a_local_password(plug: Plug) -> None:
    factories.change(LEA, password_hash=passwords.hash_password(PASSWORD))
    plug("", reason="unreachable")
    assert refusal(password=PASSWORD) == "directory_unreachable"


def test_a_silent_directory_holds_up_nobody_else(plug: Plug) -> None:
    free = threading.Event()

    async def sign_in_meanwhile() -> bool:
        slow = sign_in.pool(sign_in.begin(LEA))
        waiting = [asyncio.create_task(slow.run(free.wait, 60)) for _ in range(9)]
        await asyncio.sleep(0)  # all have taken their places, and one waits in line
        token = sign_in.begin(AN)
        quick = sign_in.pool(token).run(sign_in.check_password, token, PASSWORD, HERE)
        done = await asyncio.wait_for(quick, 30)
        free.set()
        await asyncio.gather(*waiting)
        return done is not None

    plug()
    assert asyncio.run(sign_in_meanwhile())


def test_each_directory_has_a_pool_and_nobody_shares_that_of_its_domain(plug: Plug) -> None:
    other = factories.store(Domain(name="other.example", directory="demo"))
    factories.account(username="ria@other.example", domain_id=other.id)
    of_lea = sign_in.pool(sign_in.begin(LEA))
    assert sign_in.pool(sign_in.begin(NOBODY)) is of_lea
    assert sign_in.pool(sign_in.begin("ria@other.example")) is not of_lea
    for token in (sign_in.begin(AN), sign_in.begin("nobody@demo.example"), "", "made up"):
        assert sign_in.pool(token) is passwords.pool()


# Who it is.


def test_the_first_success_keeps_who_it_is(plug: Plug) -> None:
    plug(guid="a")
    refusal(password="wrong")
    assert factories.person(LEA).directory_guid is None
    enter()
    assert factories.person(LEA).directory_guid == "a"
    assert enter()


@pytest.mark.asvs("6.8.1")
def test_somebody_else_by_the_same_name_is_refused(
    plug: Plug, caplog: pytest.LogCaptureFixture
) -> None:
    plug(guid="a")
    enter()
    plug("of the namesake", guid="b")
    assert refusal(password="of the namesake") == "wrong"
    assert latest() == (Means.DIRECTORY, Outcome.FAILURE, "wrong_password")
    assert "somebody else" in caplog.text
    assert LEA not in caplog.text
    assert factories.person(LEA).directory_guid == "a"
    plug(guid="a")
    assert enter()


def test_an_account_that_may_not_sign_in_learns_nobody(plug: Plug) -> None:
    factories.change(LEA, state=AccountState.DISABLED)
    plug(guid="a")
    assert refusal() == "disabled"
    assert factories.person(LEA).directory_guid is None


def test_who_became_somebody_meanwhile_is_asked_again(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = plug(guid="b")
    check = directory.check

    def slow(username: str, password: str) -> ports.Identity:
        factories.change(LEA, directory_guid="a")
        return check(username, password)

    monkeypatch.setattr(directory, "check", slow)
    assert refusal() == "wrong"
    assert factories.person(LEA).directory_guid == "a"


@pytest.mark.asvs("6.8.1")
def test_a_directory_speaks_for_the_people_of_its_domain_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even for somebody of the same name and identifier in another one."""
    domain = factories.store(Domain(name="other.example", directory="demo"))
    namesake = factories.account(username="lea.dubois@other.example", domain_id=domain.id)
    ours, theirs = FakeDirectory("ours", guid="a"), FakeDirectory("theirs", guid="a")
    behind = {"uz-demo.example": ours, domain.name: theirs}
    monkeypatch.setitem(ports.directories, "demo", lambda asked: behind[asked.name])
    assert refusal(LEA, "theirs") == "wrong"
    assert refusal(namesake.username, "ours") == "wrong"
    for username, password in ((LEA, "ours"), (namesake.username, "theirs")):
        facts = sessions.resolve(enter(username, password).session)
        assert facts is not None
        assert facts.account_id == factories.person(username).id
    assert set(ours.asked) == {LEA}
    assert set(theirs.asked) == {namesake.username}


@pytest.mark.asvs("6.8.4")
def test_what_a_directory_says_is_a_password_and_never_a_second_factor(plug: Plug) -> None:
    plug()
    factories.device(factories.person(LEA))
    token = sign_in.begin(LEA)
    assert sign_in.check_password(token, RIGHT, HERE) is None
    assert sign_in.pending(token).step == "code"


@pytest.mark.asvs("6.3.3", "6.8.4")
def test_a_region_may_demand_a_factor_of_accounts_of_a_domain_too(plug: Plug) -> None:
    plug()
    factories.change(LEA, region_id=factories.person(JAN).region_id)
    done = enter()
    assert done.must_enrol
    facts = sessions.resolve(done.session)
    assert facts is not None
    assert facts.must_enrol


def test_an_account_that_left_its_domain_has_a_local_password(plug: Plug) -> None:
    plug(guid="a")
    enter()
    hashed = passwords.hash_password(PASSWORD)
    factories.change(LEA, domain_id=None, password_hash=hashed)
    assert refusal() == "wrong"
    assert enter(password=PASSWORD)


def test_the_directory_is_asked_by_the_name_on_file(plug: Plug) -> None:
    directory = plug()
    enter("LEA.Dubois@UZ-Demo.example")
    assert directory.asked == [LEA]


# Who is not there.


@pytest.mark.parametrize("reason", ["wrong", "unreachable", "locked"])
def test_unknown_and_known_addresses_of_a_domain_are_alike(
    plug: Plug, hashes: list[str], reason: str
) -> None:
    directory = plug("", reason=reason)
    answers = {refusal(username, "a guess") for username in (LEA, NOBODY)}
    assert len(answers) == 1
    assert len(directory.asked) == 2
    assert hashes == []


def test_nobodys_password_can_be_guessed_here(plug: Plug) -> None:
    """The directory may know the person; neither name nor password is sent to it."""
    directory = plug()
    assert refusal(NOBODY) == "wrong"
    assert NOBODY not in directory.asked
    assert directory.asked[0].endswith("@uz-demo.example")


def test_a_directory_that_knows_everybody_opens_no_account_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Trusting(FakeDirectory):
        def check(self, username: str, password: str) -> ports.Identity:
            return ports.Identity("anybody")

    monkeypatch.setitem(ports.directories, "demo", Trusting())
    assert refusal(NOBODY) == "wrong"
