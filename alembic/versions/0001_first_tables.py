"""The first tables: accounts and how they sign in, mappings, studies, signatures, audit, outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "domain",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("directory", sa.String(length=20), nullable=False),
        sa.Column("administrator", sa.String(length=254), nullable=False),
        sa.Column("urls", sa.JSON(), nullable=False),
        sa.Column("base_dn", sa.String(length=255), nullable=False),
        sa.Column("bind_as", sa.String(length=255), nullable=False),
        sa.Column("sealed_bind_password", sa.String(length=512), nullable=False),
        sa.Column("ca_file", sa.String(length=255), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain")),
        sa.UniqueConstraint("name", name=op.f("uq_domain_name")),
    )
    op.create_table(
        "group_practice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_practice")),
        sa.UniqueConstraint("name", name=op.f("uq_group_practice_name")),
    )
    op.create_table(
        "region",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("strong_authentication", sa.Boolean(), nullable=False),
        sa.Column("second_factors", sa.JSON(), nullable=False),
        sa.Column("code_seconds", sa.Integer(), nullable=False),
        sa.Column("password_minimum", sa.Integer(), nullable=True),
        sa.Column("idle_seconds", sa.Integer(), nullable=False),
        sa.Column("absolute_seconds", sa.Integer(), nullable=False),
        sa.Column("lock_seconds", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("phone_country", sa.String(length=2), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("number_kinds", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region")),
        sa.UniqueConstraint("name", name=op.f("uq_region_name")),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", name=op.f("uq_source_name")),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("failures", sa.Float(), nullable=False),
        sa.Column("last_failure", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
    )
    with op.batch_alter_table("throttle", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_throttle_last_failure"), ["last_failure"], unique=False
        )

    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=254), nullable=False),
        sa.Column("username_key", sa.String(length=254), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("gender", sa.String(length=12), nullable=False),
        sa.Column("mobile_phone", sa.String(length=16), nullable=True),
        sa.Column("work_phone", sa.String(length=16), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("domain_id", sa.Integer(), nullable=True),
        sa.Column("may_edit_reports", sa.Boolean(), nullable=False),
        sa.Column("service_desk", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=100), nullable=True),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_public", sa.Boolean(), nullable=False),
        sa.Column("email_public", sa.Boolean(), nullable=False),
        sa.Column("mobile_public", sa.Boolean(), nullable=False),
        sa.Column("default_on_study", sa.Boolean(), nullable=False),
        sa.Column("default_on_report", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "gender IN ('female', 'male', 'other', 'not_given')", name=op.f("ck_account_gender")
        ),
        sa.CheckConstraint(
            "state IN ('invited', 'active', 'locked', 'disabled')", name=op.f("ck_account_state")
        ),
        sa.ForeignKeyConstraint(["domain_id"], ["domain.id"], name=op.f("fk_account_domain_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_account_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username_key", name=op.f("uq_account_username_key")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_domain_id"), ["domain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_region_id"), ["region_id"], unique=False)

    op.create_table(
        "study_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("report_version", sa.Integer(), nullable=False),
        sa.Column("accession_number", sa.String(length=16), nullable=False),
        sa.Column("name_at_source", sa.String(length=120), nullable=False),
        sa.Column("physician_number", sa.String(length=20), nullable=False),
        sa.Column("patient_initials", sa.String(length=10), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("studied_on", sa.Date(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('study', 'report')", name=op.f("ck_study_event_kind")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_study_event_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_event")),
        sa.UniqueConstraint(
            "source_id",
            "kind",
            "study_instance_uid",
            "report_version",
            name=op.f("uq_study_event_source_id_kind_study_instance_uid_report_version"),
        ),
    )
    with op.batch_alter_table("study_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_study_event_physician_number"), ["physician_number"], unique=False
        )

    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("session_id", sa.String(length=24), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["account.id"], name=op.f("fk_audit_entry_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_actor_id"), ["actor_id"], unique=False)

    op.create_table(
        "known_browser",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_known_browser_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", "account_id", name=op.f("pk_known_browser")),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=60), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_outbox_message_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_message_id")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outbox_message_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index("ix_outbox_message_due", ["sent_at", "next_try"], unique=False)

    op.create_table(
        "pending_sign_in",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("typed", sa.String(length=254), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.String(length=40), nullable=False),
        sa.Column("retry_seconds", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_pending_sign_in_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_pending_sign_in")),
    )
    with op.batch_alter_table("pending_sign_in", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pending_sign_in_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_pending_sign_in_created_at"), ["created_at"], unique=False
        )

    op.create_table(
        "physician_number",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_physician_number_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_physician_number")),
        sa.UniqueConstraint("kind", "value", name=op.f("uq_physician_number_kind_value")),
    )
    with op.batch_alter_table("physician_number", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_physician_number_account_id"), ["account_id"], unique=False
        )

    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=512), nullable=False),
        sa.Column("means", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('success', 'failure')", name=op.f("ck_sign_in_attempt_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_sign_in_attempt_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_attempt_history", ["account_id", "id"], unique=False)

    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("means", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=512), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_seconds", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_sign_in_session_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
    )
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sign_in_session_account_id"), ["account_id"], unique=False
        )

    op.create_table(
        "signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("drawing", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_signature_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint("account_id", "version", name=op.f("uq_signature_account_id_version")),
    )
    op.create_table(
        "totp_device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("sealed_secret", sa.String(length=255), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_totp_device_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_totp_device")),
    )
    with op.batch_alter_table("totp_device", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_totp_device_account_id"), ["account_id"], unique=False)

    op.create_table(
        "mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("name_at_source", sa.String(length=120), nullable=False),
        sa.Column("physician_number_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("on_study", sa.Boolean(), nullable=False),
        sa.Column("on_report", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_mapping_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["group_practice.id"], name=op.f("fk_mapping_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["physician_number_id"],
            ["physician_number.id"],
            name=op.f("fk_mapping_physician_number_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_mapping_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mapping")),
        sa.UniqueConstraint(
            "account_id",
            "source_id",
            "name_at_source",
            "physician_number_id",
            name=op.f("uq_mapping_account_id_source_id_name_at_source_physician_number_id"),
        ),
    )
    with op.batch_alter_table("mapping", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mapping_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mapping_group_id"), ["group_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_mapping_physician_number_id"), ["physician_number_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_mapping_source_id"), ["source_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("mapping", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mapping_source_id"))
        batch_op.drop_index(batch_op.f("ix_mapping_physician_number_id"))
        batch_op.drop_index(batch_op.f("ix_mapping_group_id"))
        batch_op.drop_index(batch_op.f("ix_mapping_account_id"))

    op.drop_table("mapping")
    with op.batch_alter_table("totp_device", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_totp_device_account_id"))

    op.drop_table("totp_device")
    op.drop_table("signature")
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_session_account_id"))

    op.drop_table("sign_in_session")
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_attempt_history")

    op.drop_table("sign_in_attempt")
    with op.batch_alter_table("physician_number", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_physician_number_account_id"))

    op.drop_table("physician_number")
    with op.batch_alter_table("pending_sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pending_sign_in_created_at"))
        batch_op.drop_index(batch_op.f("ix_pending_sign_in_account_id"))

    op.drop_table("pending_sign_in")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_message_due")
        batch_op.drop_index(batch_op.f("ix_outbox_message_account_id"))

    op.drop_table("outbox_message")
    op.drop_table("known_browser")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_actor_id"))

    op.drop_table("audit_entry")
    with op.batch_alter_table("study_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_study_event_physician_number"))

    op.drop_table("study_event")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_region_id"))
        batch_op.drop_index(batch_op.f("ix_account_domain_id"))

    op.drop_table("account")
    with op.batch_alter_table("throttle", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_throttle_last_failure"))

    op.drop_table("throttle")
    op.drop_table("source")
    op.drop_table("region")
    op.drop_table("group_practice")
    op.drop_table("domain")
