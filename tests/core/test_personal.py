"""Personal settings."""

from typing import Any

import pytest

from pacs_settings.config import MAIL_LANGUAGES
from pacs_settings.core import personal
from pacs_settings.core.errors import Refused
from pacs_settings.core.personal import NumberLine
from pacs_settings.core.tables import AuditEntry
from tests import factories
from tests.factories import AN, JAN, SOFIE

pytestmark = pytest.mark.usefixtures("database")
GOOD = {"gender": "female", "work_phone": "09 200 11 22", "language": "en"}


def save(username: str = AN, **typed: Any) -> personal.PersonalSettings:
    return personal.save(factories.actor(factories.person(username)), GOOD | typed)


def refusal(**typed: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        save(**typed)
    return refused.value


def test_an_account_reads_its_own_settings() -> None:
    shown = personal.load(factories.own(factories.person(AN)))
    assert shown.name == "Dr An Peeters"
    assert shown.username == AN
    assert shown.mobile_phone == "0470 12 34 52"
    assert shown.work_phone == "09 200 11 22"
    assert (shown.gender, shown.language) == ("female", "en")


def test_numbers_are_shown_with_their_kind_and_grouped() -> None:
    shown = personal.load(factories.own(factories.person(AN)))
    assert shown.numbers == [
        NumberLine("riziv", "1-23456-25-004"),
        NumberLine("riziv", "1-32001-75-004"),
    ]


def test_an_account_without_numbers_and_phones_has_none() -> None:
    shown = personal.load(factories.own(factories.account()))
    assert (shown.numbers, shown.mobile_phone, shown.work_phone) == ([], "", "")
    assert shown.name == "Robin Willems"


@pytest.mark.parametrize(
    ("username", "typed", "stored", "shown"),
    [
        (AN, "09/200.11.23", "+3292001123", "09 200 11 23"),
        (AN, "+31 20 123 4567", "+31201234567", "+31 20 123 4567"),
        (JAN, "020 123 4567", "+31201234567", "020 123 4567"),
        (JAN, "+32 9 200 11 23", "+3292001123", "+32 9 200 11 23"),
        (AN, "  ", None, ""),
    ],
)
def test_a_phone_is_kept_as_e164_and_shown_as_the_region_writes_it(
    username: str, typed: str, stored: str | None, shown: str
) -> None:
    assert save(username, work_phone=typed).work_phone == shown
    assert factories.person(username).work_phone == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("\u202a\u202c", "phone_empty"),
        ("call me", "phone_letters"),
        ("+999 200 11 22", "phone_no_country"),
        ("09 2", "phone_too_short"),
        ("09 200 11 22 33 44 55 66", "phone_too_long"),
        ("+32 00 200 11 22", "phone_not_valid"),
        ("0" * 41, "not_valid_work_phone"),
        (None, "not_valid_work_phone"),
        (92001122, "not_valid_work_phone"),
    ],
)
def test_a_wrong_phone_is_refused_with_the_reason(typed: object, code: str) -> None:
    refused = refusal(work_phone=typed)
    assert (refused.code, refused.field) == (code, "work_phone")


@pytest.mark.parametrize("gender", ["", "Female", "unknown", None, 1, ["female"]])
def test_a_gender_is_one_of_four(gender: object) -> None:
    refused = refusal(gender=gender)
    assert (refused.code, refused.field) == ("not_valid_gender", "gender")


@pytest.mark.parametrize("language", ["", "xx", "EN", "../en", None, {"en": 1}])
def test_a_language_is_one_that_we_speak(language: object) -> None:
    refused = refusal(language=language)
    assert (refused.code, refused.field) == ("not_valid_language", "language")


@pytest.mark.parametrize("missing", list(GOOD))
def test_what_is_missing_is_refused(missing: str) -> None:
    typed = {name: value for name, value in GOOD.items() if name != missing}
    with pytest.raises(Refused) as refused:
        personal.save(factories.actor(factories.person(AN)), typed)
    assert refused.value.field == missing


@pytest.mark.parametrize("gender", ["female", "male", "other", "not_given"])
@pytest.mark.parametrize("language", MAIL_LANGUAGES)
def test_gender_and_language_are_stored(gender: str, language: str) -> None:
    shown = save(gender=gender, language=language)
    assert (shown.gender, shown.language) == (gender, language)
    stored = factories.person(AN)
    assert (stored.gender, stored.language) == (gender, language)


@pytest.mark.parametrize(
    "wrong", [{"work_phone": "call me"}, {"language": "xx"}, {"gender": "unknown"}]
)
def test_nothing_is_half_saved(wrong: dict[str, str]) -> None:
    before = dict(factories.person(AN))
    refusal(**({"gender": "male", "language": "nl", "work_phone": "09 200 11 99"} | wrong))
    assert dict(factories.person(AN)) == before
    assert factories.rows(AuditEntry) == []


@pytest.mark.asvs("8.2.3")
def test_what_only_the_service_desk_changes_stays() -> None:
    before = factories.person(AN)
    save(username=AN, mobile_phone="+32470999999", title="Prof", service_desk=True, id=1)
    after = factories.person(AN)
    assert {**dict(before), **GOOD} == {**dict(after), **GOOD}


def test_other_accounts_stay_as_they_are() -> None:
    before = dict(factories.person(SOFIE))
    save(gender="other")
    assert dict(factories.person(SOFIE)) == before


def test_a_change_is_audited_with_before_and_after() -> None:
    save(gender="other", work_phone="")
    [entry] = factories.rows(AuditEntry)
    assert entry.tag == "account:personal:changed"
    assert entry.before == {"gender": "female", "work_phone": "+3292001122", "language": "en"}
    assert entry.after == {"gender": "other", "work_phone": None, "language": "en"}


def test_saving_without_a_change_is_no_change() -> None:
    save()
    assert factories.rows(AuditEntry) == []
