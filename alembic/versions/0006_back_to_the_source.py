"""Where validated reports go back to, and the sealed PDF of each version."""

import sqlalchemy as sa
from alembic import op

from pacs_settings.core.db import UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    # Plain statements, not Alembic's batches: see 0002.
    for name in ("return_archive", "result_tls"):
        flag = sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        op.add_column("source", flag)
    host = sa.Column("result_host", sa.String(255), server_default="", nullable=False)
    op.add_column("source", host)
    port = sa.Column("result_port", sa.Integer(), server_default="0", nullable=False)
    op.add_column("source", port)
    op.create_table(
        "report_pdf",
        sa.Column("version_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("sealed_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["report_version.id"],
            op.f("fk_report_pdf_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_report_pdf")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("report_pdf")
    op.execute("DELETE FROM outbox_message WHERE channel IN ('archive', 'result')")
    for name in ("return_archive", "result_tls", "result_host", "result_port"):
        op.drop_column("source", name)
