"""Names that owners give to their devices."""

import pytest

from pacs_settings.core.accounts.second_factor import names
from pacs_settings.core.errors import Refused


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Phone", "Phone"),
        ("  My \t old\n phone ", "My old phone"),
        ("téléphone № 2 📱", "téléphone № 2 📱"),
        ("x" * 60, "x" * 60),
        ("<b>bold</b>", "<b>bold</b>"),
    ],
)
def test_names_are_kept_as_typed_but_for_space(typed: str, stored: str) -> None:
    assert names.device_name(typed) == stored


@pytest.mark.parametrize(
    "typed", ["", "   ", "x" * 61, "a\0b", "a\u200bb", "a\u202eb", "\ud800", "a\x7fb"]
)
def test_what_cannot_be_read_is_no_name(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        names.device_name(typed)
    assert (refused.value.code, refused.value.field) == ("device_name", "name")
