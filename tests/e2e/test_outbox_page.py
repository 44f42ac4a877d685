"""`/dev/outbox` in a browser: the HTML of a mail is seen, and nothing in it runs."""

from playwright.sync_api import Browser

from pacs_settings.adapters.file_outbox import FileOutbox
from tests.access.test_outbox_routes import HERE, LETTER, files

__all__ = ["files"]  # a fixture


def test_the_html_is_seen_and_nothing_in_it_runs(files: FileOutbox, browser: Browser) -> None:
    files.send("abc@pacs", "an@demo.example", LETTER)
    answer = HERE.get("/dev/outbox/abc.eml")
    with browser.new_context() as context:
        page = context.new_page()
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.route("**/*", lambda r: r.fulfill(body=answer.text, headers=dict(answer.headers)))
        page.goto("http://localhost/dev/outbox/abc.eml")
        marked = page.frame_locator("iframe").locator("p")
        assert marked.inner_text() == 'Marked "up"'
        colour = marked.evaluate("p => getComputedStyle(p).color")
        assert colour == "rgb(18, 52, 86)"
        assert dialogs == []
