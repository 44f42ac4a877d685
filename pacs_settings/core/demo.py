"""Demonstration data, loaded only into an empty database."""

import sqlalchemy as sa
from sqlmodel import Session, col

from pacs_settings.core import demo_reports
from pacs_settings.core.accounts import numbers, passwords, usernames
from pacs_settings.core.db import alone, writing
from pacs_settings.core.tables import (
    Account,
    AccountState,
    Domain,
    Gender,
    GroupMember,
    GroupPractice,
    Mapping,
    PhysicianNumber,
    Region,
    Source,
)

PASSWORD = "radiology-demo-2026"
DIRECTORY_USERNAME = "lea.dubois@uz-demo.example"
DIRECTORY_GUID = "6f1d3a52-0d5c-4c53-9c7e-3f4f6a0b7d11"
SOURCES = (
    "UZ Demo Radiology",
    "AZ Voorbeeld",
    "CHU Exemple",
    "Clinique du Parc",
    "Sint-Demo Imaging",
    "Medical Imaging North",
    "MRI Centre Lakeside",
    "Breast Clinic Demo",
    "AZ Delta Voorbeeld",
    "Private Practice Janssens",
    "Children's Hospital Demo",
)
HL7_NAMES = ("RIS", "UZ-DEMO")
GROUPS = ("Group practice The Linden", "Huisartsen Dampoort")


def load_into_empty() -> bool:
    """Load the demo accounts where there is no account at all; returns whether it did."""
    with writing() as db:
        alone(db, "demo")
        if db.scalar(sa.select(sa.func.count()).select_from(Account)):
            return False
        free = Region(name="Flanders")
        strict = Region(name="Netherlands", strong_authentication=True, phone_country="NL")
        strict.time_zone, strict.language = "Europe/Amsterdam", "nl"
        strict.validate_unsigned = True
        domain = Domain(
            name="uz-demo.example", directory="demo", administrator="it@uz-demo.example"
        )
        db.add_all([free, strict, domain])
        db.flush()
        _accounts(db, free, strict, domain)
    return True


def _accounts(db: Session, free: Region, strict: Region, domain: Domain) -> None:
    an = _account(db, "an.peeters@demo.example", "Dr", "An", "Peeters", Gender.FEMALE, free)
    an.may_edit_reports, an.work_phone = True, "+3292001122"
    jan = _account(db, "jan.claes@demo.example", "", "Jan", "Claes", Gender.MALE, strict)
    jan.may_edit_reports, jan.mobile_phone = True, "+31612345678"
    lea = _account(db, DIRECTORY_USERNAME, "Dr", "Léa", "Dubois", Gender.FEMALE, free)
    lea.domain_id, lea.password_hash = domain.id, None
    lea.directory_guid = DIRECTORY_GUID  # she has signed in before
    sofie = _account(db, "sofie.maes@demo.example", "", "Sofie", "Maes", Gender.NOT_GIVEN, free)
    sofie.contact_public = False
    desk = _account(db, "desk@demo.example", "", "Service", "Desk", Gender.NOT_GIVEN, free)
    desk.service_desk, desk.contact_public = True, False
    _mappings(db, an, _numbers(db, an, 123456, 132001))
    for n, account in enumerate((jan, lea, sofie), start=1):
        _mappings(db, account, _numbers(db, account, 145000 + 111 * n), lines=3)
    linden, dampoort = (_named(db, GroupPractice, name) for name in GROUPS)
    for group, member in ((linden, an), (linden, lea), (dampoort, an)):
        db.add(GroupMember(group_id=group, account_id=member.id or 0))
    _speaks_hl7(db)
    demo_reports.load(db, _named(db, Source, SOURCES[0]), jan, an)


def _speaks_hl7(db: Session) -> None:
    row = db.get_one(Source, _named(db, Source, SOURCES[0]))
    row.hl7_application, row.hl7_facility = HL7_NAMES
    db.add(row)


def _account(
    db: Session,
    username: str,
    title: str,
    first: str,
    last: str,
    gender: Gender,
    region: Region,
) -> Account:
    row = Account(
        username=username,
        username_key=usernames.key(username),
        title=title,
        first_name=first,
        last_name=last,
        gender=gender,
        region_id=region.id or 0,
        language=region.language,
        state=AccountState.ACTIVE,
        mobile_phone=f"+3247012345{len(first)}",
        password_hash=passwords.hash_password(PASSWORD),
    )
    db.add(row)
    db.flush()
    return row


def _numbers(db: Session, account: Account, *stable: int) -> list[PhysicianNumber]:
    rows = [
        numbers.row(
            account.id or 0,
            numbers.NumberKind.RIZIV,
            numbers.riziv(n, 4, modulus=97 if place == 0 else 89),
        )
        for place, n in enumerate(stable)
    ]
    db.add_all(rows)
    db.flush()
    return rows


def _mappings(db: Session, account: Account, known: list[PhysicianNumber], lines: int = 12) -> None:
    """As many lines as asked; with two numbers the last one repeats a source under the other."""
    name = f"{account.last_name.upper()} {account.first_name}"
    sources = [_named(db, Source, text) for text in SOURCES]
    groups = [_named(db, GroupPractice, text) for text in GROUPS]
    for n in range(lines):
        row = Mapping(
            account_id=account.id or 0,
            source_id=sources[n % len(sources)],
            name_at_source=name if n % 3 else f"{account.title} {name}".strip(),
            physician_number_id=known[n // len(sources) % len(known)].id or 0,
            group_id=groups[n % 2] if n % 4 == 0 else None,
            on_study=n % 5 != 3,
            on_report=n % 2 == 0,
        )
        db.add(row)


def _named(db: Session, table: type[Source] | type[GroupPractice], name: str) -> int:
    found = db.scalar(sa.select(col(table.id)).where(col(table.name) == name))
    if found:
        return int(found)
    row = table(name=name)
    db.add(row)
    db.flush()
    return row.id or 0
