"""Every second factor, remembered browsers, links by mail, fresh proof, text messages."""

import sqlalchemy as sa
from alembic import op

from pacs_settings.core.db import UtcDateTime

revision = "0003"
down_revision = "0002"

METHODS = ["passkey", "authenticator", "sms", "email"]


def _text(name: str, length: int, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(length), server_default=default, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)


def _moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def _account(primary_key: bool = False) -> sa.Column[int]:
    return sa.Column("account_id", sa.Integer(), primary_key=primary_key, nullable=False)


def _owned(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_account_id_account"
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], op.f(name), ondelete="CASCADE")


def upgrade() -> None:
    """Apply."""
    _columns()
    _tables()
    _carry_over()


def _columns() -> None:
    # Plain statements, not Alembic's batches: see 0002.
    op.add_column("region", _flag("email_when_mandatory"))
    op.add_column("domain", _flag("create_accounts"))
    reference = "CONSTRAINT fk_domain_region_id_region REFERENCES region (id)"
    op.execute(f"ALTER TABLE domain ADD COLUMN region_id INTEGER {reference}")
    op.add_column("account", _text("second_factor", 16, "none"))
    op.add_column("sign_in_session", _moment("proven_at", nullable=True))
    op.add_column("pending_sign_in", _text("method", 16, "none"))
    op.add_column("pending_sign_in", sa.Column("directory_guid", sa.String(36), nullable=True))
    op.add_column("outbox_message", _text("channel", 8, "mail"))
    op.add_column("outbox_message", _text("to", 254))
    op.add_column(
        "outbox_message", sa.Column("sealed", sa.Text(), server_default="", nullable=False)
    )


def _tables() -> None:
    op.create_table(
        "remembered_browser",
        sa.Column("id", sa.String(24), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        _account(),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(512), nullable=False),
        _moment("created_at"),
        _moment("until"),
        _owned("remembered_browser"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remembered_browser")),
        sa.UniqueConstraint(
            "token_hash", "account_id", name=op.f("uq_remembered_browser_token_hash_account_id")
        ),
    )
    op.create_index("ix_remembered_browser_account_id", "remembered_browser", ["account_id"])
    op.create_table(
        "challenge",
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("bound_to", sa.String(64), nullable=False),
        _account(),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("destination", sa.String(254), nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        _owned("challenge"),
        sa.PrimaryKeyConstraint("purpose", "bound_to", name=op.f("pk_challenge")),
    )
    op.create_index("ix_challenge_account_id", "challenge", ["account_id"])
    op.create_index("ix_challenge_expires_at", "challenge", ["expires_at"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        _account(),
        sa.Column("code_hash", sa.String(64), nullable=False),
        _moment("used_at", nullable=True),
        _owned("recovery_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint(
            "account_id", "code_hash", name=op.f("uq_recovery_code_account_id_code_hash")
        ),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        _account(),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("credential_id", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        _moment("created_at"),
        _moment("used_at", nullable=True),
        _owned("passkey"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index("ix_passkey_account_id", "passkey", ["account_id"])
    op.create_table(
        "mail_link",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(12), nullable=False),
        _account(),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _owned("mail_link"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_mail_link")),
    )
    op.create_index("ix_mail_link_account_id", "mail_link", ["account_id"])
    op.create_index("ix_mail_link_expires_at", "mail_link", ["expires_at"])
    op.create_table(
        "forgotten_password",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("typed", sa.String(254), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(512), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forgotten_password")),
    )


def _carry_over() -> None:
    """Who has a proven device has chosen it; every method that now exists is allowed."""
    proven = "SELECT account_id FROM totp_device WHERE confirmed_at IS NOT NULL"
    op.execute(f"UPDATE account SET second_factor = 'authenticator' WHERE id IN ({proven})")  # noqa: S608
    op.execute("UPDATE sign_in_session SET proven_at = started_at")
    region = sa.table("region", sa.column("second_factors", sa.JSON))
    op.execute(sa.update(region).values(second_factors=METHODS))


def downgrade() -> None:
    """Take back."""
    for table in (
        "forgotten_password",
        "mail_link",
        "passkey",
        "recovery_code",
        "challenge",
        "remembered_browser",
    ):
        op.drop_table(table)
    for column in ("sealed", "to", "channel"):
        op.drop_column("outbox_message", column)
    op.drop_column("pending_sign_in", "directory_guid")
    op.drop_column("pending_sign_in", "method")
    op.drop_column("sign_in_session", "proven_at")
    op.drop_column("account", "second_factor")
    op.drop_column("domain", "region_id")
    op.drop_column("domain", "create_accounts")
    op.drop_column("region", "email_when_mandatory")
    region = sa.table("region", sa.column("second_factors", sa.JSON))
    op.execute(sa.update(region).values(second_factors=["authenticator"]))
