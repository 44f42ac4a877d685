"""Whose password is asked for, and whether it is right."""

from collections.abc import Callable
from functools import partial

import pytest

from pacs_settings.core import ports
from pacs_settings.core.accounts import candidates, passwords
from pacs_settings.core.accounts.candidates import Candidate, Proof
from pacs_settings.core.tables import Account, AccountState, Domain, Means
from tests import factories
from tests.factories import AN, LEA, PASSWORD
from tests.fakes import FakeDirectory

pytestmark = pytest.mark.usefixtures("database")
RIGHT = "of the hospital"
NEW = "new.doctor@uz-demo.example"
NOBODY = "nobody@uz-demo.example"
Plug = Callable[..., FakeDirectory]


class Hospital(FakeDirectory):
    """A directory that knows more of people than who they are."""

    def __init__(self, mobile: str = "0470 12 34 99", first: str = "Ada", **values: str) -> None:
        super().__init__(RIGHT, **values)  # type: ignore[arg-type]
        self.mobile, self.first = mobile, first

    def check(self, username: str, password: str) -> ports.Identity:
        known = super().check(username, password)
        return ports.Identity(known.guid, self.first, "Maes", self.mobile)


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeDirectory], FakeDirectory]:
    """Puts a directory behind the domain."""

    def put(directory: FakeDirectory) -> FakeDirectory:
        monkeypatch.setitem(ports.directories, "demo", directory)
        return directory

    return put


@pytest.fixture
def taking_in() -> Domain:
    """The domain, whose directory makes accounts for those it vouches for."""
    [domain] = factories.rows(Domain)
    domain.create_accounts, domain.region_id = True, factories.person(LEA).region_id
    return factories.store(domain)


def prove(typed: str, password: str) -> tuple[Candidate | None, Proof]:
    return candidates.prove(candidates.find(typed), typed, password)


def accounts() -> list[str]:
    return [row.username for row in factories.rows(Account)]


def test_the_account_of_an_address_however_it_is_written() -> None:
    for typed in (AN, "AN.Peeters@demo.example", "ａｎ.peeters@demo.example", f"  {AN} "):
        found = candidates.find(typed)
        assert found is not None
        assert found.account_id == factories.person(AN).id
        assert (found.means, found.domain) == (Means.PASSWORD, None)
    assert candidates.find("\u0430n.peeters@demo.example") is None
    lea = candidates.find(LEA)
    assert lea is not None
    assert lea.means == Means.DIRECTORY


def test_a_local_password_costs_one_hash(hashes: list[str]) -> None:
    assert prove(AN, PASSWORD)[1] == Proof()
    assert prove(AN, "wrong")[1].reason == "wrong_password"
    assert prove("nobody@demo.example", PASSWORD) == (None, candidates.WRONG)
    assert hashes == ["check"] * 3


def test_a_directory_says_who_it_is(plug: Plug) -> None:
    guid = factories.person(LEA).directory_guid or ""
    plug(FakeDirectory(RIGHT, guid=guid))
    assert prove(LEA, RIGHT)[1] == Proof(guid=guid)


# An empty password.


@pytest.mark.parametrize("password", ["", "\0", f"{RIGHT}\0", f"\0{RIGHT}", "x" * 1025, "x" * 9999])
@pytest.mark.parametrize("typed", [LEA, NOBODY])
@pytest.mark.parametrize("creates", [False, True])
def test_no_directory_is_asked_for_what_some_take_for_no_password(
    plug: Plug,
    hashes: list[str],
    request: pytest.FixtureRequest,
    password: str,
    typed: str,
    creates: bool,
) -> None:
    """Whether the account is known or not: else the time would tell."""
    if creates:
        request.getfixturevalue("taking_in")

    class Trusting(FakeDirectory):
        def check(self, username: str, password: str) -> ports.Identity:
            self.asked.append(username)
            return ports.Identity(factories.person(LEA).directory_guid or "")

    directory = plug(Trusting())
    assert prove(typed, password)[1] == candidates.WRONG
    assert directory.asked == []
    assert hashes == []
    assert NOBODY not in accounts()


def test_every_other_password_is_the_directorys_to_judge(plug: Plug) -> None:
    directory = plug(FakeDirectory())
    for password in (" ", "x" * 256, "x" * 1024, "é", "🩻"):
        prove(LEA, password)
    assert len(directory.asked) == 5


# Known and unknown.


@pytest.mark.parametrize("reason", ["wrong", "unreachable", "locked", "disabled"])
@pytest.mark.parametrize("creates", [False, True])
def test_known_and_unknown_are_alike(
    plug: Plug, hashes: list[str], request: pytest.FixtureRequest, reason: str, creates: bool
) -> None:
    if creates:
        request.getfixturevalue("taking_in")
    directory = plug(FakeDirectory(reason=reason))  # type: ignore[arg-type]
    answers = {prove(typed, "a guess")[1] for typed in (LEA, NOBODY)}
    assert len(answers) == 1
    assert len(directory.asked) == 2
    assert hashes == []
    assert NOBODY not in accounts()


def test_of_a_domain_that_takes_nobody_in_neither_name_nor_password_is_told(plug: Plug) -> None:
    class Curious(FakeDirectory):
        heard: list[str] = []

        def check(self, username: str, password: str) -> ports.Identity:
            self.heard += [username, password]
            return super().check(username, password)

    directory = plug(Curious(RIGHT))
    assert prove(NOBODY, RIGHT) == (None, candidates.WRONG)
    assert NOBODY not in Curious.heard
    assert RIGHT not in Curious.heard
    assert directory.asked[0].endswith("@uz-demo.example")


def test_a_directory_that_nobody_plugged_in_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ports.directories, "demo", raising=False)
    for typed in (LEA, NOBODY):
        assert prove(typed, RIGHT)[1].reason == "directory_unreachable"


# Taking in.


def test_who_is_vouched_for_gets_an_account_that_a_code_must_make_active(
    plug: Plug, taking_in: Domain
) -> None:
    plug(Hospital(guid="ada"))
    found, given = prove("New.Doctor@uz-demo.example", RIGHT)
    assert given == Proof(guid="ada")
    assert found is not None
    made = found.account
    assert (made.username, made.state) == ("New.Doctor@uz-demo.example", AccountState.INVITED)
    assert (made.first_name, made.last_name, made.mobile_phone) == ("Ada", "Maes", "+32470123499")
    assert (made.domain_id, made.region_id) == (taking_in.id, taking_in.region_id)
    assert made.directory_guid is None  # kept once a code has proven it
    assert made.password_hash is None
    assert not made.service_desk
    assert not made.may_edit_reports


@pytest.mark.parametrize("mobile", ["", "no number", "12", "+32 9", "<script>"])
def test_a_mobile_that_is_none_stays_out(plug: Plug, taking_in: Domain, mobile: str) -> None:
    plug(Hospital(mobile=mobile))
    found, _ = prove(NEW, RIGHT)
    assert found is not None
    assert found.account.mobile_phone is None


def test_a_person_without_a_name_is_called_by_the_address(plug: Plug, taking_in: Domain) -> None:
    plug(Hospital(first=""))
    found, _ = prove(NEW, RIGHT)
    assert found is not None
    assert found.account.first_name == "new.doctor"


def test_who_is_not_vouched_for_gets_none(plug: Plug, taking_in: Domain) -> None:
    directory = plug(Hospital())
    assert prove(NEW, "wrong") == (None, candidates.WRONG)
    assert directory.asked == [NEW]
    assert NEW not in accounts()


def test_a_domain_without_a_region_takes_nobody_in(plug: Plug, taking_in: Domain) -> None:
    taking_in.region_id = None
    factories.store(taking_in)
    plug(Hospital())
    assert prove(NEW, RIGHT) == (None, candidates.WRONG)
    assert NEW not in accounts()


def test_other_domains_take_nobody_in(plug: Plug, taking_in: Domain) -> None:
    factories.store(Domain(name="other.example", directory="demo"))
    plug(Hospital())
    for typed in ("new.doctor@other.example", "new.doctor@sub.uz-demo.example"):
        assert prove(typed, RIGHT)[0] is None
    assert not [name for name in accounts() if name.startswith("new")]


def test_the_same_person_under_a_new_address_has_the_same_account(
    plug: Plug, taking_in: Domain
) -> None:
    guid = factories.person(LEA).directory_guid or ""
    plug(Hospital(guid=guid))
    found, given = prove("lea.maes@uz-demo.example", RIGHT)
    assert found is not None
    assert found.account_id == factories.person(LEA).id
    assert given == Proof(guid=guid)
    assert len(accounts()) == 5


def test_a_person_of_another_domain_is_somebody_else(plug: Plug, taking_in: Domain) -> None:
    other = factories.store(Domain(name="other.example", directory="demo"))
    factories.account(username="ada@other.example", domain_id=other.id, directory_guid="ada")
    plug(Hospital(guid="ada"))
    found, _ = prove(NEW, RIGHT)
    assert found is not None
    assert found.account.username == NEW


def test_two_at_once_make_one_account(plug: Plug, taking_in: Domain) -> None:
    plug(Hospital(guid="ada"))
    ends = factories.together(*[partial(prove, NEW, RIGHT)] * 4)
    assert [end for end in ends if isinstance(end, Exception)] == []
    assert accounts().count(NEW) == 1


def test_a_name_that_looks_alike_gets_an_account_of_its_own(plug: Plug, taking_in: Domain) -> None:
    plug(Hospital(guid="ada"))
    typed = "l\u0435a.dubois@uz-demo.example"  # Cyrillic e
    found, _ = prove(typed, RIGHT)
    assert found is not None
    assert found.account_id != factories.person(LEA).id


# Where.


def test_each_directory_has_threads_of_its_own() -> None:
    assert candidates.pool(AN) is passwords.pool()
    assert candidates.pool("nobody@demo.example") is passwords.pool()
    assert candidates.pool(LEA) is candidates.pool(NOBODY) is not passwords.pool()
