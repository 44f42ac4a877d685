"""Bring the database to the newest form; run at start."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig

from pacs_settings.config import config
from pacs_settings.core.search import tables as search_tables

FOLDER = Path(__file__).parents[2] / "alembic"


def alembic_config(url: str = "") -> AlembicConfig:
    """Alembic's configuration for a database address (by default this process's)."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(FOLDER))
    settings.attributes["url"] = url or config().database_url
    return settings


def ours(_object: object, name: str | None, kind: str, _read: bool, _other: object) -> bool:
    """Whether Alembic compares something with the models: the index of the search has none."""
    return kind != "table" or not str(name).startswith(search_tables.PREFIX)


def upgrade(url: str = "") -> None:
    """Run the migrations that are missing."""
    command.upgrade(alembic_config(url), "head")
