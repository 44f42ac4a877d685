"""The e-mail about a study, as a mail program with an engine of a browser shows it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pacs_settings.config import MAIL_LANGUAGES
from pacs_settings.core import notice_mails
from tests.core.test_greetings import Person
from tests.core.test_notice_mails import TOLD

LONG = {
    "source": "Universitätsklinikum/Radiologie-und-Nuklearmedizin-Außenstelle-Süd " + "x" * 120,
    "description": "CT-Angiographie_der_Halsgefäße_mit_Kontrastmittel_" * 4,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_fits_a_telephone_in_every_language(
    browser: Browser, axe_in: Callable[[Page], list[str]], scheme: Any
) -> None:
    size: Any = {"width": 320, "height": 640}
    with browser.new_context(color_scheme=scheme, viewport=size) as context:
        page = context.new_page()
        found = {}
        for language in MAIL_LANGUAGES:
            for template, more in (("study", {}), ("report", LONG), ("test", {"kind": "report"})):
                person: Any = Person(language)
                person.account_id = 1
                page.set_content(notice_mails.render(person, template, TOLD | more).html)
                body = page.evaluate("getComputedStyle(document.body).backgroundColor")
                assert (body == "rgb(255, 255, 255)") == (scheme == "light")
                assert page.title()
                wide = page.evaluate(
                    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
                )
                found[language, template] = axe_in(page) + ["wider than the screen"] * wide
    assert {case: wrong for case, wrong in found.items() if wrong} == {}
