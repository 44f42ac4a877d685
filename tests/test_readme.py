"""README tells what is so."""

from pathlib import Path

from pacs_settings.config import table

README = Path(__file__).parents[1] / "README.md"


def test_the_configuration_table_is_the_generated_one():
    told = README.read_text()
    assert told.split("<!-- config -->\n")[1].split("\n<!-- /config -->")[0] == table()


def test_the_two_commands_and_the_picture_are_there():
    told = README.read_text()
    assert "make run" in told
    assert "make test" in told
    picture = told.split("](")[2].split(")")[0]
    assert (README.parent / picture).is_file()
