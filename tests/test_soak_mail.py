"""Workers that are killed lose nothing and send nothing more often than they tried (ten rounds)."""

import shutil
from pathlib import Path

import pytest

from tests import postgres, soak_mail
from tests.conftest import require, using

ROUNDS = 10


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_is_lost_whoever_dies(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    require(postgres.missing() if kind == "postgresql" else "")
    if kind == "postgresql":
        url = request.getfixturevalue("demo_database")
    else:
        url = f"sqlite:///{tmp_path}/pacs_settings.db"
        shutil.copy(request.getfixturevalue("template_file"), tmp_path / "pacs_settings.db")
    with using(url):
        result = soak_mail.soak(ROUNDS, soak_mail.WORKERS[kind])
    assert (result.lost, result.too_often) == (0, 0)
    assert result.accepted == result.events > ROUNDS
