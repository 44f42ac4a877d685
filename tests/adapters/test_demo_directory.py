"""The directory of the demo domain."""

from collections.abc import Iterator

import pytest

from pacs_settings.adapters.demo_directory import DemoDirectory
from pacs_settings.config import config
from pacs_settings.core.ports import DirectoryRefused
from pacs_settings.core.tables import Domain
from tests.factories import LEA, PASSWORD

DOMAIN = Domain(name="uz-demo.example", directory="demo")


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A configuration without demo data."""
    monkeypatch.setenv("PACS_DEMO", "0")
    config.cache_clear()
    yield
    monkeypatch.undo()
    config.cache_clear()


@pytest.mark.parametrize("username", [LEA, "Lea.Dubois@UZ-Demo.example"])
def test_it_knows_one_person(username: str) -> None:
    DemoDirectory(DOMAIN).check(username, PASSWORD)


@pytest.mark.parametrize(
    ("username", "password"),
    [
        (LEA, "wrong"),
        (LEA, ""),
        ("somebody@uz-demo.example", PASSWORD),
        ("", PASSWORD),
        ("an.peeters@demo.example", PASSWORD),
    ],
)
def test_it_refuses_everybody_else(username: str, password: str) -> None:
    with pytest.raises(DirectoryRefused) as refused:
        DemoDirectory(DOMAIN).check(username, password)
    assert refused.value.reason == "wrong"


def test_without_demo_data_it_is_not_there(production: None) -> None:
    with pytest.raises(DirectoryRefused) as refused:
        DemoDirectory(DOMAIN)
    assert refused.value.reason == "unreachable"
