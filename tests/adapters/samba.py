"""A real domain controller: Debian's Samba, provisioned once and kept as a tar."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from tests.adapters.certificates import Authority
from tests.conftest import ROOT

BASE = "DC=clinic,DC=test"
ADMINISTRATOR = f"CN=Administrator,CN=Users,{BASE}"
PASSWORD = "Adm1nistrator-of-tests"
CACHE = ROOT / ".build" / "cache" / "samba.tar.gz"
PROVISION = [
    "--use-rfc2307",
    "--realm=CLINIC.TEST",
    "--domain=CLINIC",
    "--server-role=dc",
    "--dns-backend=NONE",
    "--host-name=dc1",
    "--host-ip=127.0.0.10",
    f"--adminpass={PASSWORD}",
    "--option=interfaces=127.0.0.10/8",
    "--option=bind interfaces only=yes",
    "--option=vfs objects=",
    "--option=server services=ldap",
]

CONFIGURATION = """[global]
netbios name = DC1
realm = CLINIC.TEST
workgroup = CLINIC
server role = active directory domain controller
server services = ldap
vfs objects =
interfaces = {address}/8
bind interfaces only = yes
private dir = {folder}/private
state directory = {folder}/state
cache directory = {folder}/cache
lock directory = {folder}
binddns dir = {folder}/bind-dns
pid directory = {folder}/run
ncalrpc dir = {folder}/ncalrpc
ntp signd socket directory = {folder}/ntp
winbindd socket directory = {folder}/winbindd
tls keyfile = {certificate.key}
tls certfile = {certificate.certificate}
tls cafile = {authority}
old password allowed period = 0
"""

# LDAP lets nobody set when a password was set, and no policy lets one expire within a day:
# written straight into the file, by the interpreter that Debian's bindings belong to.
AGE = """
import ldb, sys
file, dn = sys.argv[1:]
database = ldb.Ldb(file)
change = ldb.Message(ldb.Dn(database, dn))
when = "132000000000000000"  # in April 2019
change["pwdLastSet"] = ldb.MessageElement(when, ldb.FLAG_MOD_REPLACE, "pwdLastSet")
database.modify(change)
"""


def missing() -> str:
    """Why there is no domain controller here; empty where there can be one."""
    if os.geteuid() != 0:
        return "a domain controller needs root"
    absent = [name for name in ("samba", "samba-tool") if not shutil.which(name)]
    return f"not installed: {', '.join(absent)}" if absent else ""


def _provision(folder: Path) -> None:
    empty = folder / "empty.conf"
    empty.touch()
    places = [f"--configfile={empty}", f"--targetdir={folder}/dc"]
    subprocess.run(
        ["samba-tool", "domain", "provision", *places, *PROVISION],
        check=True,
        capture_output=True,
        timeout=150,
    )


def _tar(folder: Path) -> Path:
    if not CACHE.exists():
        _provision(folder)
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when complete: another test run may be making the same file.
        made = CACHE.with_suffix(f".{os.getpid()}")
        with tarfile.open(made, "w:gz") as tar:
            tar.add(folder / "dc", arcname="dc")
        made.rename(CACHE)
        shutil.rmtree(folder / "dc")
    return CACHE


def start(folder: Path, authority: Authority, address: str) -> "subprocess.Popen[bytes]":
    """Begin to run a fresh one, LDAP on 389 and LDAPS on 636 of this address."""
    with tarfile.open(_tar(folder)) as tar:
        tar.extractall(folder)  # our own; Debian's 3.11.2 knows no filters yet
    home = folder / "dc"
    for name in ("cache", "run", "ncalrpc", "ntp", "winbindd"):
        (home / name).mkdir(exist_ok=True)
    configuration = home / "etc" / "smb.conf"
    configuration.write_text(
        CONFIGURATION.format(
            address=address,
            folder=home,
            certificate=authority.sign(address),
            authority=authority.file,
        )
    )
    with (folder / "samba.log").open("wb") as log:
        return subprocess.Popen(
            ["samba", "-i", "-M", "single", "-s", str(configuration), "--debug-stdout"],
            stdin=subprocess.PIPE,  # it ends when this is closed
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def age_password(folder: Path, dn: str) -> None:
    """Make somebody's password years old."""
    file = folder / "dc" / "private" / "sam.ldb.d" / f"{BASE.upper()}.ldb"
    subprocess.run(["/usr/bin/python3", "-c", AGE, str(file), dn], check=True, timeout=30)
