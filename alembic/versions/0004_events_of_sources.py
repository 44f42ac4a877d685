"""What sources tell, whom it reaches, tokens of sources, members of group practices."""

import sqlalchemy as sa
from alembic import op

from pacs_settings.core.accounts.numbers import NumberKind, stable_part
from pacs_settings.core.db import UtcDateTime

revision = "0004"
down_revision = "0003"

KINDS = "kind IN ('study', 'report')"
STATUSES = "status IN ('', 'preliminary', 'final', 'corrected')"
FATES = (
    "fate IN ('mailed', 'switched_off', 'superseded', 'unwanted', 'repeated', 'not_active',"
    " 'too_old', 'unknown', 'ambiguous')"
)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), server_default="", nullable=False)


def _moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def _number(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _key(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name, ondelete=ondelete)


def upgrade() -> None:
    """Apply."""
    _columns()
    _stable_numbers()
    _outbox()
    op.drop_table("study_event")  # nothing has ever written to it
    _events()
    _tokens_and_members()


def _columns() -> None:
    # Plain statements, not Alembic's batches: see 0002.
    op.add_column(
        "source",
        sa.Column("number_kinds", sa.JSON(), server_default='["riziv"]', nullable=False),
    )
    for name, length in (
        ("orthanc_url", 255),
        ("sealed_orthanc_login", 512),
        ("hl7_application", 180),
        ("hl7_facility", 180),
        ("problem", 200),
    ):
        op.add_column("source", _text(name, length))
    op.add_column("source", sa.Column("orthanc_cursor", sa.BigInteger(), nullable=True))
    op.add_column(
        "source", sa.Column("hl7_addresses", sa.JSON(), server_default="[]", nullable=False)
    )
    op.add_column(
        "source", sa.Column("preliminary", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("source", _moment("seen_at", nullable=True))
    op.create_index("ix_source_hl7_application", "source", ["hl7_application"])
    op.add_column("mapping", _moment("changed_at", nullable=True))
    op.create_index("ix_mapping_changed_at", "mapping", ["changed_at"])
    op.add_column("physician_number", _text("stable", 20))
    op.create_index("ix_physician_number_stable", "physician_number", ["stable"])


def _stable_numbers() -> None:
    table = sa.table(
        "physician_number",
        sa.column("id"),
        sa.column("kind"),
        sa.column("value"),
        sa.column("stable"),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(table.c.id, table.c.kind, table.c.value)).all():
        stable = stable_part(NumberKind(row.kind), row.value)
        connection.execute(table.update().where(table.c.id == row.id).values(stable=stable))


def _outbox() -> None:
    op.drop_index("ix_outbox_message_due", "outbox_message")
    with op.batch_alter_table("outbox_message") as batch:  # nothing hangs on it yet
        batch.alter_column("next_try", existing_type=UtcDateTime(timezone=True), nullable=True)
    op.create_index("ix_outbox_message_due", "outbox_message", ["channel", "next_try"])
    op.execute("UPDATE outbox_message SET next_try = NULL WHERE sent_at IS NOT NULL OR tries >= 8")


def _events() -> None:
    op.create_table(
        "study_event",
        _number("id"),
        _number("source_id"),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("message_key", sa.String(160), nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("accession_number", sa.String(64), nullable=False),
        sa.Column("patient_initials", sa.String(10), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("institution", sa.String(120), nullable=False),
        sa.Column("studied_on", sa.Date(), nullable=True),
        _moment("received_at"),
        sa.CheckConstraint(KINDS, name=op.f("ck_study_event_kind")),
        sa.CheckConstraint(STATUSES, name=op.f("ck_study_event_status")),
        _key("study_event", "source_id", "source"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_event")),
        sa.UniqueConstraint("source_id", "key", name=op.f("uq_study_event_source_id_key")),
        sa.UniqueConstraint(
            "source_id", "message_key", name=op.f("uq_study_event_source_id_message_key")
        ),
    )
    op.create_index("ix_study_event_subject", "study_event", ["source_id", "subject"])
    op.create_table(
        "event_recipient",
        _number("id"),
        _number("event_id"),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("stable", sa.String(20), nullable=False),
        sa.Column("name_at_source", sa.String(120), nullable=False),
        sa.Column("fate", sa.String(16), nullable=False),
        _number("account_id", nullable=True),
        _number("mapping_id", nullable=True),
        _number("message_id", nullable=True),
        sa.CheckConstraint(FATES, name=op.f("ck_event_recipient_fate")),
        _key("event_recipient", "event_id", "study_event", "CASCADE"),
        _key("event_recipient", "account_id", "account", "CASCADE"),
        _key("event_recipient", "mapping_id", "mapping", "SET NULL"),
        _key("event_recipient", "message_id", "outbox_message", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_recipient")),
        sa.UniqueConstraint(
            "event_id", "account_id", name=op.f("uq_event_recipient_event_id_account_id")
        ),
    )
    for column in ("stable", "account_id", "message_id"):
        op.create_index(f"ix_event_recipient_{column}", "event_recipient", [column])
    op.create_index("ix_event_recipient_mapping", "event_recipient", ["mapping_id", "event_id"])


def _tokens_and_members() -> None:
    op.create_table(
        "source_token",
        sa.Column("token_hash", sa.String(64), nullable=False),
        _number("source_id"),
        _moment("created_at"),
        _moment("expires_at", nullable=True),
        _key("source_token", "source_id", "source", "CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_source_token")),
    )
    op.create_index("ix_source_token_source_id", "source_token", ["source_id"])
    op.create_table(
        "group_member",
        _number("group_id"),
        _number("account_id"),
        _key("group_member", "group_id", "group_practice", "CASCADE"),
        _key("group_member", "account_id", "account", "CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "account_id", name=op.f("pk_group_member")),
    )
    op.create_index("ix_group_member_account_id", "group_member", ["account_id"])


def downgrade() -> None:
    """Take back."""
    for table in ("group_member", "source_token", "event_recipient", "study_event"):
        op.drop_table(table)
    _former_events()
    _former_outbox()
    op.drop_index("ix_physician_number_stable", "physician_number")
    op.drop_column("physician_number", "stable")
    op.drop_index("ix_mapping_changed_at", "mapping")
    op.drop_column("mapping", "changed_at")
    op.drop_index("ix_source_hl7_application", "source")
    for column in (
        "number_kinds",
        "orthanc_url",
        "sealed_orthanc_login",
        "orthanc_cursor",
        "hl7_application",
        "hl7_facility",
        "hl7_addresses",
        "preliminary",
        "seen_at",
        "problem",
    ):
        op.drop_column("source", column)


def _former_outbox() -> None:
    op.drop_index("ix_outbox_message_due", "outbox_message")
    op.execute("UPDATE outbox_message SET next_try = created_at WHERE next_try IS NULL")
    with op.batch_alter_table("outbox_message") as batch:
        batch.alter_column("next_try", existing_type=UtcDateTime(timezone=True), nullable=False)
    op.create_index("ix_outbox_message_due", "outbox_message", ["sent_at", "next_try"])


def _former_events() -> None:
    op.create_table(
        "study_event",
        _number("id"),
        _number("source_id"),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        _number("report_version"),
        sa.Column("accession_number", sa.String(16), nullable=False),
        sa.Column("name_at_source", sa.String(120), nullable=False),
        sa.Column("physician_number", sa.String(20), nullable=False),
        sa.Column("patient_initials", sa.String(10), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("studied_on", sa.Date(), nullable=True),
        _moment("received_at"),
        sa.CheckConstraint(KINDS, name=op.f("ck_study_event_kind")),
        _key("study_event", "source_id", "source"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_event")),
        sa.UniqueConstraint(
            "source_id",
            "kind",
            "study_instance_uid",
            "report_version",
            name=op.f("uq_study_event_source_id_kind_study_instance_uid_report_version"),
        ),
    )
    op.create_index("ix_study_event_physician_number", "study_event", ["physician_number"])
