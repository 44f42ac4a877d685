"""What is kept, and what is not."""

import re

import pytest
from sqlmodel import SQLModel

import pacs_settings.core.tables  # noqa: F401  (fills the metadata)
from pacs_settings.locale import catalog

HINTS = re.compile(r"hint|question|answer|maiden|memorable|pet_name", re.IGNORECASE)
ASKED = re.compile(r"secret question|security question|password hint|reminder", re.IGNORECASE)


@pytest.mark.asvs("6.4.2")
def test_no_hint_and_no_answer_to_a_secret_question_is_kept() -> None:
    columns = [f"{t.name}.{c.name}" for t in SQLModel.metadata.sorted_tables for c in t.columns]
    assert len(columns) > 100
    assert [name for name in columns if HINTS.search(name)] == []


@pytest.mark.asvs("6.4.2")
def test_no_page_asks_a_secret_question() -> None:
    assert [key for key, words in catalog("en").items() if ASKED.search(words)] == []
