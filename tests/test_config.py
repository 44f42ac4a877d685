"""The configuration."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pacs_settings import config as module
from pacs_settings.config import DEVELOPMENT_KEY, Config

KEY = "a long key of an operator"


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch):
    """Make a configuration from these variables and nothing else."""
    for name in list(module.os.environ):
        if name.startswith("PACS_") or name in ("PORT", "REFLEX_ENV_MODE"):
            monkeypatch.delenv(name)

    def make(**variables: str) -> Config:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return Config()  # type: ignore[call-arg]

    return make


@pytest.fixture
def production(setting):
    """The same in production, with what production needs."""

    def make(**variables: str) -> Config:
        needed = {
            "REFLEX_ENV_MODE": "prod",
            "PACS_SECRET_KEY": KEY,
            "PACS_BASE_URL": "https://portal.example",
        }
        return setting(**(needed | variables))

    return make


def refusal(make, **variables: str) -> str:
    with pytest.raises(ValidationError) as refused:
        make(**variables)
    return str(refused.value)


def test_development_needs_nothing(setting) -> None:
    made = setting()
    assert (made.base_url, made.port, made.lang) == ("http://localhost:3000", 3000, "en")
    assert made.demo is True
    assert made.secret_key == DEVELOPMENT_KEY
    assert made.database_url == "sqlite:///var/pacs_settings.db"
    assert not made.production
    assert not made.secure


@pytest.mark.asvs("6.3.2")
def test_production_has_no_demo_data_unless_told(production) -> None:
    made = production()
    assert made.demo is False
    assert made.production
    assert made.secure
    assert production(PACS_DEMO="1").demo is True


@pytest.mark.parametrize("key", [None, DEVELOPMENT_KEY])
def test_production_refuses_a_key_that_everybody_knows(setting, key: str | None) -> None:
    given = {"PACS_SECRET_KEY": key} if key else {}
    assert "PACS_SECRET_KEY must be given" in refusal(setting, REFLEX_ENV_MODE="prod", **given)


def test_a_short_key_is_refused(production) -> None:
    assert "secret_key" in refusal(production, PACS_SECRET_KEY="short")


def test_a_refusal_does_not_show_the_key(production) -> None:
    assert KEY[:6] not in refusal(production, PACS_BASE_URL="http://portal.example")
    assert "tiny key" not in refusal(production, PACS_SECRET_KEY="tiny key")


@pytest.mark.parametrize("url", ["sekret", "twilio://sekret@from/32470123456", "sekret/{to}"])
def test_a_provider_of_text_messages_is_told_the_number(setting, url: str) -> None:
    told = refusal(setting, PACS_SMS_URL=url)
    assert "PACS_SMS_URL is a URL of Apprise" in told
    assert "sekret" not in told
    made = setting(PACS_SMS_URL="json://sekret@gateway.example/{to}")
    assert made.sms_url.endswith("{to}")
    assert "sekret" not in repr(made)
    assert setting(PACS_SMS_URL="").sms_url == ""


@pytest.mark.parametrize(
    "address",
    ["http://portal.example", "http://192.0.2.1", "http://10.0.0.1:3000", "http://localhost.evil"],
)
def test_without_tls_only_this_machine_itself(setting, production, address: str) -> None:
    for make in (setting, production):
        assert "without TLS" in refusal(make, PACS_BASE_URL=address)


@pytest.mark.parametrize(
    "address", ["http://localhost:3000", "http://127.0.0.1:9", "http://[::1]:3000"]
)
def test_this_machine_itself_may_go_without_tls(production, address: str) -> None:
    made = production(PACS_BASE_URL=address)
    assert made.base_url == address
    assert not made.secure


@pytest.mark.parametrize(
    "address",
    [
        "portal.example",
        "ftp://portal.example",
        "https://",
        "https://portal.example/path",
        "https://portal.example?query",
        "https://portal.example#part",
        "https://someone@portal.example",
        "https://portal.example:port",
        "javascript:alert(1)",
    ],
)
def test_an_address_is_scheme_and_host_only(setting, address: str) -> None:
    assert "such as https://portal.example" in refusal(setting, PACS_BASE_URL=address)


@pytest.mark.parametrize("address", ["https://portal.example/", "HTTPS://Portal.Example"])
def test_an_address_is_kept_as_browsers_write_it(production, address: str) -> None:
    assert production(PACS_BASE_URL=address).base_url == "https://portal.example"


def test_the_port_is_that_of_the_address(setting) -> None:
    assert setting(PORT="3210").base_url == "http://localhost:3210"
    assert "PORT" in refusal(setting, PORT="0")


@pytest.mark.parametrize("lang", ["xx", "EN", "en-GB"])
def test_an_unknown_language_is_refused(setting, lang: str) -> None:
    assert "PACS_LANG is one of en, nl" in refusal(setting, PACS_LANG=lang)


def test_cheap_hashes_are_for_demo_data_only(production) -> None:
    assert "PACS_BCRYPT_COST" in refusal(production, PACS_BCRYPT_COST="9")
    assert production(PACS_BCRYPT_COST="10").bcrypt_cost == 10
    assert production(PACS_BCRYPT_COST="4", PACS_DEMO="1").bcrypt_cost == 4


@pytest.mark.parametrize("cost", ["3", "17", "many"])
def test_the_cost_of_hashes_has_limits(setting, cost: str) -> None:
    assert "bcrypt_cost" in refusal(setting, PACS_BCRYPT_COST=cost)


def test_the_database_is_in_the_folder_of_data_unless_told(setting) -> None:
    made = setting(PACS_DATA_DIR="/srv/pacs")
    assert made.data_dir == Path("/srv/pacs")
    assert made.database_url == "sqlite:////srv/pacs/pacs_settings.db"
    assert setting(PACS_DATABASE_URL="postgresql://db/pacs").database_url == "postgresql://db/pacs"


@pytest.mark.parametrize(
    "address",
    [
        "postgres://portal@db.example/pacs",
        "postgresql://portal:secret@db.example:5432/pacs?sslmode=verify-full",
        "postgresql+psycopg:///pacs?host=/run/postgresql",
        "sqlite:////srv/pacs/pacs_settings.db",
    ],
)
def test_the_database_is_postgresql_or_sqlite(setting, address: str) -> None:
    assert setting(PACS_DATABASE_URL=address).database_url == address


@pytest.mark.parametrize(
    "address",
    ["mysql://u:secret@h/d", "postgresql://u:secret@h", "u:secret@h", "postgresql+asyncpg://u@h/d"],
)
def test_no_other_database_and_its_password_is_not_told(setting, address: str) -> None:
    told = refusal(setting, PACS_DATABASE_URL=address)
    assert "PACS_DATABASE_URL begins with" in told
    assert "secret" not in told.replace("secret_key", "")


def test_the_password_of_the_database_is_not_shown(setting) -> None:
    assert "secret" not in repr(setting(PACS_DATABASE_URL="postgresql://u:secret@h/d"))


def test_only_our_own_pages_may_change_anything(setting, production) -> None:
    assert production().origins == ("https://portal.example",)
    assert production().routes_url == ""
    assert "http://localhost:3000" in setting(REFLEX_ENV_MODE="dev").origins


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Config.model_fields.values())


def test_the_configuration_of_a_process_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    module.config.cache_clear()
    assert module.config() is module.config()
    module.config.cache_clear()


# Mail.


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.9", "[::1]"])
def test_mail_leaves_without_tls_to_this_machine_itself(setting, host: str) -> None:
    assert setting(PACS_SMTP_URL=f"smtp://{host}:25?tls=none").smtp_url.endswith("tls=none")


@pytest.mark.parametrize(
    "host", ["mail.example", "192.0.2.1", "10.0.0.1", "localhost.evil", "[::2]"]
)
def test_mail_leaves_without_tls_to_nobody_else(setting, host: str) -> None:
    told = refusal(setting, PACS_SMTP_URL=f"smtp://portal:sekret@{host}?tls=none")
    assert "PACS_SMTP_URL without TLS" in told
    assert "sekret" not in told


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example?tls=perhaps"]
)
def test_a_mail_server_is_an_address_of_smtp(setting, url: str) -> None:
    assert "PACS_SMTP_URL" in refusal(setting, PACS_SMTP_URL=url)


def test_the_password_of_the_mail_server_is_not_shown(setting) -> None:
    assert "sekret" not in repr(setting(PACS_SMTP_URL="smtps://portal:sekret@mail.example"))


@pytest.mark.parametrize("url", ["http://viewer.example/{uid}", "https://viewer.example", "{uid}"])
def test_a_study_has_an_address_of_its_own_by_tls(setting, url: str) -> None:
    assert "PACS_STUDY_URL" in refusal(setting, PACS_STUDY_URL=url)
