"""How many codes may leave."""

import pytest

from pacs_settings.core import db
from pacs_settings.core.accounts import send_limits
from pacs_settings.core.accounts.send_limits import MOST, TooManyCodes
from pacs_settings.core.tables import Throttle
from pacs_settings.locale import text
from tests.core.conftest import Still
from tests.factories import rows, together

pytestmark = pytest.mark.usefixtures("database")
NUMBER = "+32470123456"
KINDS = [(channel, kind) for channel in MOST for kind in MOST[channel]]


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch, still: Still) -> Still:
    """A clock that stands still: how fast this machine is decides nothing."""
    monkeypatch.setattr(send_limits, "now", still)
    return still


def reserve(
    channel: str = "sms", account: int = 1, to: str = NUMBER, address: str = "192.0.2.1"
) -> None:
    with db.writing() as session:
        send_limits.reserve(session, channel, account, to, address)


def send(kind: str, n: int, channel: str = "sms") -> None:
    """One more message that has only one thing in common with the others."""
    reserve(
        channel,
        account=1 if kind == "account" else 1000 + n,
        to=NUMBER if kind == "to" else f"+32470{n:06}",
        address="192.0.2.1" if kind == "address" else f"2001:db8:{n:x}::1",
    )


def most(monkeypatch: pytest.MonkeyPatch, channel: str, kind: str) -> int:
    """The limit that is looked at; one for all is made small enough to reach."""
    if kind == "all":
        monkeypatch.setitem(MOST[channel], "all", 25)
    return MOST[channel][kind]


@pytest.mark.parametrize(("channel", "kind"), KINDS)
def test_a_flood_stops(monkeypatch: pytest.MonkeyPatch, channel: str, kind: str) -> None:
    limit = most(monkeypatch, channel, kind)
    for n in range(limit):
        send(kind, n, channel)
    for n in range(3):
        with pytest.raises(TooManyCodes):
            send(kind, limit + n, channel)


@pytest.mark.parametrize(("channel", "kind"), KINDS)
def test_it_fades(monkeypatch: pytest.MonkeyPatch, time: Still, channel: str, kind: str) -> None:
    limit = most(monkeypatch, channel, kind)
    for n in range(limit):
        send(kind, n, channel)
    with pytest.raises(TooManyCodes) as refused:
        send(kind, limit, channel)
    assert refused.value.retry_in == 3600 // limit + 1
    time.forward(seconds=refused.value.retry_in - 2)
    with pytest.raises(TooManyCodes):
        send(kind, limit, channel)
    time.forward(seconds=2)
    send(kind, limit, channel)
    with pytest.raises(TooManyCodes):
        send(kind, limit + 1, channel)
    time.forward(hours=1)
    for n in range(limit):
        send(kind, 500 + n, channel)


def test_one_an_hour_is_never_too_many(time: Still) -> None:
    for _ in range(40):
        reserve()
        time.forward(seconds=3600 / MOST["sms"]["account"] + 1)


def test_what_is_refused_counts_nowhere() -> None:
    for n in range(MOST["sms"]["to"]):
        send("to", n)
    before = [(row.key, row.failures) for row in rows(Throttle)]
    with pytest.raises(TooManyCodes):
        reserve(account=7, address="198.51.100.1")
    assert [(row.key, row.failures) for row in rows(Throttle)] == before


def test_mails_and_text_messages_count_apart() -> None:
    for n in range(MOST["sms"]["account"]):
        send("account", n)
    send("account", 1, "mail")


def test_text_messages_have_the_narrower_limits() -> None:
    assert all(MOST["sms"][kind] < MOST["mail"][kind] for kind in MOST["mail"])


def test_addresses_of_one_subscriber_count_together() -> None:
    for n in range(MOST["sms"]["address"]):
        reserve(account=n, to=f"+32470{n:06}", address=f"2001:db8::{n + 1:x}")
    with pytest.raises(TooManyCodes):
        reserve(account=999, to="+32470999999", address="2001:db8:0:0:ffff::1")


def test_parallel_messages_add_up() -> None:
    ends = together(*[reserve] * 15)
    assert ends.count(None) == MOST["sms"]["account"]
    assert sum(isinstance(end, TooManyCodes) for end in ends) == 5


def test_the_destination_is_not_stored() -> None:
    reserve()
    reserve("mail", to="an.peeters@demo.example")
    assert not [row.key for row in rows(Throttle) if "470" in row.key or "peeters" in row.key]


def test_a_refusal_says_how_long_in_minutes() -> None:
    refused = TooManyCodes(361)
    assert (refused.code, refused.values) == ("too_many_codes", {"minutes": 7})
    assert TooManyCodes(1).values == {"minutes": 1}
    assert "7 minutes" in text("en", "refused.too_many_codes", **refused.values)


# Who asks for links.


def test_whoever_asks_for_links_is_counted_by_address() -> None:
    for n in range(send_limits.MOST_ASKING):
        with db.writing() as session:
            send_limits.reserve_asking(session, f"2001:db8::{n + 1:x}")
    with pytest.raises(TooManyCodes), db.writing() as session:
        send_limits.reserve_asking(session, "2001:db8::ffff")
    with db.writing() as session:
        send_limits.reserve_asking(session, "192.0.2.1")


def test_links_to_an_account_do_not_use_up_its_codes() -> None:
    for _ in range(send_limits.MOST_LINKS):
        with db.writing() as session:
            send_limits.reserve_link(session, 1)
    with pytest.raises(TooManyCodes), db.writing() as session:
        send_limits.reserve_link(session, 1)
    with db.writing() as session:
        send_limits.reserve_link(session, 2)
    reserve("mail")
    reserve("sms")
