"""The nouns of the product as tables; constraints hold what code might forget."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pacs_settings.core.clock import now
from pacs_settings.core.db import UtcDateTime


class Gender(StrEnum):
    """Form of address in automated mails."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    NOT_GIVEN = "not_given"


class AccountState(StrEnum):
    """Where an account is in its life."""

    INVITED = "invited"
    ACTIVE = "active"
    LOCKED = "locked"
    DISABLED = "disabled"


class Means(StrEnum):
    """By which means somebody tried to sign in."""

    PASSWORD = "password"
    DIRECTORY = "directory"
    AUTHENTICATOR = "authenticator"
    SMS = "sms"
    EMAIL = "email"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


class Method(StrEnum):
    """The second factor that an account has chosen; the strongest first."""

    PASSKEY = "passkey"
    AUTHENTICATOR = "authenticator"
    SMS = "sms"
    EMAIL = "email"
    NONE = "none"


class Outcome(StrEnum):
    """How a sign-in attempt ended."""

    SUCCESS = "success"
    FAILURE = "failure"


def _one_of(name: str, values: type[StrEnum]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{name} IN ({listed})", name=name)


def _moment(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)  # type: ignore[call-overload]


def _json(**options: Any) -> Any:
    return Field(sa_type=sa.JSON, **options)


def _owner(**options: Any) -> Any:
    return Field(foreign_key="account.id", ondelete="CASCADE", **options)


class Region(SQLModel, table=True):
    """A policy: what signing in takes and how long it lasts."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=100, unique=True)
    strong_authentication: bool = False
    second_factors: list[str] = _json(
        default_factory=lambda: [method for method in Method if method != Method.NONE]
    )
    email_when_mandatory: bool = False
    code_seconds: int = 600
    password_minimum: int | None = None
    idle_seconds: int = 1800
    absolute_seconds: int = 14400
    lock_seconds: int = 900
    language: str = Field(default="en", max_length=8)
    phone_country: str = Field(default="BE", max_length=2)
    time_zone: str = Field(default="Europe/Brussels", max_length=64)
    number_kinds: list[str] = _json(default_factory=lambda: ["riziv"])
    validate_unsigned: bool = False  # whether reports may be validated without a signature


class Domain(SQLModel, table=True):
    """An e-mail domain whose passwords a directory checks."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=253, unique=True)
    directory: str = Field(max_length=20)
    administrator: str = Field(default="", max_length=254)
    urls: list[str] = _json(default_factory=list)
    base_dn: str = Field(default="", max_length=255)
    bind_as: str = Field(default="", max_length=255)
    sealed_bind_password: str = Field(default="", max_length=512)
    ca_file: str = Field(default="", max_length=255)
    start_tls: bool = False
    timeout_seconds: int = 5
    create_accounts: bool = False
    region_id: int | None = Field(default=None, foreign_key="region.id")


class Account(SQLModel, table=True):
    """A person who may sign in."""

    __table_args__ = (_one_of("gender", Gender), _one_of("state", AccountState))

    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(max_length=254)
    username_key: str = Field(max_length=254, unique=True)
    title: str = Field(default="", max_length=40)
    first_name: str = Field(max_length=100)
    last_name: str = Field(max_length=100)
    gender: Gender = Field(default=Gender.NOT_GIVEN, sa_type=sa.String(12))
    mobile_phone: str | None = Field(default=None, max_length=16)
    work_phone: str | None = Field(default=None, max_length=16)
    language: str = Field(default="en", max_length=8)
    state: AccountState = Field(default=AccountState.INVITED, sa_type=sa.String(12))
    region_id: int = Field(foreign_key="region.id", index=True)
    domain_id: int | None = Field(default=None, foreign_key="domain.id", index=True)
    directory_guid: str | None = Field(default=None, max_length=36)
    may_edit_reports: bool = False
    service_desk: bool = False
    password_hash: str | None = Field(default=None, max_length=100)
    second_factor: Method = Field(default=Method.NONE, sa_type=sa.String(16))
    wrong_codes: int = 0
    locked_until: datetime | None = _moment(default=None)
    contact_public: bool = True
    email_public: bool = False
    mobile_public: bool = False
    default_on_study: bool = True
    default_on_report: bool = True
    created_at: datetime = _moment(default_factory=now)


class PhysicianNumber(SQLModel, table=True):
    """A number under which a physician is known, such as RIZIV."""

    __tablename__ = "physician_number"
    __table_args__ = (sa.UniqueConstraint("kind", "value"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _owner(index=True)
    kind: str = Field(max_length=10)
    value: str = Field(max_length=20)
    stable: str = Field(default="", max_length=20, index=True)


class TotpDevice(SQLModel, table=True):
    """An authenticator; `confirmed_at` is empty until a code has proven it."""

    __tablename__ = "totp_device"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _owner(index=True)
    name: str = Field(max_length=60)
    sealed_secret: str = Field(max_length=255)
    last_step: int = 0
    created_at: datetime = _moment(default_factory=now)
    confirmed_at: datetime | None = _moment(default=None)


class SignInSession(SQLModel, table=True):
    """One signed-in browser; the token is stored as a hash only."""

    __tablename__ = "sign_in_session"

    id: str = Field(primary_key=True, max_length=24)
    token_hash: str = Field(max_length=64)
    account_id: int = _owner(index=True)
    means: Means = Field(sa_type=sa.String(16))
    address: str = Field(max_length=45)
    user_agent: str = Field(default="", max_length=512)
    started_at: datetime = _moment(default_factory=now)
    used_at: datetime = _moment(default_factory=now)
    until: datetime = _moment()
    idle_seconds: int
    ended_at: datetime | None = _moment(default=None)
    ended_why: str = Field(default="", max_length=20)
    proven_at: datetime | None = _moment(default_factory=now)
    proven_by: str = Field(default="", max_length=16)  # empty while that of signing in


class PendingSignIn(SQLModel, table=True):
    """A sign-in between its steps, known to the browser by a token of its own."""

    __tablename__ = "pending_sign_in"

    token_hash: str = Field(primary_key=True, max_length=64)
    typed: str = Field(default="", max_length=254)
    account_id: int | None = _owner(default=None, nullable=True, index=True)
    proven_at: datetime | None = _moment(default=None)
    method: Method = Field(default=Method.NONE, sa_type=sa.String(16))
    directory_guid: str | None = Field(default=None, max_length=36)
    refusal: str = Field(default="", max_length=40)
    retry_seconds: int = 0
    created_at: datetime = _moment(default_factory=now, index=True)


class KnownBrowser(SQLModel, table=True):
    """A browser that has signed in to an account before (a cookie, never an address)."""

    __tablename__ = "known_browser"

    token_hash: str = Field(primary_key=True, max_length=64)
    account_id: int = _owner(primary_key=True)
    used_at: datetime = _moment(default_factory=now)


class RememberedBrowser(SQLModel, table=True):
    """A known browser that is not asked for a second factor until a moment."""

    __tablename__ = "remembered_browser"
    __table_args__ = (sa.UniqueConstraint("token_hash", "account_id"),)

    id: str = Field(primary_key=True, max_length=24)
    token_hash: str = Field(max_length=64)
    account_id: int = _owner(index=True)
    address: str = Field(max_length=45)
    user_agent: str = Field(default="", max_length=512)
    created_at: datetime = _moment(default_factory=now)
    until: datetime = _moment()


class Challenge(SQLModel, table=True):
    """What must be answered next: a hashed code, or a passkey's challenge.

    One for each purpose and what it is bound to (a sign-in, a session, a link), so only the last
    one counts.
    """

    purpose: str = Field(primary_key=True, max_length=20)
    bound_to: str = Field(primary_key=True, max_length=64)
    account_id: int = _owner(index=True)
    secret: str = Field(max_length=128)
    destination: str = Field(default="", max_length=254)
    created_at: datetime = _moment(default_factory=now)
    expires_at: datetime = _moment(index=True)


class RecoveryCode(SQLModel, table=True):
    """One of ten codes for the day that the second factor is lost; stored as a keyed hash."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("account_id", "code_hash"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _owner()
    code_hash: str = Field(max_length=64)
    used_at: datetime | None = _moment(default=None)


class Passkey(SQLModel, table=True):
    """A WebAuthn credential; identifier and public key in base64url."""

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _owner(index=True)
    name: str = Field(max_length=60)
    credential_id: str = Field(max_length=1400, unique=True)
    public_key: str = Field(sa_type=sa.Text)
    sign_count: int = Field(default=0, sa_type=sa.BigInteger)
    created_at: datetime = _moment(default_factory=now)
    used_at: datetime | None = _moment(default=None)


class MailLink(SQLModel, table=True):
    """A link that was mailed; its token is stored as a hash only, and it works once."""

    __tablename__ = "mail_link"

    token_hash: str = Field(primary_key=True, max_length=64)
    purpose: str = Field(max_length=12)
    account_id: int = _owner(index=True)
    created_at: datetime = _moment(default_factory=now)
    expires_at: datetime = _moment(index=True)
    used_at: datetime | None = _moment(default=None)


class ForgottenPassword(SQLModel, table=True):
    """Somebody asked for a link; looked up by the worker, so that the answer tells nothing."""

    __tablename__ = "forgotten_password"

    id: int | None = Field(default=None, primary_key=True)
    typed: str = Field(max_length=254)
    address: str = Field(max_length=45)
    user_agent: str = Field(default="", max_length=512)
    created_at: datetime = _moment(default_factory=now)


class Throttle(SQLModel, table=True):
    """Failures that count against a key: an account, an address, a browser."""

    key: str = Field(primary_key=True, max_length=120)
    failures: float = 0
    last_failure: datetime = _moment(default_factory=now, index=True)
    blocked_until: datetime = _moment(default_factory=now)


class SignInAttempt(SQLModel, table=True):
    """A line of the login history."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        sa.Index("ix_sign_in_attempt_history", "account_id", "id"),
        _one_of("outcome", Outcome),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _owner()
    at: datetime = _moment(default_factory=now)
    address: str = Field(max_length=45)
    user_agent: str = Field(default="", max_length=512)
    means: Means = Field(sa_type=sa.String(16))
    outcome: Outcome = Field(sa_type=sa.String(8))
    reason: str = Field(default="", max_length=40)


class Source(SQLModel, table=True):
    """A radiology department that sends studies, and by which ways.

    `orthanc_cursor` is the last change read of its image archive; reports come under the names of
    MSH-3 and MSH-4 from `hl7_addresses` (networks; none means this machine itself). Validated
    reports go back to its archive where `return_archive` says so, and to `result_host` by HL7.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=120, unique=True)
    number_kinds: list[str] = _json(default_factory=lambda: ["riziv"])
    orthanc_url: str = Field(default="", max_length=255)
    sealed_orthanc_login: str = Field(default="", max_length=512)
    orthanc_cursor: int | None = Field(default=None, sa_type=sa.BigInteger)
    hl7_application: str = Field(default="", max_length=180, index=True)
    hl7_facility: str = Field(default="", max_length=180)
    hl7_addresses: list[str] = _json(default_factory=list)
    preliminary: bool = False
    return_archive: bool = False
    result_host: str = Field(default="", max_length=255)
    result_port: int = 0
    result_tls: bool = False
    seen_at: datetime | None = _moment(default=None)
    problem: str = Field(default="", max_length=200)


class SourceToken(SQLModel, table=True):
    """A bearer token of a source, stored as a hash; a rotated one lasts until `expires_at`."""

    __tablename__ = "source_token"

    token_hash: str = Field(primary_key=True, max_length=64)
    source_id: int = Field(foreign_key="source.id", ondelete="CASCADE", index=True)
    created_at: datetime = _moment(default_factory=now)
    expires_at: datetime | None = _moment(default=None)


class GroupPractice(SQLModel, table=True):
    """A group of physicians that shares mappings."""

    __tablename__ = "group_practice"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=120, unique=True)


class GroupMember(SQLModel, table=True):
    """Somebody who belongs to a group practice."""

    __tablename__ = "group_member"

    group_id: int = Field(primary_key=True, foreign_key="group_practice.id", ondelete="CASCADE")
    account_id: int = _owner(primary_key=True, index=True)


class Mapping(SQLModel, table=True):
    """Studies of a source, under a name and a number, that reach an account."""

    __table_args__ = (
        sa.UniqueConstraint("account_id", "source_id", "name_at_source", "physician_number_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _owner(index=True)
    source_id: int = Field(foreign_key="source.id", index=True)
    name_at_source: str = Field(max_length=120)
    physician_number_id: int = Field(
        foreign_key="physician_number.id", ondelete="CASCADE", index=True
    )
    group_id: int | None = Field(default=None, foreign_key="group_practice.id", index=True)
    on_study: bool = True
    on_report: bool = True
    created_at: datetime = _moment(default_factory=now)
    # When somebody else than its owner made or changed it, so that open pages show it.
    changed_at: datetime | None = _moment(default=None, index=True)


class StudyKind(StrEnum):
    """What a source tells about."""

    STUDY = "study"
    REPORT = "report"


class ReportStatus(StrEnum):
    """How far a report is (HL7 table 0123: P, F, C); a study has none."""

    NONE = ""
    PRELIMINARY = "preliminary"
    FINAL = "final"
    CORRECTED = "corrected"


class ReceivedEvent(SQLModel, table=True):
    """A new study with images, or a report, from a source; of the patient only the initials.

    `key` names what it tells, `message_key` the message that told it: neither comes in twice.
    `subject` is what it is about: StudyInstanceUID, accession number, or the report's own number.
    """

    __tablename__ = "study_event"
    __table_args__ = (
        sa.UniqueConstraint("source_id", "key"),
        sa.UniqueConstraint("source_id", "message_key"),
        sa.Index("ix_study_event_subject", "source_id", "subject"),
        _one_of("kind", StudyKind),
        _one_of("status", ReportStatus),
    )

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    kind: StudyKind = Field(sa_type=sa.String(8))
    status: ReportStatus = Field(default=ReportStatus.NONE, sa_type=sa.String(12))
    key: str = Field(max_length=160)
    message_key: str | None = Field(default=None, max_length=160)
    digest: str = Field(default="", max_length=64)
    subject: str = Field(max_length=64)
    study_instance_uid: str = Field(default="", max_length=64)
    accession_number: str = Field(default="", max_length=64)
    patient_initials: str = Field(default="", max_length=10)
    description: str = Field(default="", max_length=200)
    institution: str = Field(default="", max_length=120)
    studied_on: date | None = None
    received_at: datetime = _moment(default_factory=now)


class Fate(StrEnum):
    """What became of an event for one physician that it names."""

    MAILED = "mailed"
    SWITCHED_OFF = "switched_off"
    SUPERSEDED = "superseded"
    UNWANTED = "unwanted"
    REPEATED = "repeated"
    NOT_ACTIVE = "not_active"
    TOO_OLD = "too_old"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"


class EventRecipient(SQLModel, table=True):
    """A physician whom an event names; `account_id` is empty while nobody has the number."""

    __tablename__ = "event_recipient"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "account_id"),
        sa.Index("ix_event_recipient_mapping", "mapping_id", "event_id"),
        _one_of("fate", Fate),
    )

    id: int | None = Field(default=None, primary_key=True)
    event_id: int = Field(foreign_key="study_event.id", ondelete="CASCADE")
    number: str = Field(max_length=20)
    stable: str = Field(max_length=20, index=True)
    name_at_source: str = Field(default="", max_length=120)
    fate: Fate = Field(sa_type=sa.String(16))
    account_id: int | None = _owner(default=None, nullable=True, index=True)
    mapping_id: int | None = Field(default=None, foreign_key="mapping.id", ondelete="SET NULL")
    message_id: int | None = Field(
        default=None, foreign_key="outbox_message.id", ondelete="SET NULL", index=True
    )


class SignatureKind(StrEnum):
    """How a signature was made."""

    DRAWN = "drawn"
    TYPED = "typed"
    PICTURE = "picture"


class Signature(SQLModel, table=True):
    """One version of a report signature, never changed; one that is withdrawn signs no more.

    `drawing` is the canonical text of what it is (see `signature_kinds`); `proven_by` the means by
    which its owner had proven to be there.
    """

    __table_args__ = (sa.UniqueConstraint("account_id", "version"), _one_of("kind", SignatureKind))

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _owner()
    version: int
    kind: SignatureKind = Field(default=SignatureKind.DRAWN, sa_type=sa.String(8))
    drawing: str = Field(sa_type=sa.Text)
    sha256: str = Field(max_length=64)
    session_id: str = Field(max_length=24)
    proven_by: str = Field(default="", max_length=16)
    created_at: datetime = _moment(default_factory=now)
    withdrawn_at: datetime | None = _moment(default=None)


class ReportRight(SQLModel, table=True):
    """Somebody who may edit the reports of a source; only with `may_edit_reports` as well."""

    __tablename__ = "report_right"

    account_id: int = _owner(primary_key=True)
    source_id: int = Field(
        primary_key=True, foreign_key="source.id", ondelete="CASCADE", index=True
    )


class ReportState(StrEnum):
    """How far a report of ours is."""

    EMPTY = "empty"
    IN_PROGRESS = "in_progress"
    VALIDATED = "validated"


class Report(SQLModel, table=True):
    """The report of one study; `subject` is its StudyInstanceUID or accession number.

    `revision` is the number of its latest version, 0 while it has none.
    """

    __table_args__ = (
        sa.UniqueConstraint("source_id", "subject"),
        sa.Index("ix_report_listed", "source_id", "state", "created_at"),
        sa.Index("ix_report_order", "source_id", "accession_number"),
        _one_of("state", ReportState),
    )

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id", ondelete="CASCADE")
    subject: str = Field(max_length=64)
    study_instance_uid: str = Field(default="", max_length=64)
    accession_number: str = Field(default="", max_length=64)
    patient_initials: str = Field(default="", max_length=10)
    description: str = Field(default="", max_length=200)
    institution: str = Field(default="", max_length=120)
    studied_on: date | None = None
    state: ReportState = Field(default=ReportState.EMPTY, sa_type=sa.String(12))
    revision: int = 0
    created_at: datetime = _moment(default_factory=now)
    changed_at: datetime = _moment(default_factory=now)


class VersionKind(StrEnum):
    """What made a version of a report."""

    SAVED = "saved"
    VALIDATED = "validated"
    ADDENDUM = "addendum"


class ReportVersion(SQLModel, table=True):
    """A report as it was at one moment, never changed: its text, and who signed how.

    An addendum has its text as findings. `signature_id` is the very version that signed; the
    signer's name and number are those of that moment.
    """

    __tablename__ = "report_version"
    __table_args__ = (sa.UniqueConstraint("report_id", "number"), _one_of("kind", VersionKind))

    id: int | None = Field(default=None, primary_key=True)
    report_id: int = Field(foreign_key="report.id", ondelete="CASCADE")
    number: int
    kind: VersionKind = Field(sa_type=sa.String(12))
    findings: str = Field(default="", sa_type=sa.Text)
    conclusion: str = Field(default="", sa_type=sa.Text)
    sha256: str = Field(max_length=64)
    # Reports outlive those who wrote them: what stands here is kept without the account.
    editor_id: int | None = Field(
        default=None, foreign_key="account.id", ondelete="SET NULL", index=True
    )
    signature_id: int | None = Field(
        default=None, foreign_key="signature.id", ondelete="RESTRICT", index=True
    )
    signer_name: str = Field(max_length=250)
    signer_number: str = Field(default="", max_length=40)
    session_id: str = Field(default="", max_length=24)
    proven_by: str = Field(default="", max_length=16)
    created_at: datetime = _moment(default_factory=now)


class ReportDraft(SQLModel, table=True):
    """What somebody has typed and not saved, and the revision it was typed upon."""

    __tablename__ = "report_draft"

    account_id: int = _owner(primary_key=True)
    report_id: int = Field(
        primary_key=True, foreign_key="report.id", ondelete="CASCADE", index=True
    )
    revision: int
    findings: str = Field(default="", sa_type=sa.Text)
    conclusion: str = Field(default="", sa_type=sa.Text)
    kept_at: datetime = _moment(default_factory=now)


class AuditEntry(SQLModel, table=True):
    """Who did what, from where, with what before and after."""

    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _moment(default_factory=now)
    actor_id: int | None = Field(default=None, foreign_key="account.id", index=True)
    session_id: str = Field(default="", max_length=24)
    address: str = Field(default="", max_length=45)
    tag: str = Field(max_length=60)
    before: dict[str, Any] = _json(default_factory=dict)
    after: dict[str, Any] = _json(default_factory=dict)


class OutboxMessage(SQLModel, table=True):
    """A message that must leave; written in the transaction of what it tells.

    `next_try` is empty once it was sent or given up.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (sa.Index("ix_outbox_message_due", "channel", "next_try"),)

    id: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(max_length=60, unique=True)
    account_id: int = _owner(index=True)
    channel: str = Field(default="mail", max_length=8)
    to: str = Field(default="", max_length=254)
    template: str = Field(max_length=40)
    values: dict[str, Any] = _json(default_factory=dict)
    sealed: str = Field(default="", sa_type=sa.Text)
    created_at: datetime = _moment(default_factory=now)
    next_try: datetime | None = _moment(default_factory=now)
    tries: int = 0
    sent_at: datetime | None = _moment(default=None)
    problem: str = Field(default="", max_length=200)


class ReportPdf(SQLModel, table=True):
    """The sealed PDF of a version of a report, made once: everybody gets the same bytes."""

    __tablename__ = "report_pdf"

    version_id: int = Field(
        primary_key=True,
        foreign_key="report_version.id",
        ondelete="CASCADE",
        sa_column_kwargs={"autoincrement": False},
    )
    pdf: bytes
    sha256: str = Field(max_length=64)
    sealed_at: datetime = _moment(default_factory=now)


class Favorite(SQLModel, table=True):
    """A colleague that somebody keeps at hand; what is shown of them is decided anew each time."""

    __table_args__ = (sa.UniqueConstraint("owner_id", "account_id"),)

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = _owner()
    account_id: int = _owner(index=True)
    created_at: datetime = _moment(default_factory=now)


class LookUp(SQLModel, table=True):
    """What somebody types just now to find a colleague; a line of the audit trail when done."""

    __tablename__ = "look_up"

    account_id: int = _owner(primary_key=True)
    session_id: str = Field(max_length=24)
    address: str = Field(max_length=45)
    query: str = Field(max_length=100)
    searches: int = 0
    shown: int = 0
    began_at: datetime = _moment(default_factory=now)
    used_at: datetime = _moment(default_factory=now, index=True)
