"""An index by which colleagues are found, favorites, and look-ups under way."""

import sqlalchemy as sa
from alembic import op

from pacs_settings.core.db import Unusable, UtcDateTime
from pacs_settings.core.search import index

revision = "0007"
down_revision = "0006"

WATCHED = (
    "first_name, last_name, username_key, mobile_phone, state, contact_public, email_public,"
    " mobile_public, service_desk, password_hash, domain_id"
)
NEEDS_EXTENSION = (
    "The database needs its extension pg_trgm, and this user may not add it."
    " Have an administrator run in it: CREATE EXTENSION pg_trgm"
)

NOTE = "INSERT INTO search_stale (account_id) VALUES"

# Words of a length are together, in thousands of millions: that is how near ones are looked for.
NEXT = (
    "(SELECT coalesce(max(id), length(new.word) * 1000000000) + 1 FROM search_term"
    " WHERE id BETWEEN length(new.word) * 1000000000 AND length(new.word) * 1000000000 + 999999999)"
)

SQLITE = [
    "CREATE TABLE search_word (word VARCHAR(40) NOT NULL, name VARCHAR(640) NOT NULL,"
    " account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
    " PRIMARY KEY (word, name, account_id)) WITHOUT ROWID",
    "CREATE TABLE search_address (value VARCHAR(254) NOT NULL,"
    " account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
    " PRIMARY KEY (value, account_id)) WITHOUT ROWID",
    "CREATE TABLE search_term (id INTEGER PRIMARY KEY, word VARCHAR(40) NOT NULL UNIQUE,"
    " uses INTEGER NOT NULL)",
    "CREATE TABLE search_stale (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL)",
    # Contentless, and only which words have a trigram: that is all that is asked.
    "CREATE VIRTUAL TABLE search_trigram USING"
    " fts5(word, content='', detail=none, tokenize='trigram')",
    "CREATE TRIGGER search_term_added AFTER INSERT ON search_term BEGIN"
    " INSERT INTO search_trigram (rowid, word) VALUES (new.id, '  ' || new.word || ' '); END",
    "CREATE TRIGGER search_term_gone AFTER DELETE ON search_term BEGIN"
    " INSERT INTO search_trigram (search_trigram, rowid, word)"
    " VALUES ('delete', old.id, '  ' || old.word || ' '); END",
    "CREATE TRIGGER search_word_added AFTER INSERT ON search_word"  # noqa: S608  (a constant)
    " WHEN new.word NOT GLOB '[0-9]*' BEGIN"
    f" INSERT INTO search_term (id, word, uses) VALUES ({NEXT}, new.word, 1)"
    " ON CONFLICT (word) DO UPDATE SET uses = uses + 1; END",
    "CREATE TRIGGER search_word_gone AFTER DELETE ON search_word BEGIN"
    " UPDATE search_term SET uses = uses - 1 WHERE word = old.word;"
    " DELETE FROM search_term WHERE word = old.word AND uses = 0; END",
    *[
        f"CREATE TRIGGER search_{table}_{name} AFTER {event} ON {table} BEGIN {NOTE} ({value}); END"
        for table, name, event, value in (
            ("account", "added", "INSERT", "new.id"),
            ("account", "changed", f"UPDATE OF {WATCHED}", "new.id"),
            ("physician_number", "added", "INSERT", "new.account_id"),
            ("physician_number", "changed", "UPDATE", "new.account_id"),
            ("physician_number", "moved", "UPDATE OF account_id", "old.account_id"),
            ("physician_number", "gone", "DELETE", "old.account_id"),
        )
    ],
]

POSTGRESQL = [
    'CREATE TABLE search_word (word VARCHAR(40) COLLATE "C" NOT NULL,'
    ' name VARCHAR(640) COLLATE "C" NOT NULL,'
    " account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
    " PRIMARY KEY (word, name, account_id))",
    'CREATE TABLE search_address (value VARCHAR(254) COLLATE "C" NOT NULL,'
    " account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
    " PRIMARY KEY (value, account_id))",
    'CREATE TABLE search_term (word VARCHAR(40) COLLATE "C" PRIMARY KEY, uses INTEGER NOT NULL)',
    "CREATE TABLE search_stale (id SERIAL PRIMARY KEY, account_id INTEGER NOT NULL)",
    "CREATE INDEX ix_search_term_trigram ON search_term USING gin (word gin_trgm_ops)",
    # In order of words, so that no two wait for each other.
    """CREATE FUNCTION search_word_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_term AS known (word, uses)
    SELECT word, count(*) FROM added WHERE word !~ '^[0-9]' GROUP BY word ORDER BY word
    ON CONFLICT (word) DO UPDATE SET uses = known.uses + excluded.uses;
  RETURN NULL;
END $$""",
    """CREATE FUNCTION search_word_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE search_term AS known SET uses = known.uses - lost.uses
    FROM (SELECT word, count(*) AS uses FROM gone GROUP BY word ORDER BY word) AS lost
    WHERE known.word = lost.word;
  DELETE FROM search_term WHERE uses = 0 AND word IN (SELECT word FROM gone);
  RETURN NULL;
END $$""",
    """CREATE FUNCTION search_account_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_stale (account_id) VALUES (new.id);
  RETURN NULL;
END $$""",
    """CREATE FUNCTION search_number_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP <> 'INSERT' THEN INSERT INTO search_stale (account_id) VALUES (old.account_id); END IF;
  IF TG_OP <> 'DELETE' THEN INSERT INTO search_stale (account_id) VALUES (new.account_id); END IF;
  RETURN NULL;
END $$""",
    "CREATE TRIGGER search_word_added AFTER INSERT ON search_word"
    " REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION search_word_added()",
    "CREATE TRIGGER search_word_gone AFTER DELETE ON search_word"
    " REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION search_word_gone()",
    f"CREATE TRIGGER search_account_changed AFTER INSERT OR UPDATE OF {WATCHED} ON account"
    " FOR EACH ROW EXECUTE FUNCTION search_account_changed()",
    "CREATE TRIGGER search_number_changed AFTER INSERT OR UPDATE OR DELETE ON physician_number"
    " FOR EACH ROW EXECUTE FUNCTION search_number_changed()",
]
OF_ACCOUNTS = [
    f"CREATE INDEX ix_search_{table}_account_id ON search_{table} (account_id)"
    for table in ("word", "address")
]


def upgrade() -> None:
    """Apply."""
    if op.get_context().dialect.name == "postgresql":
        _extension()
        statements = POSTGRESQL
    else:
        statements = SQLITE
    for statement in (*statements, *OF_ACCOUNTS):
        op.execute(statement)
    _favorites()
    index.rebuild(op.get_bind())


def _extension() -> None:
    there = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')"
    if op.get_bind().exec_driver_sql(there).scalar():
        return
    try:
        op.execute("CREATE EXTENSION pg_trgm")
    except sa.exc.DBAPIError as failure:
        raise Unusable(NEEDS_EXTENSION) from failure


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=False)


def _of_account(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], ["account.id"], name, ondelete="CASCADE")


def _favorites() -> None:
    op.create_table(
        "favorite",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        _moment("created_at"),
        _of_account("favorite", "owner_id"),
        _of_account("favorite", "account_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_favorite")),
        sa.UniqueConstraint("owner_id", "account_id", name=op.f("uq_favorite_owner_id_account_id")),
    )
    op.create_index("ix_favorite_account_id", "favorite", ["account_id"])
    op.create_table(
        "look_up",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.String(24), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("query", sa.String(100), nullable=False),
        sa.Column("searches", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        _moment("began_at"),
        _moment("used_at"),
        _of_account("look_up", "account_id"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_look_up")),
    )
    op.create_index("ix_look_up_used_at", "look_up", ["used_at"])


def downgrade() -> None:
    """Take back."""
    postgresql = op.get_context().dialect.name == "postgresql"
    for table in ("look_up", "favorite"):
        op.drop_table(table)
    _no_triggers(postgresql)
    for table in ("word", "address", "term", "stale"):
        op.execute(f"DROP TABLE search_{table}")
    if postgresql:
        for name in ("word_added", "word_gone", "account_changed", "number_changed"):
            op.execute(f"DROP FUNCTION search_{name}")
        return  # the extension stays: it may have been there before
    op.execute("DROP TABLE search_trigram")


def _no_triggers(postgresql: bool) -> None:
    if postgresql:
        op.execute("DROP TRIGGER search_account_changed ON account")
        op.execute("DROP TRIGGER search_number_changed ON physician_number")
        return
    for name in ("account_added", "account_changed", *[f"physician_number_{x}" for x in (
        "added", "changed", "moved", "gone",
    )]):  # fmt: skip
        op.execute(f"DROP TRIGGER search_{name}")
