"""Who an account is to its directory, and directories that begin TLS on the plain port."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Plain statements, not Alembic's batches: on SQLite those copy the table and drop the old one,
# and dropping `account` takes along every row that hangs on it.


def upgrade() -> None:
    """Apply."""
    op.add_column("account", sa.Column("directory_guid", sa.String(length=36), nullable=True))
    op.add_column(
        "domain",
        sa.Column("start_tls", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("domain", "start_tls")
    op.drop_column("account", "directory_guid")
