"""How an account is protected, in one look."""

from dataclasses import dataclass

from pacs_settings.core import phones
from pacs_settings.core.accounts import password_change
from pacs_settings.core.accounts.second_factor import allowed, passkeys, recovery, totp
from pacs_settings.core.accounts.second_factor.passkeys import Key
from pacs_settings.core.accounts.second_factor.totp import Device
from pacs_settings.core.db import reading
from pacs_settings.core.tables import Account, Domain, Region


@dataclass(frozen=True)
class Security:
    """`domain` is empty for a local account; `methods` the strongest first; `mobile` as shown."""

    username: str
    domain: str
    mandatory: bool
    password_minimum: int
    method: str
    methods: list[str]
    mobile: str
    devices: list[Device]
    passkeys: list[Key]
    recovery_left: int


def load(account_id: int) -> Security:
    """What the security page shows."""
    with reading() as db:
        account = db.get_one(Account, account_id)
        region = db.get_one(Region, account.region_id)
        domain = db.get_one(Domain, account.domain_id).name if account.domain_id else ""
        policy, _context = password_change.rules_for(db, account)
    mobile = account.mobile_phone
    return Security(
        username=account.username,
        domain=domain,
        mandatory=region.strong_authentication,
        password_minimum=policy.minimum,
        method=str(account.second_factor),
        methods=[str(method) for method in allowed.methods(region)],
        mobile=phones.display(mobile, region.phone_country) if mobile else "",
        devices=totp.devices(account_id),
        passkeys=passkeys.keys(account_id),
        recovery_left=recovery.left(account_id),
    )
