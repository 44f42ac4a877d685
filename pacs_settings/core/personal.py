"""Personal settings: what the owner may change, and what only the service desk does."""

from dataclasses import dataclass

from pydantic import BaseModel, Field, ValidationError
from sqlmodel import col, select

from pacs_settings.config import MAIL_LANGUAGES
from pacs_settings.core import audit, phones
from pacs_settings.core.accounts import numbers
from pacs_settings.core.db import hold, reading, writing
from pacs_settings.core.errors import Refused
from pacs_settings.core.greetings import full_name
from pacs_settings.core.tables import Account, Gender, PhysicianNumber, Region


@dataclass(frozen=True)
class NumberLine:
    """A physician number as shown: its kind and its grouped digits."""

    kind: str
    value: str


@dataclass(frozen=True)
class PersonalSettings:
    """What the page shows; phones in national form."""

    name: str
    username: str
    numbers: list[NumberLine]
    mobile_phone: str
    work_phone: str
    gender: str
    language: str


class PersonalChange(BaseModel):
    """What the owner may change."""

    gender: Gender
    work_phone: str = Field(max_length=40)
    language: str


def load(account_id: int) -> PersonalSettings:
    """The account's own settings."""
    with reading() as db:
        account = db.get_one(Account, account_id)
        country = db.get_one(Region, account.region_id).phone_country
        query = select(PhysicianNumber).where(PhysicianNumber.account_id == account_id)
        rows = list(db.exec(query.order_by(col(PhysicianNumber.id))))
    return PersonalSettings(
        name=full_name(account),
        username=account.username,
        numbers=[NumberLine(row.kind, _shown(row)) for row in rows],
        mobile_phone=_phone(account.mobile_phone, country),
        work_phone=_phone(account.work_phone, country),
        gender=account.gender,
        language=account.language,
    )


def save(actor: audit.Actor, typed: dict[str, object]) -> PersonalSettings:
    """Validate and store; raises Refused with the field at fault, and then nothing is stored."""
    change = _validated(typed)
    with writing() as db:
        account = hold(db, Account, actor.account_id)
        country = db.get_one(Region, account.region_id).phone_country
        after = {
            "gender": str(change.gender),
            "work_phone": _e164(change.work_phone, country),
            "language": change.language,
        }
        before = {name: getattr(account, name) for name in after}
        for name, value in after.items():
            setattr(account, name, value)
        db.add(account)
        if before != after:
            audit.record(db, actor, "account:personal:changed", before, after)
    return load(actor.account_id)


def _validated(typed: dict[str, object]) -> PersonalChange:
    try:
        change = PersonalChange.model_validate(typed)
    except ValidationError as wrong:
        field = str(wrong.errors()[0]["loc"][0])
        raise Refused(f"not_valid_{field}", field) from None
    if change.language not in MAIL_LANGUAGES:
        raise Refused("not_valid_language", "language")
    return change


def _e164(typed: str, country: str) -> str | None:
    if not typed.strip():
        return None
    try:
        return phones.normalise(typed, country)
    except phones.PhoneRefused as refused:
        raise Refused(f"phone_{refused.code}", "work_phone") from None


def _phone(e164: str | None, country: str) -> str:
    return phones.display(e164, country) if e164 else ""


def _shown(row: PhysicianNumber) -> str:
    return numbers.display(numbers.NumberKind(row.kind), row.value)
