"""The played study and report reach a mailbox by the real ways in."""

from pathlib import Path

import pytest

from pacs_settings import demo_study
from pacs_settings.core.tables import EventRecipient, Fate, Source
from tests import factories
from tests.conftest import in_a_loop


def test_a_study_and_a_report_become_two_mails(
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(demo_study, "PATIENCE", 0.0)  # nobody runs beside it
    for times in (1, 2):
        in_a_loop(demo_study._play())
        assert "report: AA" in capsys.readouterr().out
        assert len(list((tmp_path / "outbox").glob("*.eml"))) == 2 * times
    assert {row.fate for row in factories.rows(EventRecipient)} == {Fate.MAILED}
    assert not any(row.orthanc_url for row in factories.rows(Source))
