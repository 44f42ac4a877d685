"""One typed configuration, read from `PACS_*` and `PORT`; refuses what is unsafe in production."""

import os
import re
from functools import cached_property, lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LANGUAGES = ("en", "nl")  # of the screens
MAIL_LANGUAGES = ("en", "nl", "fr", "de")
DEVELOPMENT_KEY = "development-only-key-never-for-real-data"
_ORIGIN = re.compile(r"https?://([\w.-]+|\[[0-9a-f:]+\])(:\d{1,5})?")
_DATABASE = re.compile(r"(postgres(ql(\+psycopg)?)?://[^/]*/|sqlite:///).+")


class Config(BaseSettings):
    """Every setting of the product; the table in README is generated from these fields."""

    model_config = SettingsConfigDict(
        env_prefix="PACS_",
        env_ignore_empty=True,
        populate_by_name=True,
        extra="ignore",
        hide_input_in_errors=True,  # secrets are among it
    )

    secret_key: str = Field(
        DEVELOPMENT_KEY,
        min_length=16,
        repr=False,
        description="Keys for secrets at rest are derived from it. Must be given in production; "
        "losing it means that authenticator devices must be linked again.",
    )
    port: int = Field(
        3000,
        ge=1,
        le=65535,
        validation_alias="PORT",
        description="The one port of `make serve`.",
    )
    host: str = Field("127.0.0.1", description="Address that `make serve` listens on.")
    base_url: str = Field(
        "",
        description="Address in the browser, the only origin accepted. `http` on loopback only.",
    )
    data_dir: Path = Field(Path("var"), description="Database and outbox files.")
    database_url: str = Field(
        "",
        repr=False,
        description="`postgresql://user:password@host:5432/name`; SQLite in the data folder "
        "where it is not given.",
    )
    demo: bool | None = Field(
        None,
        description="Demo data into an empty database. Off in production, on in development.",
    )
    lang: str = Field(
        "en",
        description="Language that a build (or `reflex run`) shows: one of en, nl.",
    )
    build_dir: Path = Field(Path(".build"), description="Where the built pages are.")
    bcrypt_cost: int = Field(12, ge=4, le=16, description="Work factor of password hashes.")
    hash_threads: int = Field(
        0, ge=0, description="Threads for password hashes; 0 means processors less one."
    )
    trusted_proxy_hops: int = Field(
        0, ge=0, le=5, description="Reverse proxies whose X-Forwarded-For is believed."
    )

    smtp_url: str = Field(
        "",
        repr=False,
        description="Mail server: `smtp://user:password@host:587` (STARTTLS is required; "
        "`?tls=none` on this machine only), or `smtps://`; `?ca=FILE` for an authority of one's "
        "own. Without one, mails are files in the outbox.",
    )
    mail_from: str = Field(
        "PACS settings <no-reply@pacs-settings.example>", description="Sender of mails."
    )
    study_url: str = Field(
        "",
        description="Where e-mails lead for a study: an address with `{uid}` for its"
        " StudyInstanceUID; the portal where it is not given.",
    )
    intake: bool = Field(
        True, description="Whether this process listens to sources (one process shall)."
    )
    hl7_port: int = Field(
        0, ge=0, le=65535, description="Port for reports by HL7 over MLLP; 0 means none."
    )
    hl7_host: str = Field("127.0.0.1", description="Address that the HL7 port listens on.")
    hl7_certificate: str = Field(
        "", description="PEM file with certificate and key, for HL7 over TLS."
    )
    sms_url: str = Field(
        "",
        repr=False,
        description="Provider of text messages, as an Apprise URL with `{to}` for the number; "
        "without one they are written to the outbox files.",
    )

    seal_certificate: str = Field(
        "",
        description="Certificate that seals PDFs of reports: a PKCS#12 file, or a PEM file with"
        " key and certificates. With demo data one is made in the data folder.",
    )
    seal_passphrase: str = Field("", repr=False, description="Its passphrase.")
    seal_passphrase_file: str = Field("", description="File with its passphrase, instead.")
    seal_former: str = Field(
        "", description="PEM file of certificates that sealed before, for `make verify-pdf`."
    )
    seal_timestamp_url: str = Field(
        "", description="Timestamp authority (RFC 3161) for seals; without one they have none."
    )

    @field_validator("lang")
    @classmethod
    def _known_language(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise ValueError(f"PACS_LANG is one of {', '.join(LANGUAGES)}")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not _DATABASE.fullmatch(value):
            raise ValueError(
                "PACS_DATABASE_URL begins with postgresql:// and names a database, "
                "or with sqlite:/// and names a file"
            )
        return value

    @field_validator("sms_url")
    @classmethod
    def _names_the_recipient(cls, value: str) -> str:
        if value and ("://" not in value or "{to}" not in value):
            raise ValueError("PACS_SMS_URL is a URL of Apprise with {to} in place of the number")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_mail_server(cls, value: str) -> str:
        address = urlsplit(value)
        if value and (address.scheme not in ("smtp", "smtps") or not address.hostname):
            raise ValueError("PACS_SMTP_URL begins with smtp:// or smtps:// and names a host")
        tls = parse_qs(address.query).get("tls", ["start"])[-1]
        if tls not in ("start", "none"):
            raise ValueError("tls in PACS_SMTP_URL is start or none")
        if tls == "none" and not _loopback(address.hostname or ""):
            raise ValueError("PACS_SMTP_URL without TLS is only accepted for this machine itself")
        return value

    @field_validator("study_url")
    @classmethod
    def _leads_to_a_study(cls, value: str) -> str:
        if value and not (value.startswith("https://") and "{uid}" in value):
            raise ValueError("PACS_STUDY_URL is an https address with {uid} in it")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        self.base_url = (self.base_url or f"http://localhost:{self.port}").rstrip("/").lower()
        self.database_url = self.database_url or f"sqlite:///{self.data_dir}/pacs_settings.db"
        if self.demo is None:
            self.demo = not self.production
        self._refuse_unsafe()
        return self

    def _refuse_unsafe(self) -> None:
        address = urlsplit(self.base_url)
        if not _ORIGIN.fullmatch(self.base_url):
            raise ValueError("PACS_BASE_URL is an address such as https://portal.example")
        if address.scheme == "http" and not _loopback(address.hostname or ""):
            raise ValueError("PACS_BASE_URL without TLS is only accepted for this machine itself")
        if self.production and self.secret_key == DEVELOPMENT_KEY:
            raise ValueError("PACS_SECRET_KEY must be given in production")
        if self.production and self.bcrypt_cost < 10 and not self.demo:
            raise ValueError("PACS_BCRYPT_COST below 10 is only accepted with demo data")

    @cached_property
    def production(self) -> bool:
        """Whether this process serves built pages rather than Reflex's development server."""
        return os.environ.get("REFLEX_ENV_MODE", "dev").lower() == "prod"

    @cached_property
    def development_url(self) -> str:
        """Where Reflex's development server shows the pages."""
        return f"http://localhost:{os.environ.get('REFLEX_FRONTEND_PORT', '3000')}"

    @cached_property
    def secure(self) -> bool:
        """Whether the browser speaks TLS with us (or with the proxy before us)."""
        return self.base_url.startswith("https://")

    @cached_property
    def routes_url(self) -> str:
        """Origin of our HTTP routes; empty where it is that of the pages."""
        port = os.environ.get("REFLEX_BACKEND_PORT", "8000")
        return "" if self.production else f"http://localhost:{port}"

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """The origins from which a browser may change anything."""
        if self.production:
            return (self.base_url,)
        return (self.development_url, self.routes_url)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1)
def config() -> Config:
    """The configuration of this process; raises ValidationError with a sentence when unusable."""
    return Config()  # type: ignore[call-arg]


def table() -> str:
    """All settings as a Markdown table, for README."""
    lines = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Config.model_fields.items():
        variable = field.validation_alias or f"PACS_{name.upper()}"
        given = "" if name == "secret_key" or field.default in ("", None) else f"`{field.default}`"
        lines.append(f"| `{variable}` | {given} | {field.description} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
