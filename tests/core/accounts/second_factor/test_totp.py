"""Authenticator apps."""

import re
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import segno

from pacs_settings.core import audit, db, secrets
from pacs_settings.core.accounts import sessions
from pacs_settings.core.accounts.second_factor import chosen, totp
from pacs_settings.core.errors import NotYours, Refused
from pacs_settings.core.tables import AuditEntry, OutboxMessage, TotpDevice
from tests import factories
from tests.core.conftest import Clock
from tests.factories import AN, JAN, SOFIE

pytestmark = pytest.mark.usefixtures("database")


def who(username: str = AN) -> audit.Actor:
    return factories.actor(factories.person(username))


def spend(code: str, username: str = AN) -> bool:
    with db.writing() as session:
        return totp.spend(session, factories.own(factories.person(username)), code)


def link(actor: audit.Actor, name: str) -> str:
    """Link a device as its owner does; its secret."""
    begun = totp.begin(actor)
    totp.confirm(actor, begun.device_id, name, factories.code(begun.secret))
    return begun.secret


def names(username: str = AN) -> list[str]:
    return [row.name for row in totp.devices(factories.own(factories.person(username)))]


def refusal(work) -> Refused:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as refused:
        work()
    return refused.value


# Codes.


@pytest.mark.asvs("6.5.1", "6.5.5")
def test_a_code_works_once_ever(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    code = factories.code(secret)
    assert spend(code)
    assert not spend(code)


@pytest.mark.asvs("6.5.1")
def test_an_older_code_does_not_come_back(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    a = factories.code(secret)
    b = factories.code(secret, 1)
    assert spend(a)
    assert spend(b)
    assert not spend(a)
    moved.forward(seconds=30)
    assert not spend(b)
    assert not spend(a)
    assert spend(factories.code(secret, 1))


@pytest.mark.asvs("6.5.5")
@pytest.mark.parametrize(
    ("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_clocks_may_differ_by_one_step(moved: Clock, steps: int, good: bool) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    assert spend(factories.code(secret, steps)) == good


@pytest.mark.asvs("6.5.1")
def test_two_at_once_with_one_code_exactly_one_wins(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    code = factories.code(secret)
    ends = factories.together(*[partial(spend, code)] * 4)
    assert sorted(ends, key=str) == [False, False, False, True]


def test_the_code_of_another_account_is_wrong(moved: Clock) -> None:
    factories.device(factories.person(AN))
    _, other = factories.device(factories.person(SOFIE))
    moved.start_of_step()
    assert not spend(factories.code(other))
    assert spend(factories.code(other), SOFIE)


def test_each_device_has_codes_of_its_own(moved: Clock) -> None:
    _, one = factories.device(factories.person(AN), "One")
    _, two = factories.device(factories.person(AN), "Two")
    moved.start_of_step()
    assert spend(factories.code(one))
    assert spend(factories.code(two))
    assert not spend(factories.code(one))


def test_a_device_that_was_never_proven_has_no_codes(moved: Clock) -> None:
    begun = totp.begin(who())
    moved.start_of_step()
    assert not spend(factories.code(begun.secret))


def test_codes_may_be_typed_in_groups(moved: Clock) -> None:
    _, secret = factories.device(factories.person(AN))
    moved.start_of_step()
    code = factories.code(secret)
    assert spend(f" {code[:3]} {code[3:]}\n")


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 5000, "\0"]
)
def test_what_is_no_code_is_wrong(code: str) -> None:
    factories.device(factories.person(AN))
    assert not spend(code)


# Linking.


def test_linking_takes_a_code_of_the_device(moved: Clock) -> None:
    actor = who()
    begun = totp.begin(actor)
    moved.start_of_step()
    wrong = refusal(lambda: totp.confirm(actor, begun.device_id, "Phone", "12345"))
    assert (wrong.code, wrong.field) == ("wrong_code", "code")
    assert names() == []
    totp.confirm(actor, begun.device_id, "  My \t phone ", factories.code(begun.secret))
    assert names() == ["My phone"]


def test_the_code_that_linked_is_spent(moved: Clock) -> None:
    moved.start_of_step()
    secret = link(who(), "Phone")
    assert not spend(factories.code(secret))
    moved.forward(seconds=30)
    assert spend(factories.code(secret))


def test_the_owner_is_told_and_it_is_audited_without_the_secret(moved: Clock) -> None:
    moved.start_of_step()
    secret = link(who(), "My phone")
    entries = [(entry.tag, entry.after) for entry in factories.rows(AuditEntry)]
    assert entries == [
        ("account:factor:chosen", {"method": "authenticator"}),
        ("account:totp:enabled", {"device": "My phone"}),
    ]
    [message] = factories.rows(OutboxMessage)
    assert (message.template, message.values["detail"]) == ("factor_added", "My phone")
    assert secret not in str(message.values)


def test_the_secret_is_sealed_at_rest() -> None:
    begun = totp.begin(who())
    [row] = factories.rows(TotpDevice)
    assert begun.secret not in row.sealed_secret
    assert secrets.unseal(totp.PURPOSE, row.sealed_secret) == begun.secret
    assert len(begun.secret) == 32  # 160 bits, RFC 4226 section 4


def test_the_picture_is_the_address_that_apps_read(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    make = segno.make

    def note(content: str, **options: object) -> segno.QRCode:
        drawn.append(content)
        return make(content, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(segno, "make", note)
    begun = totp.begin(who())
    [uri] = drawn
    address = urlsplit(uri)
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query) == {"secret": [begun.secret], "issuer": [totp.ISSUER]}
    assert begun.qr_svg.startswith("<svg")
    assert not re.search(r"<script|href", begun.qr_svg)
    read = pyotp.parse_uri(uri)
    assert read.name == AN


def test_beginning_again_replaces_what_was_never_proven() -> None:
    actor = who()
    first, second = totp.begin(actor), totp.begin(actor)
    assert first.secret != second.secret
    assert len(factories.rows(TotpDevice)) == 1
    with pytest.raises(Refused):
        totp.confirm(actor, first.device_id, "Phone", factories.code(first.secret))
    assert names() == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "bell\a", "zero\u200bwidth", "\u202eright"])
def test_a_name_can_be_read(moved: Clock, name: str) -> None:
    actor = who()
    begun = totp.begin(actor)
    moved.start_of_step()
    refused = refusal(
        lambda: totp.confirm(actor, begun.device_id, name, factories.code(begun.secret))
    )
    assert (refused.code, refused.field) == ("device_name", "name")


def test_a_name_is_used_once_by_an_account(moved: Clock) -> None:
    moved.start_of_step()
    link(who(), "Phone")
    actor = who()
    begun = totp.begin(actor)
    code = factories.code(begun.secret)
    refused = refusal(lambda: totp.confirm(actor, begun.device_id, "Phone", code))
    assert (refused.code, refused.field) == ("device_name_taken", "name")
    totp.confirm(actor, begun.device_id, "Other phone", code)  # the refusal did not spend the code
    link(who(SOFIE), "Phone")
    assert names() == ["Phone", "Other phone"]


def test_five_devices_are_the_most(moved: Clock) -> None:
    moved.start_of_step()
    for n in range(4):
        link(who(), f"Phone {n}")
    one, other = who(), who()
    begun = totp.begin(one)
    factories.device(factories.person(AN), "Fifth")
    code = factories.code(begun.secret)
    late = refusal(lambda: totp.confirm(one, begun.device_id, "Sixth", code))
    assert (late.code, late.values) == ("too_many_devices", {"most": 5})
    assert refusal(lambda: totp.begin(other)).code == "too_many_devices"
    assert len(names()) == 5


@pytest.mark.asvs("8.2.2")
def test_the_device_of_another_account_is_not_there() -> None:
    begun = totp.begin(who(SOFIE))
    mine = who()
    with pytest.raises(NotYours):
        totp.confirm(mine, begun.device_id, "Phone", factories.code(begun.secret))
    theirs, _ = factories.device(factories.person(SOFIE))
    with pytest.raises(NotYours):
        totp.remove(mine, theirs)
    with pytest.raises(NotYours):
        totp.remove(mine, 987654)
    assert names(SOFIE) == ["Phone"]


def test_a_proven_device_is_not_proven_again(moved: Clock) -> None:
    moved.start_of_step()
    device, secret = factories.device(factories.person(AN))
    with pytest.raises(NotYours):
        totp.confirm(who(), device, "New name", factories.code(secret))


# Removing.


def test_removing_ends_its_codes_and_is_told(moved: Clock) -> None:
    device, secret = factories.device(factories.person(AN), "Lost phone")
    totp.remove(who(), device)
    moved.start_of_step()
    assert not spend(factories.code(secret))
    entries = [(entry.tag, entry.before) for entry in factories.rows(AuditEntry)]
    assert entries == [
        ("account:totp:disabled", {"device": "Lost phone"}),
        ("account:factor:chosen", {"method": "authenticator"}),
    ]
    [message] = factories.rows(OutboxMessage)
    assert (message.template, message.values["detail"]) == ("factor_removed", "Lost phone")


def test_what_is_being_linked_cannot_be_removed() -> None:
    actor = who()
    begun = totp.begin(actor)
    with pytest.raises(NotYours):
        totp.remove(actor, begun.device_id)


@pytest.mark.asvs("6.3.3")
def test_where_a_factor_is_mandatory_the_last_device_stays() -> None:
    one, _ = factories.device(factories.person(JAN), "One")
    two, _ = factories.device(factories.person(JAN), "Two")
    totp.remove(who(JAN), one)
    assert refusal(lambda: totp.remove(who(JAN), two)).code == "last_factor"
    assert names(JAN) == ["Two"]


def test_a_device_that_is_being_linked_is_no_second_one() -> None:
    device, _ = factories.device(factories.person(JAN))
    totp.begin(who(JAN))
    assert refusal(lambda: totp.remove(who(JAN), device)).code == "last_factor"


def test_of_two_removals_at_once_one_device_is_left() -> None:
    devices = [factories.device(factories.person(JAN), name)[0] for name in ("One", "Two")]
    actors = [who(JAN), who(JAN)]
    works = [partial(totp.remove, *pair) for pair in zip(actors, devices, strict=True)]
    ends = factories.together(*works)
    assert ends.count(None) == 1
    assert [end.code for end in ends if isinstance(end, Refused)] == ["last_factor"]
    assert len(names(JAN)) == 1


@pytest.mark.asvs("6.3.3")
def test_doing_without_is_refused_where_a_factor_is_mandatory() -> None:
    assert refusal(lambda: chosen.do_without(who(JAN))).code == "last_factor"
    factories.device(factories.person(JAN))
    assert refusal(lambda: chosen.do_without(who(JAN))).code == "last_factor"
    assert names(JAN) == ["Phone"]


def test_elsewhere_one_may_do_without() -> None:
    for name in ("One", "Two"):
        factories.device(factories.person(AN), name)
    factories.device(factories.person(SOFIE))
    chosen.do_without(who())
    assert names() == []
    assert names(SOFIE) == ["Phone"]
    [message] = factories.rows(OutboxMessage)  # one for the method, however many devices
    assert (message.template, message.values["method"]) == ("factor_removed", "authenticator")


def test_enrolment_opens_the_rest_of_the_settings(moved: Clock) -> None:
    cookie = factories.session(factories.person(JAN))
    moved.start_of_step()
    link(factories.actor(factories.person(JAN), cookie), "Phone")
    facts = sessions.resolve(cookie)
    assert facts is not None
    assert not facts.must_enrol
