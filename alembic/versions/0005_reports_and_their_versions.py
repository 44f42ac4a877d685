"""Reports with rights, versions and drafts; kinds of signatures, and by which means was proven."""

import sqlalchemy as sa
from alembic import op

from pacs_settings.core.db import UtcDateTime

revision = "0005"
down_revision = "0004"


def _text(name: str, length: int, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(length), server_default=default, nullable=False)


def _moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def _number(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _key(table: str, column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name, ondelete=ondelete)


def upgrade() -> None:
    """Apply."""
    flag = sa.Column("validate_unsigned", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("region", flag)
    op.add_column("sign_in_session", _text("proven_by", 16))
    _signatures()
    _reports()
    _versions()
    _drafts()


def _signatures() -> None:
    kinds = "kind IN ('drawn', 'typed', 'picture')"
    with op.batch_alter_table("signature") as batch:  # nothing hangs on it yet
        batch.add_column(_text("kind", 8, "drawn"))
        batch.add_column(_text("proven_by", 16))
        batch.add_column(_moment("withdrawn_at", nullable=True))
        batch.create_check_constraint(op.f("ck_signature_kind"), kinds)


def _reports() -> None:
    op.create_table(
        "report_right",
        _number("account_id"),
        _number("source_id"),
        _key("report_right", "account_id", "account", "CASCADE"),
        _key("report_right", "source_id", "source", "CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "source_id", name=op.f("pk_report_right")),
    )
    op.create_index("ix_report_right_source_id", "report_right", ["source_id"])
    states = "state IN ('empty', 'in_progress', 'validated')"
    op.create_table(
        "report",
        _number("id"),
        _number("source_id"),
        *(
            sa.Column(name, sa.String(length), nullable=False)
            for name, length in (
                ("subject", 64),
                ("study_instance_uid", 64),
                ("accession_number", 64),
                ("patient_initials", 10),
                ("description", 200),
                ("institution", 120),
            )
        ),
        sa.Column("studied_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        _number("revision"),
        _moment("created_at"),
        _moment("changed_at"),
        sa.CheckConstraint(states, name=op.f("ck_report_state")),
        _key("report", "source_id", "source", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("source_id", "subject", name=op.f("uq_report_source_id_subject")),
    )
    op.create_index("ix_report_listed", "report", ["source_id", "state", "created_at"])
    op.create_index("ix_report_order", "report", ["source_id", "accession_number"])


def _versions() -> None:
    kinds = "kind IN ('saved', 'validated', 'addendum')"
    op.create_table(
        "report_version",
        _number("id"),
        _number("report_id"),
        _number("number"),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        _number("editor_id", nullable=True),
        _number("signature_id", nullable=True),
        sa.Column("signer_name", sa.String(250), nullable=False),
        sa.Column("signer_number", sa.String(40), nullable=False),
        sa.Column("session_id", sa.String(24), nullable=False),
        sa.Column("proven_by", sa.String(16), nullable=False),
        _moment("created_at"),
        sa.CheckConstraint(kinds, name=op.f("ck_report_version_kind")),
        _key("report_version", "report_id", "report", "CASCADE"),
        _key("report_version", "editor_id", "account", "SET NULL"),
        _key("report_version", "signature_id", "signature", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_version")),
        sa.UniqueConstraint("report_id", "number", name=op.f("uq_report_version_report_id_number")),
    )
    for column in ("editor_id", "signature_id"):
        op.create_index(f"ix_report_version_{column}", "report_version", [column])


def _drafts() -> None:
    op.create_table(
        "report_draft",
        _number("account_id"),
        _number("report_id"),
        _number("revision"),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        _moment("kept_at"),
        _key("report_draft", "account_id", "account", "CASCADE"),
        _key("report_draft", "report_id", "report", "CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "report_id", name=op.f("pk_report_draft")),
    )
    op.create_index("ix_report_draft_report_id", "report_draft", ["report_id"])


def downgrade() -> None:
    """Take back."""
    for table in ("report_draft", "report_version", "report", "report_right"):
        op.drop_table(table)
    with op.batch_alter_table("signature") as batch:
        batch.drop_constraint(op.f("ck_signature_kind"), type_="check")
        for column in ("kind", "proven_by", "withdrawn_at"):
            batch.drop_column(column)
    op.drop_column("sign_in_session", "proven_by")
    op.drop_column("region", "validate_unsigned")
