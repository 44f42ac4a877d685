"""Signing in where a directory keeps the password."""

import asyncio
import threading
from collections.abc import Callable
from typing import get_args

import pytest

from pacs_settings.core import ports
from pacs_settings.core.accounts import history, passwords, sessions, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.sign_in import SignedIn
from pacs_settings.core.tables import AccountState, Domain, Means, Method, OutboxMessage, Outcome
from pacs_settings.locale import text
from tests import factories, seen
from tests.core.accounts import entering
from tests.core.accounts.entering import answer, attempts, half, mailed, texted, uses
from tests.core.conftest import Clock
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
        known = {"guid": factories.person(LEA).directory_guid or "a person"}
        directory = FakeDirectory(password, **(known | values))  # type: ignore[arg-type]
        monkeypatch.setitem(ports.directories, "demo", directory)
        return directory

    return put


def enter(username: str = LEA, password: str = RIGHT, visit: Visit = HERE) -> SignedIn:
    return entering.enter(username, password, visit)


def refusal(username: str = LEA, password: str = RIGHT, visit: Visit = HERE) -> str:
    token = sign_in.begin(username)
    refused = entering.refusal(lambda: sign_in.check_password(token, password, visit))
    assert refused.step == "password"
    return refused.code


def first_time(password: str = RIGHT) -> str:
    """A sign-in of somebody whom the directory has not named before: its token."""
    factories.change(LEA, directory_guid=None)
    return half(LEA, password)


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


def test_a_directory_checks_the_passwords_of_its_domain(plug: Plug, hashes: list[str]) -> None:
    directory = plug()
    assert refusal(password=PASSWORD) == "wrong"
    facts = sessions.resolve(enter().session)
    assert facts is not None
    assert facts.domain == "uz-demo.example"
    assert directory.asked == [LEA, LEA]
    assert hashes == []
    assert attempts(LEA) == [
        (Means.DIRECTORY, Outcome.SUCCESS, ""),
        (Means.DIRECTORY, Outcome.FAILURE, "wrong_password"),
    ]


@pytest.mark.asvs("6.3.4")
def test_a_local_password_never_opens_an_account_of_a_domain(plug: Plug) -> None:
    plug()
    factories.change(LEA, password_hash=passwords.hash_password("a local password"))
    assert refusal(password="a local password") == "wrong"


def test_the_fifth_refusal_of_a_directory_is_told_its_owner(plug: Plug) -> None:
    plug("", reason="expired")
    for _ in range(6):
        refusal()
    assert [row.template for row in factories.rows(OutboxMessage)] == ["failures"]


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


def test_the_first_time_a_text_message_must_prove_it_too(plug: Plug) -> None:
    plug(guid="a")
    refused_first = refusal(password="wrong")
    token = first_time()
    assert refused_first == "wrong"
    assert sign_in.pending(token).method == Method.SMS
    [(to, message)] = seen.post().texts
    assert to == factories.person(LEA).mobile_phone
    assert factories.person(LEA).directory_guid is None
    assert entering.wrong_codes(token, 1, "sms") == ["wrong_code"]
    assert factories.person(LEA).directory_guid is None
    done = answer(token, "sms", seen.code_in(message))
    assert sessions.resolve(done.session)
    assert factories.person(LEA).directory_guid == "a"
    assert enter()


def test_without_a_mobile_phone_it_is_a_mail(plug: Plug) -> None:
    plug(guid="a")
    factories.change(LEA, mobile_phone=None)
    token = first_time()
    assert sign_in.pending(token).method == Method.EMAIL
    assert answer(token, "email", mailed())
    assert factories.person(LEA).directory_guid == "a"


def test_the_first_time_a_stronger_factor_is_asked_where_there_is_one(
    plug: Plug, moved: Clock
) -> None:
    plug(guid="a")
    _, secret = factories.device(factories.person(LEA))
    moved.start_of_step()
    token = first_time()
    assert sign_in.pending(token).method == Method.AUTHENTICATOR
    answer(token, "authenticator", factories.code(secret))
    assert factories.person(LEA).directory_guid == "a"


def test_the_first_time_no_recovery_code_is_enough(plug: Plug) -> None:
    plug(guid="a")
    token = first_time()
    assert entering.refusal(lambda: answer(token, "recovery", "anything")).code == "expired"
    assert factories.person(LEA).wrong_codes == 0


def test_the_first_time_no_browser_is_remembered(plug: Plug) -> None:
    plug()
    uses(Method.EMAIL, LEA)
    done = sign_in.check_code(half(LEA, RIGHT), "email", mailed(), HERE, remember=True)
    kept = Visit(HERE.address, HERE.user_agent, done.browser)
    assert enter(visit=kept)
    factories.change(LEA, directory_guid=None)  # whoever has the address now is somebody else
    assert half(LEA, RIGHT, kept)


def test_an_invited_account_becomes_active_by_its_first_code(plug: Plug) -> None:
    plug(guid="a")
    factories.change(LEA, state=AccountState.INVITED)
    token = first_time()
    assert factories.person(LEA).state == AccountState.INVITED
    answer(token, "sms", texted())
    assert factories.person(LEA).state == AccountState.ACTIVE


def test_who_is_taken_in_signs_in_with_a_code_the_first_time(plug: Plug) -> None:
    [domain] = factories.rows(Domain)
    domain.create_accounts, domain.region_id = True, factories.person(LEA).region_id
    factories.store(domain)
    plug(guid="new")
    token = half(NOBODY, RIGHT)
    assert answer(token, "email", mailed())
    made = factories.person(NOBODY)
    assert (made.state, made.directory_guid) == (AccountState.ACTIVE, "new")
    assert enter(NOBODY)


@pytest.mark.asvs("6.8.1")
def test_somebody_else_by_the_same_name_is_refused(
    plug: Plug, caplog: pytest.LogCaptureFixture
) -> None:
    plug(guid="of a namesake")
    assert refusal() == "wrong"
    assert latest() == (Means.DIRECTORY, Outcome.FAILURE, "wrong_password")
    assert "somebody else" in caplog.text
    assert LEA not in caplog.text
    plug()
    assert enter()


def test_an_account_that_may_not_sign_in_learns_nobody(plug: Plug) -> None:
    factories.change(LEA, state=AccountState.DISABLED, directory_guid=None)
    plug(guid="a")
    assert refusal() == "disabled"
    assert factories.person(LEA).directory_guid is None


def test_who_became_somebody_meanwhile_is_asked_again(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.change(LEA, directory_guid=None)
    directory = plug(guid="b")
    check = directory.check

    def slow(username: str, password: str) -> ports.Identity:
        factories.change(LEA, directory_guid="a")
        return check(username, password)

    monkeypatch.setattr(directory, "check", slow)
    assert refusal() == "wrong"
    assert factories.person(LEA).directory_guid == "a"


def test_who_became_somebody_between_the_steps_begins_again(plug: Plug) -> None:
    plug(guid="b")
    token = first_time()
    code = texted()
    factories.change(LEA, directory_guid="a")
    assert entering.refusal(lambda: answer(token, "sms", code)).code == "expired"
    assert entering.refusal(lambda: sign_in.send_again(token, HERE)).code == "expired"
    assert factories.person(LEA).directory_guid == "a"


@pytest.mark.asvs("6.8.1")
def test_a_directory_speaks_for_the_people_of_its_domain_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even for somebody of the same name and identifier in another one."""
    guid = factories.person(LEA).directory_guid or ""
    domain = factories.store(Domain(name="other.example", directory="demo"))
    namesake = factories.account(
        username="lea.dubois@other.example", domain_id=domain.id, directory_guid=guid
    )
    ours, theirs = FakeDirectory("ours", guid=guid), FakeDirectory("theirs", guid=guid)
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
    assert sign_in.pending(half(LEA, RIGHT)).step == "code"


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
    plug()
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
