"""Mails in words."""

from typing import Any

import pytest

from pacs_settings.config import MAIL_LANGUAGES, config
from pacs_settings.core import mails
from pacs_settings.core.tables import Account, Gender

VALUES = {
    "at": "2026-07-01T22:30:00+00:00",
    "address": "192.0.2.1",
    "browser": "Firefox 128",
    "system": "Linux",
    "detail": "My phone",
}
TEMPLATES = (
    "password_changed",
    "factor_added",
    "factor_removed",
    "account_locked",
    "activated",
    "failures",
    "mobile_registered",
    "new_browser",
    "recovery_low",
    "recovery_renewed",
    "recovery_used",
)
GSM = set(map(chr, range(32, 127))) - set("`[]^{|}~\\") | set("éèàùìòäöüßñåøæÄÖÜÑÅÉ")
LINKS = {"reset": "reset", "invitation": "activation"}
WITHOUT = ("unlocked", "locked_by_owner", "reset_directory", "invitation_directory")


def owner(**values: Any) -> Account:
    defaults = {"first_name": "An", "last_name": "Peeters", "language": "en", "region_id": 1}
    return Account(username="an@demo.example", username_key="", **(defaults | values))


def written(template: str = "password_changed", zone: str = "Europe/Brussels", **values: Any):
    told = VALUES | values.pop("told", {})
    return mails.render(owner(**values), zone, template, told)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"gender": Gender.FEMALE}, "Dear Ms Peeters,"),
        ({"gender": Gender.MALE}, "Dear Mr Peeters,"),
        ({"gender": Gender.OTHER}, "Dear An Peeters,"),
        ({"gender": Gender.NOT_GIVEN}, "Dear An Peeters,"),
        ({"gender": Gender.FEMALE, "title": "Dr"}, "Dear Dr Peeters,"),
        ({"gender": "female"}, "Dear Ms Peeters,"),
        ({"gender": Gender.FEMALE, "language": "nl"}, "Geachte mevrouw Peeters,"),
        ({"gender": Gender.MALE, "language": "nl"}, "Geachte heer Peeters,"),
        ({"gender": Gender.OTHER, "language": "nl"}, "Geachte An Peeters,"),
    ],
)
def test_the_form_of_address(values: dict[str, Any], line: str) -> None:
    assert mails.greeting(owner(**values)) == line
    assert written(**values).body.startswith(f"{line}\n\n")


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_message_is_in_the_language_of_its_owner(template: str) -> None:
    mails = {language: written(template, language=language) for language in MAIL_LANGUAGES}
    assert len({mail.subject for mail in mails.values()}) == len(MAIL_LANGUAGES)
    for language, word in {"en": "Dear ", "nl": "Geachte ", "fr": "Mad", "de": "Guten "}.items():
        assert mails[language].body.startswith(word)
    for mail in mails.values():
        assert "{" not in mail.subject + mail.body
        assert mail.body.endswith("\n")
        assert "\n" not in mail.subject


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("language", MAIL_LANGUAGES)
def test_a_subject_holds_nothing_of_its_owner(template: str, language: str) -> None:
    subject = written(template, language=language).subject
    for told in ("Peeters", "My phone", "192.0.2.1", "Firefox", "an@demo.example"):
        assert told not in subject


def test_what_happened_when_and_from_where() -> None:
    body = written("factor_added", told={"token": "a-token"}).body
    for told in ("My phone", "192.0.2.1", "Firefox 128, Linux", "/settings/security"):
        assert told in body


@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Brussels", "Donderdag"), ("America/New_York", "Woensdag")]
)
def test_the_moment_is_in_the_time_zone_of_the_region(zone: str, day: str) -> None:
    assert day.casefold() in written(zone=zone, language="nl").body.casefold()


def test_what_is_not_known_is_said_so() -> None:
    body = written(told={"address": "", "browser": "", "system": ""}).body
    assert body.count("unknown") == 2


# Codes and links.


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("language", MAIL_LANGUAGES)
def test_an_alert_has_the_link_that_locks_and_says_what_else_to_do(
    template: str, language: str
) -> None:
    mail = written(template, language=language, told={"token": "a-token"})
    assert mail.body.count("/link/lock/a-token") == 1
    assert "/settings/security" in mail.body
    assert "a-token" not in mail.subject


@pytest.mark.parametrize(("template", "purpose"), LINKS.items())
def test_a_link_is_there_once_and_not_in_the_subject(template: str, purpose: str) -> None:
    mail = written(template, told={"token": "a-token"})
    assert mail.body.count("a-token") == 1
    assert f"/link/{purpose}/a-token\n" in mail.body
    assert "/link/lock/" not in mail.body
    assert "a-token" not in mail.subject


@pytest.mark.parametrize("template", WITHOUT)
def test_what_holds_no_secret_has_no_link(template: str) -> None:
    assert "/link/" not in written(template).body


@pytest.mark.parametrize("language", MAIL_LANGUAGES)
@pytest.mark.parametrize(
    ("until", "told"),
    [("22:40:00", "10"), ("22:31:00", "1"), ("22:30:20", "1"), ("23:30:00", "60")],
)
def test_a_code_stands_by_itself_with_its_minutes(language: str, until: str, told: str) -> None:
    values = {"code": "012345", "until": f"2026-07-01T{until}+00:00"}
    mail = written("code", language=language, told=values)
    assert "\n\n012345\n\n" in mail.body
    assert f" {told} minu" in mail.body.casefold()
    assert "012345" not in mail.subject
    assert "/link/" not in mail.body


@pytest.mark.parametrize("language", MAIL_LANGUAGES)
def test_a_text_message_begins_with_its_code_and_fits_into_one(language: str) -> None:
    text = mails.text_message(owner(language=language), "code", {"code": "012345"})
    assert text.startswith("012345 ")
    assert len(text) <= 160
    assert set(text) <= GSM, "another letter makes it a message of 70"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Authenticator app"), ("nl", "Authenticator-app")]
)
def test_a_method_is_named_as_on_the_page(language: str, words: str) -> None:
    told = {"method": "authenticator", "detail": ""}
    assert f"“{words}”" in written("factor_removed", language=language, told=told).body


def test_a_link_leads_to_the_routes_address_in_development(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFLEX_ENV_MODE", "dev")
    config.cache_clear()
    assert "http://localhost:8000/link/lock/" in written(told={"token": "a-token"}).body
    monkeypatch.setenv("REFLEX_ENV_MODE", "prod")
    monkeypatch.setenv("PACS_BASE_URL", "https://portal.example")
    config.cache_clear()
    assert "https://portal.example/link/lock/" in written(told={"token": "a-token"}).body
    config.cache_clear()


def test_a_name_with_braces_is_a_name() -> None:
    body = written("factor_added", told={"detail": "{0} {at} phone"}, last_name="{x}").body
    assert "{0} {at} phone" in body


def test_an_unknown_message_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        written("no_such_template")
