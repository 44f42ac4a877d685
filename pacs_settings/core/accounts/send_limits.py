"""How many codes may leave: for each account, destination and address, and in all.

Text messages cost money and both can be a nuisance, so a flood must stop, not only slow down.
"""

from datetime import timedelta

from sqlmodel import Session

from pacs_settings.core import secrets
from pacs_settings.core.accounts import throttle
from pacs_settings.core.accounts.addresses import network
from pacs_settings.core.clock import now
from pacs_settings.core.errors import Refused

WINDOW = timedelta(hours=1)
MOST = {  # in a window; as they fade, as many may follow
    "sms": {"account": 10, "address": 40, "all": 600, "to": 10},
    "mail": {"account": 20, "address": 80, "all": 6000, "to": 20},
}

MOST_ASKING, MOST_LINKS, MOST_TESTS = 30, 6, 10
MOST_BEGINNING = 1000  # from one address, behind which a whole hospital may be


class TooManyCodes(Refused):
    """No more codes may leave now; the next one in `retry_in` seconds."""

    def __init__(self, retry_in: int) -> None:
        super().__init__("too_many_codes", minutes=max(1, -(-retry_in // 60)))
        self.retry_in = retry_in


def reserve(db: Session, channel: str, account_id: int, destination: str, address: str) -> None:
    """Count one message; raises TooManyCodes, and then the caller's transaction must not commit.

    `channel` is sms or mail. Always counted in the same order, so that no two wait for each other.
    """
    keys = {
        "account": str(account_id),
        "address": network(address),
        "all": "",
        "to": secrets.fingerprint(destination)[:40],
    }
    for kind, value in keys.items():
        _count(db, f"send:{channel}:{kind}:{value}", MOST[channel][kind])


def reserve_asking(db: Session, address: str) -> None:
    """Count one who asks for a link, from an address; raises TooManyCodes."""
    _count(db, f"send:asking:address:{network(address)}", MOST_ASKING)


def reserve_beginning(db: Session, address: str) -> None:
    """Count one who begins to sign in, from an address; raises TooManyCodes.

    Each leaves a row for a while, and nothing has been proven yet.
    """
    _count(db, f"send:beginning:address:{network(address)}", MOST_BEGINNING)


def reserve_link(db: Session, account_id: int) -> None:
    """Count one link that is mailed to an account; raises TooManyCodes.

    Apart from codes: whoever asks for links in another's name must not use those up.
    """
    _count(db, f"send:link:account:{account_id}", MOST_LINKS)


def reserve_test(db: Session, account_id: int) -> None:
    """Count one test e-mail of an account; raises TooManyCodes."""
    _count(db, f"send:test:account:{account_id}", MOST_TESTS)


def _count(db: Session, key: str, most: int) -> None:
    [row] = throttle.hold(db, [key])
    moment = now()
    level = max(0, row.failures - most * ((moment - row.last_failure) / WINDOW))  # still count
    if level + 1 > most:
        raise TooManyCodes(int((level + 1 - most) / most * WINDOW.total_seconds()) + 1)
    row.failures, row.last_failure = level + 1, moment
    db.flush()
