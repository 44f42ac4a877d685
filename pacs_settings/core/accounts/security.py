"""How an account is protected, in one look."""

from dataclasses import dataclass

from pacs_settings.core.accounts import password_change
from pacs_settings.core.accounts.second_factor import totp
from pacs_settings.core.accounts.second_factor.totp import Device
from pacs_settings.core.db import reading
from pacs_settings.core.tables import Account, Domain, Region


@dataclass(frozen=True)
class Security:
    """`domain` is empty for a local account; lengths in characters."""

    username: str
    domain: str
    mandatory: bool
    password_minimum: int
    devices: list[Device]


def load(account_id: int) -> Security:
    """What the security page shows."""
    with reading() as db:
        account = db.get_one(Account, account_id)
        region = db.get_one(Region, account.region_id)
        domain = db.get_one(Domain, account.domain_id).name if account.domain_id else ""
    policy, _context = password_change.rules(account_id)
    return Security(
        account.username,
        domain,
        region.strong_authentication,
        policy.minimum,
        totp.devices(account_id),
    )
