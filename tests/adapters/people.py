"""People of the domain controller, one for every answer it can give."""

import ssl
import uuid
from typing import Any

from ldap3 import MODIFY_REPLACE, NONE, RESTARTABLE, Connection, Server, Tls

from tests.adapters import samba

PASSWORD = "Right-of-people-2026"
OF_A_REASON: dict[str, dict[str, Any]] = {
    "disabled": {"userAccountControl": 514},
    "must_change": {"pwdLastSet": 0},
    "account_expired": {"accountExpires": 132_000_000_000_000_000},  # in April 2019
    "logon_hours": {"logonHours": bytes(21)},
    "workstation": {"userWorkstations": "ELSEWHERE"},
    "expired": {},
    "locked": {},
}
# Durations are negative, in units of 100 ns.
POLICY = {
    "msDS-PasswordSettingsPrecedence": 1,
    "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
    "msDS-PasswordHistoryLength": 0,
    "msDS-PasswordComplexityEnabled": "FALSE",
    "msDS-MinimumPasswordLength": 0,
    "msDS-MinimumPasswordAge": 0,
    "msDS-MaximumPasswordAge": -(2**63),
    "msDS-LockoutThreshold": 0,
    "msDS-LockoutObservationWindow": -18_000_000_000,
    "msDS-LockoutDuration": -18_000_000_000,
}


def dn(name: str) -> str:
    """Where a person is."""
    return f"CN={name},CN=Users,{samba.BASE}"


class Administrator:
    """Changes what a domain controller knows."""

    def __init__(self, address: str, authority: str) -> None:
        tls = Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=authority)
        server = Server(address, port=636, use_ssl=True, tls=tls, get_info=NONE)
        # The controller ends what is idle for a quarter of an hour, and tests may be that slow.
        self._connection = Connection(
            server,
            samba.ADMINISTRATOR,
            samba.PASSWORD,
            client_strategy=RESTARTABLE,
            auto_bind="NONE",
            raise_exceptions=True,
        )
        self._connection.bind()

    def add(self, name: str, **attributes: Any) -> None:
        """Somebody whose password is PASSWORD; all three names are unlike each other."""
        first = {"userAccountControl": 512, "unicodePwd": _quoted(PASSWORD)}
        self._connection.add(dn(name), "user", _names(name) | first)
        if attributes:
            self.change(name, **attributes)

    def add_contact(self, name: str) -> None:
        """Somebody in the address book, of whom there is nothing to tell about signing in."""
        self._connection.add(dn(name), "contact")

    def change(self, name: str, **attributes: Any) -> None:
        """Replace attributes; an empty list removes one."""
        changes = {
            key: [(MODIFY_REPLACE, value if isinstance(value, list) else [value])]
            for key, value in attributes.items()
        }
        self._connection.modify(dn(name), changes)

    def remove(self, name: str) -> None:
        """Delete somebody."""
        self._connection.delete(dn(name))

    def guid(self, name: str) -> str:
        """Who somebody is."""
        self._connection.search(dn(name), "(objectClass=*)", attributes=["objectGUID"])
        raw = self._connection.response[0]["raw_attributes"]["objectGUID"][0]
        return str(uuid.UUID(bytes_le=raw))

    def give_password(self, name: str, password: str) -> None:
        """Set somebody's password."""
        self.change(name, unicodePwd=_quoted(password))

    def rename(self, name: str, to: str) -> None:
        """Give somebody other names in every place that has one."""
        self._connection.modify_dn(dn(name), f"CN={to}")
        self.change(to, **_names(to))

    def apply(self, name: str, **policy: Any) -> None:
        """A password policy for one person."""
        where = f"CN=Of {name},CN=Password Settings Container,CN=System,{samba.BASE}"
        values = POLICY | {f"msDS-{key}": value for key, value in policy.items()}
        values["msDS-PSOAppliesTo"] = dn(name)
        self._connection.add(where, "msDS-PasswordSettings", values)


def _names(name: str) -> dict[str, str]:
    return {
        "sAMAccountName": f"{name}-sam",
        "userPrincipalName": f"{name}@clinic.test",
        "mail": f"{name}.mail@hospital.test",
        "givenName": name.partition(".")[0].capitalize(),
        "sn": "De Smet",
        "mobile": "0470 12 34 56",
    }


def _quoted(password: str) -> bytes:
    return f'"{password}"'.encode("utf-16-le")


def populate(admin: Administrator) -> None:
    """Everybody whom tests only look at."""
    for name in ("right", "service"):
        admin.add(name)
    for reason, attributes in OF_A_REASON.items():
        admin.add(reason, **attributes)
    admin.apply("locked", LockoutThreshold=3)
