"""Runs migrations on the database that the caller names."""

from alembic import context
from sqlmodel import SQLModel

import pacs_settings.core.tables  # noqa: F401  (fills the metadata)
from pacs_settings.core.db import alone, make_engine
from pacs_settings.core.migrate import alembic_config, ours

url = context.config.attributes.get("url") or alembic_config().attributes["url"]
engine = make_engine(url)
with engine.execution_options(writes=True).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        include_object=ours,
        render_as_batch=True,
    )
    with context.begin_transaction():
        alone(connection, "migration", patient=True)
        context.run_migrations()
engine.dispose()
