"""A plain directory: Debian's OpenLDAP with one person and a service account."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ldap3 import NONE, Connection, Server

from tests.adapters.certificates import Authority
from tests.conftest import free_port

BASE = "dc=practice,dc=test"
SERVICE = f"cn=portal,{BASE}"
SERVICE_PASSWORD = "of the portal"
BLIND = f"cn=blind,{BASE}"  # sees the base and itself
LIMITED = f"cn=limited,{BASE}"  # sees everything, but two at most
MAIL = "eva.smet@practice.test"
PASSWORD = "of Eva"
GUID = "0a4b6c1e-8f27-4d63-9a35-5d1be0c9f7a2"

CONFIGURATION = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCACertificateFile {authority}
TLSCertificateFile {certificate.certificate}
TLSCertificateKeyFile {certificate.key}
database mdb
maxsize 16777216
suffix "{base}"
rootdn "cn=admin,{base}"
rootpw "{password}"
directory {folder}/data
access to attrs=userPassword by anonymous auth
access to dn.exact="{base}" by dn.exact="{service}" read by dn.exact="{blind}" read by * break
access to dn.exact="{blind}" by dn.exact="{service}" read by dn.exact="{blind}" read
access to * by dn.exact="{service}" read by dn.exact="{limited}" read
limits dn.exact="{limited}" size=2
"""

# Two have one address, as it happens in directories that grow for long.
PEOPLE = f"""dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: practice
o: Practice

dn: {SERVICE}
objectClass: person
cn: portal
sn: portal
userPassword: {SERVICE_PASSWORD}

dn: {BLIND}
objectClass: person
cn: blind
sn: blind
userPassword: {SERVICE_PASSWORD}

dn: {LIMITED}
objectClass: person
cn: limited
sn: limited
userPassword: {SERVICE_PASSWORD}

dn: uid=eva,{BASE}
objectClass: inetOrgPerson
uid: eva
cn: Eva (de) Smet*
sn: Smet
givenName:: RXZhICAow6kpCg==
mobile: +32 470 12 34 56
mail: {MAIL}
userPassword: {PASSWORD}
entryUUID: {GUID}

dn: uid=one,{BASE}
objectClass: inetOrgPerson
uid: one
cn: One
sn: One
mail: both@practice.test
userPassword: {PASSWORD}

dn: uid=two,{BASE}
objectClass: inetOrgPerson
uid: two
cn: Two
sn: Two
mail: both@practice.test
userPassword: {PASSWORD}
"""


@dataclass(frozen=True)
class Slapd:
    """A running one."""

    process: "subprocess.Popen[bytes]"
    plain: str
    encrypted: str

    def administrator(self) -> Connection:
        """Whoever may change everything."""
        server = Server(self.plain, get_info=NONE)
        return Connection(
            server, f"cn=admin,{BASE}", SERVICE_PASSWORD, auto_bind=True, raise_exceptions=True
        )


def missing() -> str:
    """Why there is no OpenLDAP here; empty where it is."""
    return "" if shutil.which("slapd") and shutil.which("slapadd") else "not installed: slapd"


def start(folder: Path, authority: Authority) -> Slapd:
    """Fill and begin to run one on free ports."""
    (folder / "data").mkdir()
    configuration = folder / "slapd.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            authority=authority.file,
            certificate=authority.sign("127.0.0.1"),
            base=BASE,
            service=SERVICE,
            blind=BLIND,
            limited=LIMITED,
            password=SERVICE_PASSWORD,
        )
    )
    chosen = ["-f", str(configuration)]
    subprocess.run(["slapadd", *chosen], input=PEOPLE.encode(), check=True, timeout=30)
    plain, encrypted = (f"{s}://127.0.0.1:{free_port()}" for s in ("ldap", "ldaps"))
    with (folder / "slapd.log").open("wb") as log:
        process = subprocess.Popen(
            ["slapd", *chosen, "-h", f"{plain} {encrypted}", "-d", "0"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return Slapd(process, plain, encrypted)
