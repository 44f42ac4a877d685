"""Text that was typed and not saved."""

import pytest

from pacs_settings.core.errors import Refused
from pacs_settings.core.reports import drafts, reports
from pacs_settings.core.reports.texts import LONGEST, Text, read
from tests.core.reports.written import Radiologist, opened_by_a_study, radiologist

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def robin() -> Radiologist:
    return radiologist()


def test_the_latest_is_kept_for_its_editor_alone(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    other = radiologist(robin.source)
    for words in ("N", "No", "No fracture"):
        kept = drafts.keep(robin.actor, mine, {"findings": words}, 0)
    assert reports.opened(robin.id, mine).draft == kept
    assert kept.text == Text("No fracture")
    assert reports.opened(other.id, mine).draft is None


def test_it_is_gone_once_it_is_saved_or_discarded(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    drafts.keep(robin.actor, mine, {"findings": "x"}, 0)
    assert robin.save(mine, "x").draft is None
    drafts.keep(robin.actor, mine, {"findings": "y"}, 1)
    drafts.discard(robin.actor, mine)
    assert reports.opened(robin.id, mine).draft is None


def test_it_says_upon_which_revision_it_was_typed(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    drafts.keep(robin.actor, mine, {"findings": "x"}, 0)
    radiologist(robin.source).save(mine, "theirs")
    draft = reports.opened(robin.id, mine).draft
    assert draft
    assert draft.revision == 0
    assert drafts.keep(robin.actor, mine, {"findings": "x"}, 99).revision == 1


def test_what_no_browser_of_ours_sends_is_refused(robin: Radiologist) -> None:
    mine = opened_by_a_study(robin.source)
    for typed in (None, [], "text", {"findings": 3}, {"conclusion": None}):
        with pytest.raises(Refused) as refused:
            drafts.keep(robin.actor, mine, typed, 0)
        assert refused.value.code == "report_unreadable"
    with pytest.raises(Refused) as refused:
        drafts.keep(robin.actor, mine, {"findings": "x" * (LONGEST + 1)}, 0)
    assert (refused.value.code, refused.value.field) == ("report_too_long", "findings")


def test_text_is_kept_as_lines_without_controls() -> None:
    typed = {"findings": "\r\nOne\x00 \r\nTwo\tThree\ud800\r\n\r\n", "conclusion": "e\u0301"}
    assert read(typed) == Text("One\nTwo\tThree?", "é")
    assert read({"findings": "👩‍⚕️ ‏עברית"}).findings == "👩‍⚕️ ‏עברית"
