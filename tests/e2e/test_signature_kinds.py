"""A signature drawn, typed or uploaded; replaced and withdrawn by its owner alone."""

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from pacs_settings.core.signature_kinds.picture import LARGEST
from tests.conftest import Server
from tests.e2e.reports import Desk, editor
from tests.e2e.states import fits
from tests.e2e.steps import DASH, WAVE, draw, ink, look_up, show, sign_in
from tests.e2e.test_keyboard import tab_to


def picture(kind: str = "PNG") -> bytes:
    """A photographed signature."""
    paper = Image.new("RGB", (600, 240), "white")
    ImageDraw.Draw(paper).line([(60, 200), (200, 40), (330, 200), (540, 60)], (10, 20, 90), 9)
    written = io.BytesIO()
    paper.save(written, kind)
    return written.getvalue()


@pytest.fixture
def desk(page: Page, server: Server) -> Desk:
    """Somebody without a signature on its page."""
    found = Desk(page, editor(server), 0)
    sign_in(page, found.person.username)
    show(page, "signature")
    return found


def way(page: Page, name: str) -> Locator:
    """Choose how to make it."""
    ways = page.get_by_role("radiogroup", name="How to make it")
    ways.get_by_role("radio", name=name, exact=True).check()
    return page.get_by_role("button", name="Save signature", exact=True)


def saved(page: Page) -> Locator:
    return page.get_by_role("img", name="Saved signature", exact=True)


def choose(page: Page, content: bytes, name: str = "signature.png") -> None:
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    page.get_by_label("Picture", exact=True).set_input_files(file)  # type: ignore[arg-type]


def test_a_typed_name(desk: Desk, server: Server) -> None:
    page = desk.page
    save = way(page, "Type")
    name = page.get_by_role("textbox", name="Name", exact=True)
    name.press_sequentially("An")
    preview = page.get_by_role("img", name="Preview", exact=True)
    expect(preview).to_be_visible()
    short = preview.inner_html()
    name.press_sequentially(" Peeters")
    expect(preview).not_to_have_js_property("innerHTML", short)
    save.click()
    expect(saved(page)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Your signature is saved.")).to_be_visible()
    assert look_up(server, "SELECT kind FROM signature ORDER BY id DESC") == "typed"


def test_a_name_that_cannot_be_written(desk: Desk) -> None:
    save = way(desk.page, "Type")
    name = desk.page.get_by_role("textbox", name="Name", exact=True)
    save.click()
    expect(desk.page.get_by_text("Type your name as it should be shown.")).to_be_visible()
    expect(name).to_have_attribute("aria-invalid", "true")
    name.fill("An 世")
    expect(desk.page.get_by_text("The script face has no “世”.").first).to_be_visible()
    expect(saved(desk.page)).to_have_count(0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_uploaded_picture(desk: Desk, kind: str) -> None:
    page = desk.page
    save = way(page, "Upload")
    expect(save).to_have_attribute("aria-disabled", "true")
    choose(page, picture(kind))
    expect(page.get_by_role("img", name="Preview", exact=True)).to_be_visible()
    save.click()
    expect(saved(page)).to_be_visible()
    assert "data:image/png;base64" in saved(page).inner_html()
    expect(page.get_by_role("table", name="Signature history")).to_contain_text("upload")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is no PNG or JPEG picture."),
        (b"<!doctype html><script>alert(1)</script>", "This is no PNG or JPEG picture."),
        (b"", "This file is empty."),
        (picture()[:400], "This picture is damaged or not whole."),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * LARGEST, "This file is too large."),
    ],
)
def test_a_picture_that_is_refused(desk: Desk, content: bytes, sentence: str) -> None:
    save = way(desk.page, "Upload")
    choose(desk.page, content)
    expect(desk.page.get_by_role("alert").filter(visible=True)).to_contain_text(sentence)
    expect(save).to_have_attribute("aria-disabled", "true")


def test_what_was_begun_in_one_way_stays(desk: Desk) -> None:
    draw(desk.page, WAVE)
    drawn = ink(desk.page)
    way(desk.page, "Type")
    expect(desk.page.get_by_label("Signature pad")).to_be_hidden()
    way(desk.page, "Draw")
    assert ink(desk.page) == drawn


def test_replacing_takes_a_fresh_proof(desk: Desk, server: Server) -> None:
    page, dialog = desk.page, desk.page.get_by_role("dialog", name="Confirm that it is you")
    desk.person.age()
    draw(page, WAVE)
    way(page, "Draw").click()
    expect(saved(page)).to_be_visible()
    expect(dialog).to_be_hidden()
    draw(page, DASH)
    way(page, "Draw").click()
    dialog.get_by_role("button", name="Cancel").click()
    assert desk.person.count("signature") == 1
    expect(page.get_by_role("button", name="Save signature")).to_be_enabled()
    page.get_by_role("button", name="Save signature").click()
    desk.prove()
    expect(page.get_by_text("Version 2, saved on")).to_be_visible()
    for kind, version in (("Type", 3), ("Upload", 4)):
        save = way(page, kind)
        if kind == "Type":
            page.get_by_role("textbox", name="Name", exact=True).fill("An")
        else:
            choose(page, picture())
        expect(
            page.get_by_role("img", name="Preview", exact=True).filter(visible=True)
        ).to_be_visible()
        desk.person.age()
        save.click()
        desk.prove()
        expect(page.get_by_text(f"Version {version}, saved on")).to_be_visible()


def test_withdrawing(desk: Desk) -> None:
    page = desk.page
    draw(page, WAVE)
    way(page, "Draw").click()
    withdraw = page.get_by_role("button", name="Withdraw signature", exact=True)
    withdraw.click()
    page.get_by_role("button", name="Keep it").click()
    expect(saved(page)).to_be_visible()
    withdraw.click()
    page.reload()
    desk.person.age()
    withdraw.click()
    page.get_by_role("button", name="Withdraw it").click()
    desk.prove()
    expect(page.get_by_text("Your signature is withdrawn.")).to_be_visible()
    expect(saved(page)).to_have_count(0)
    row = page.get_by_role("table", name="Signature history").get_by_role("row").nth(1)
    expect(row.get_by_role("cell").last).to_contain_text("20")
    expect(row).to_contain_text("Password")
    expect(row).to_contain_text("Dr An Peeters")
    expect(row).to_have_text(re.compile(r"[0-9a-f]{12}"))


def test_by_keyboard_alone(desk: Desk) -> None:
    page = desk.page
    # The browser is asked in passing to tell of choosers: here long before there is one.
    page.on("filechooser", lambda _chooser: None)
    radios = page.get_by_role("radiogroup", name="How to make it").get_by_role("radio")
    tab_to(page, radios.first)
    page.keyboard.press("ArrowRight")
    expect(radios.nth(1)).to_be_checked()
    tab_to(page, page.get_by_role("textbox", name="Name", exact=True))
    page.keyboard.type("An Peeters")
    page.keyboard.press("Enter")
    expect(saved(page)).to_be_visible()
    tab_to(page, radios.nth(1), "Shift+Tab")
    page.keyboard.press("ArrowRight")
    file = page.get_by_label("Picture", exact=True)
    tab_to(page, file)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "s.png", "mimeType": "image/png", "buffer": picture()})  # type: ignore[arg-type]
    expect(page.get_by_role("img", name="Preview", exact=True).filter(visible=True)).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Save signature", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Version 2, saved on")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Withdraw signature"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()


def test_axe_in_every_way(desk: Desk, axe_in: Callable[[Page], list[str]]) -> None:
    page = desk.page

    def fine(state: str) -> None:
        fits(page, state)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            for width in (360, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert axe_in(page) == [], f"{state} {scheme} {width}"

    save = way(page, "Type")
    page.get_by_role("textbox", name="Name", exact=True).fill("An Peeters")
    expect(page.get_by_role("img", name="Preview", exact=True)).to_be_visible()
    fine("typed")
    save.click()
    expect(saved(page)).to_be_visible()
    way(page, "Upload")
    choose(page, b"")
    expect(page.get_by_role("alert").filter(visible=True)).to_be_visible()
    fine("refused")
    choose(page, picture())
    expect(page.get_by_role("img", name="Preview", exact=True).filter(visible=True)).to_be_visible()
    page.get_by_role("button", name="Withdraw signature").click()
    fine("uploaded")
