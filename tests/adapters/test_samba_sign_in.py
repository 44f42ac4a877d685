"""Signing in, by all steps of core, where a real Active Directory keeps the password."""

import asyncio
import re
import threading
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.core import db, delivery, ports, secrets
from pacs_settings.core.accounts import history, passwords, remembered, sign_in
from pacs_settings.core.accounts.history import Visit
from pacs_settings.core.accounts.sign_in import NextStep, SignedIn, SignInRefused
from pacs_settings.core.tables import Account, AccountState, Domain, Means, Method
from pacs_settings.locale import text
from tests import factories
from tests.adapters import faults, people
from tests.adapters.clinic import Clinic
from tests.adapters.faults import Behaviour, Faulty
from tests.adapters.people import PASSWORD
from tests.conftest import free_port
from tests.factories import AN, HERE
from tests.fakes import FakeMailer, FakeTexter

pytestmark = pytest.mark.usefixtures("database")
MOBILE = "+32470000001"
ELSEWHERE = Visit("198.51.100.7", "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Firefox/128.0")
_serial = count(1)


class Hospital:
    """The clinic as the portal knows it."""

    def __init__(self, clinic: Clinic) -> None:
        self.admin = clinic.admin
        sealed = secrets.seal("directory", PASSWORD)
        self._facts = clinic.domain(bind_as="service@clinic.test", sealed_bind_password=sealed)
        self.domain = factories.store(Domain(**self._facts.model_dump()))

    def change(self, **values: Any) -> None:
        """Change the row of the domain."""
        self.domain = factories.store(self.domain.sqlmodel_update(values))

    def also_for(self, name: str) -> Domain:
        """The same directory for the addresses of another domain."""
        return factories.store(Domain(**(self._facts.model_dump() | {"name": name})))

    def takes_in(self, **region: Any) -> None:
        """From now on whoever is in the directory gets an account."""
        self.change(create_accounts=True, region_id=factories.region(**region).id)

    def newcomer(self, **attributes: Any) -> str:
        """The account name of somebody new in the directory."""
        name = f"newcomer{next(_serial)}"
        self.admin.add(name, **attributes)
        return name

    def invited(self, username: str, **values: Any) -> Account:
        """An account that nobody has signed in to yet."""
        facts = {"state": AccountState.INVITED, "mobile_phone": MOBILE} | values
        return factories.account(
            username=username, domain_id=self.domain.id, password_hash=None, **facts
        )


@pytest.fixture
def hospital(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Hospital:
    monkeypatch.setitem(ports.directories, "ldap", LdapDirectory)
    return Hospital(clinic)


@pytest.fixture
def by_mail() -> FakeMailer:
    return FakeMailer()


@pytest.fixture
def by_text() -> FakeTexter:
    return FakeTexter()


@pytest.fixture
def last_code(by_mail: FakeMailer, by_text: FakeTexter) -> Callable[[], tuple[str, str]]:
    """The code sent last, and where to."""

    def look() -> tuple[str, str]:
        delivery.send_due(by_mail, by_text)
        told = [(to, body) for _, to, _, body in by_mail.sent] + by_text.sent
        to, body = told[-1]
        found = re.search(r"\b\d{6}\b", body)
        assert found
        return to, found[0]

    return look


Codes = Callable[[], tuple[str, str]]


def give(username: str, password: str = PASSWORD, visit: Visit = HERE) -> SignedIn | NextStep:
    return sign_in.check_password(sign_in.begin(username), password, visit)


def enter(username: str, codes: Codes, visit: Visit = HERE) -> SignedIn:
    """A first sign-in, with its code."""
    step = give(username, visit=visit)
    assert isinstance(step, NextStep)
    return sign_in.check_code(step.token, step.method, codes()[1], visit)


def refusal(username: str, password: str = PASSWORD, visit: Visit = HERE) -> str:
    with pytest.raises(SignInRefused) as refused:
        give(username, password, visit)
    return refused.value.code


def accounts() -> int:
    return len(factories.rows(Account))


# The first time, and after it.


def test_the_first_time_takes_a_text_message_and_later_the_password_is_enough(
    hospital: Hospital, last_code: Codes
) -> None:
    name = hospital.newcomer()
    username = hospital.invited(f"{name}@clinic.test").username
    step = give(username)
    assert isinstance(step, NextStep)
    assert step.method == Method.SMS
    assert factories.person(username).directory_guid is None
    to, code = last_code()
    assert to == MOBILE
    with pytest.raises(SignInRefused) as refused:
        sign_in.check_code(step.token, Means.SMS, "000000" if code != "000000" else "1", HERE)
    assert refused.value.code == "wrong_code"
    assert factories.person(username).directory_guid is None
    assert sign_in.check_code(step.token, Means.SMS, code, HERE).session
    known = factories.person(username)
    assert (known.state, known.directory_guid) == (AccountState.ACTIVE, hospital.admin.guid(name))
    assert isinstance(give(username, visit=ELSEWHERE), SignedIn)


def test_without_a_mobile_the_code_comes_by_mail(hospital: Hospital, last_code: Codes) -> None:
    username = hospital.invited(f"{hospital.newcomer()}@clinic.test", mobile_phone=None).username
    step = give(username)
    assert isinstance(step, NextStep)
    assert step.method == Method.EMAIL
    to, code = last_code()
    assert to == username
    assert sign_in.check_code(step.token, Means.EMAIL, code, HERE).session


def test_a_browser_that_is_remembered_does_not_do_for_the_first_time(
    hospital: Hospital, last_code: Codes
) -> None:
    """Whoever was known by this address before may have left the browser behind."""
    account = hospital.invited(
        f"{hospital.newcomer()}@clinic.test", second_factor=Method.SMS, state=AccountState.ACTIVE
    )
    username = account.username
    visit = Visit(HERE.address, HERE.user_agent, enter(username, last_code).browser)
    with db.writing() as session:
        remembered.remember(session, factories.own(account), visit)
    assert isinstance(give(username, visit=visit), SignedIn)
    factories.change(username, directory_guid=None)
    assert isinstance(give(username, visit=visit), NextStep)
    assert factories.person(username).directory_guid is None


def test_an_address_that_was_given_to_somebody_else(hospital: Hospital, last_code: Codes) -> None:
    name = hospital.newcomer()
    username = hospital.invited(f"{name}@clinic.test").username
    enter(username, last_code)
    hospital.admin.remove(name)
    hospital.admin.add(name)
    assert refusal(username) == "wrong"


@pytest.mark.parametrize("typed", ["{}@clinic.test", "{}-sam@clinic.test", "{}.mail@hospital.test"])
def test_each_of_the_names_that_a_directory_knows(
    hospital: Hospital, last_code: Codes, typed: str
) -> None:
    name = hospital.newcomer()
    username = hospital.invited(typed.format(name)).username
    enter(username.upper(), last_code)
    assert factories.person(username).directory_guid == hospital.admin.guid(name)


# Accounts made at the first sign-in.


def test_who_is_in_the_directory_gets_an_account(hospital: Hospital, last_code: Codes) -> None:
    hospital.takes_in(language="nl")
    name = hospital.newcomer(givenName="Zoë", sn="Van  den Berg", mobile="0470 99 88 77")
    username = f"{name}@clinic.test"
    step = give(username)
    made = factories.person(username)
    assert (made.first_name, made.last_name) == ("Zoë", "Van den Berg")
    assert (made.mobile_phone, made.language) == ("+32470998877", "nl")
    assert (made.state, made.domain_id) == (AccountState.INVITED, hospital.domain.id)
    assert made.directory_guid is None
    assert isinstance(step, NextStep)
    to, code = last_code()
    assert to == "+32470998877"
    assert sign_in.check_code(step.token, Means.SMS, code, HERE).session
    made = factories.person(username)
    assert (made.state, made.directory_guid) == (AccountState.ACTIVE, hospital.admin.guid(name))


@pytest.mark.parametrize("mobile", [[], "no number"])
def test_a_mobile_that_is_none_is_not_taken_over(hospital: Hospital, mobile: Any) -> None:
    hospital.takes_in()
    username = f"{hospital.newcomer(mobile=mobile, givenName=[])}@clinic.test"
    step = give(username)
    assert isinstance(step, NextStep)
    assert step.method == Method.EMAIL
    made = factories.person(username)
    assert made.mobile_phone is None
    assert made.first_name == username.partition("@")[0]


def test_nobody_gets_an_account_with_a_wrong_password(hospital: Hospital) -> None:
    hospital.takes_in()
    before = accounts()
    for username, password in (
        (f"{hospital.newcomer()}@clinic.test", "wrong"),
        ("nobody-at-all@clinic.test", PASSWORD),
        ("disabled@clinic.test", "wrong"),
        (f"{hospital.newcomer()}@clinic.test", ""),
    ):
        assert refusal(username, password) == "wrong"
    assert refusal("disabled@clinic.test") == "directory_disabled"
    assert accounts() == before


def test_two_tries_at_once_make_one_account(hospital: Hospital) -> None:
    hospital.takes_in()
    username = f"{hospital.newcomer()}@clinic.test"
    before = accounts()
    factories.together(*[lambda: give(username)] * 3)
    assert accounts() == before + 1


@pytest.mark.parametrize("allowed", [{}, {"create_accounts": True}, {"region_id": 1}])
def test_elsewhere_an_invitation_is_needed_and_nothing_tells_so(
    hospital: Hospital, allowed: dict[str, Any]
) -> None:
    hospital.change(**allowed)
    before = accounts()
    known = hospital.invited(f"{hospital.newcomer()}@clinic.test").username
    uninvited = f"{hospital.newcomer()}@clinic.test"
    assert refusal(uninvited) == refusal(known, "wrong") == "wrong"
    assert accounts() == before + 1


def test_a_person_is_the_same_under_a_new_address(hospital: Hospital, last_code: Codes) -> None:
    hospital.takes_in()
    old = hospital.newcomer()
    enter(f"{old}@clinic.test", last_code)
    known = factories.person(f"{old}@clinic.test")
    hospital.admin.rename(old, f"{old}.married")
    before = accounts()
    assert isinstance(give(f"{old}.married@clinic.test", visit=ELSEWHERE), SignedIn)
    assert accounts() == before
    [attempt] = [row for row in _successes(known) if row.address == ELSEWHERE.address]
    assert attempt.means == Means.DIRECTORY


def _successes(of: Account) -> list[Any]:
    return [row for row in history.latest(factories.own(of), 10) if row.outcome == "success"]


def test_the_same_person_of_another_domain_is_another_account(
    hospital: Hospital, last_code: Codes
) -> None:
    """A directory vouches for its own domain; what it says of people is no proof elsewhere."""
    hospital.takes_in()
    name = hospital.newcomer()
    enter(f"{name}@clinic.test", last_code)
    other = hospital.also_for("hospital.test")
    factories.store(
        other.sqlmodel_update({"create_accounts": True, "region_id": hospital.domain.region_id})
    )
    assert isinstance(give(f"{name}.mail@hospital.test"), NextStep)


# Why not.


@pytest.mark.parametrize("told", [told for told in people.OF_A_REASON if told != "locked"])
def test_each_reason_comes_in_words_and_takes_the_right_password(
    hospital: Hospital, told: str
) -> None:
    username = hospital.invited(f"{told}@clinic.test").username
    assert refusal(username, "wrong") == "wrong"
    assert refusal(username) == f"directory_{told}"
    for language in ("en", "nl"):
        assert text(language, f"refused.directory_{told}")


def test_a_lock_is_told_to_a_known_browser_only(hospital: Hospital, last_code: Codes) -> None:
    name = hospital.newcomer()
    hospital.admin.apply(name, LockoutThreshold=3)
    username = hospital.invited(f"{name}@clinic.test").username
    known = Visit(HERE.address, HERE.user_agent, enter(username, last_code).browser)
    assert {refusal(username, "wrong", ELSEWHERE) for _ in range(3)} == {"wrong"}
    assert refusal(username, PASSWORD, ELSEWHERE) == "wrong"
    assert refusal(username, "wrong", known) == "directory_locked"
    assert refusal(username, PASSWORD, known) == "directory_locked"
    stranger = Visit(HERE.address, browser=secrets.new_token())
    assert refusal(username, PASSWORD, stranger) == "wrong"


@pytest.mark.parametrize(
    "typed",
    [
        "*@clinic.test",
        "right@clinic.test)(mail=*",
        "*)(objectclass=*@clinic.test",
        "right\\2a@clinic.test",
        "righ\\74@clinic.test",
        "|(mail=*)@clinic.test",
        "righ*@clinic.test",
        "right%00@clinic.test",
        "right=*@clinic.test",
        "right@clinic.test\0",
    ],
)
def test_a_typed_address_is_no_filter(hospital: Hospital, typed: str) -> None:
    hospital.takes_in()
    before = accounts()
    with pytest.raises(SignInRefused) as refused:
        give(typed)
    assert refused.value.code in ("wrong", "not_an_address")
    assert accounts() == before


@pytest.mark.parametrize("password", ["", "\0", "\u00ad"])
def test_an_empty_password_is_wrong(hospital: Hospital, last_code: Codes, password: str) -> None:
    username = hospital.invited(f"{hospital.newcomer()}@clinic.test").username
    enter(username, last_code)
    assert refusal(username, password) == "wrong"
    assert refusal(AN, password) == "wrong"


# A directory that is down.


def test_a_directory_that_is_down_says_so_and_harms_no_local_account(
    hospital: Hospital, last_code: Codes
) -> None:
    username = hospital.invited(f"{hospital.newcomer()}@clinic.test").username
    enter(username, last_code)
    factories.change(username, password_hash=passwords.hash_password(PASSWORD))
    urls = hospital.domain.urls
    hospital.change(urls=[f"ldaps://127.0.0.1:{free_port()}"])
    assert refusal(username) == "directory_unreachable"
    assert refusal("nobody@clinic.test") == "directory_unreachable"
    assert isinstance(give(AN, factories.PASSWORD), SignedIn)
    for language in ("en", "nl"):
        assert text(language, "refused.directory_unreachable")
    hospital.change(urls=urls)
    assert isinstance(give(username), SignedIn)


def test_many_who_wait_for_a_silent_directory(
    hospital: Hospital, faulty: Callable[[Behaviour], Faulty]
) -> None:
    """They fill its own threads and queue; more are told so at once, and local accounts go on."""
    server = faulty(faults.silent)
    hospital.change(urls=[server.url()], timeout_seconds=30)
    before = threading.active_count()

    async def attempt(token: str, password: str) -> str:
        try:
            await sign_in.pool(token).run(sign_in.check_password, token, password, HERE)
        except SignInRefused as refused:
            return refused.code
        except passwords.Busy:
            return "busy"
        return "in"

    async def all_at_once(tokens: list[str]) -> tuple[list[str], list[str]]:
        crowd = [asyncio.create_task(attempt(token, "guess")) for token in tokens]
        while sum(one.done() for one in crowd) < 4:
            await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED, timeout=1)
        told_at_once = [one.result() for one in crowd if one.done()]
        told_at_once.append(await attempt(sign_in.begin(AN), factories.PASSWORD))
        await asyncio.to_thread(server.close)
        return told_at_once, [await one for one in crowd]

    tokens = [sign_in.begin(f"nobody{place}@clinic.test") for place in range(28)]
    told_at_once, ends = asyncio.run(all_at_once(tokens))
    assert told_at_once == ["busy"] * 4 + ["in"]
    assert ends.count("directory_unreachable") == 24
    # The pools keep their threads: eight of this directory, and those for hashes and for asyncio.
    assert threading.active_count() - before < 8 + 16


def test_nothing_of_a_password_is_stored(hospital: Hospital, last_code: Codes) -> None:
    username = hospital.invited(f"{hospital.newcomer()}@clinic.test").username
    enter(username, last_code)
    assert factories.person(username).password_hash is None
    with db.engine().connect() as connection:
        for table in sa.inspect(db.engine()).get_table_names():
            rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()
            assert PASSWORD not in str(rows)
