"""Finding colleagues and keeping them, by mouse, by keyboard, in either width and scheme."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.conftest import Server
from tests.e2e.conftest import Complaints
from tests.e2e.people import Person, somebody, until
from tests.e2e.states import ENGLISH, WIDTHS, no_overflow
from tests.e2e.steps import AN, LEA, execute, ready, sign_in

Axe = Callable[[Page], list[str]]


@pytest.fixture
def me(server: Server) -> Person:
    """Somebody without favorites."""
    return somebody(server)


@pytest.fixture
def page(context: BrowserContext, me: Person) -> Page:
    """Their page, open for a search."""
    page = context.new_page()
    sign_in(page, me.username)
    open_search(page)
    return page


def open_search(page: Page) -> None:
    page.get_by_role("banner").get_by_role("link", name="Favorites", exact=True).click()
    page.wait_for_url("**/favorites")
    ready(page)
    page.get_by_role("button", name="Find users", exact=True).click()
    expect(box(page)).to_be_focused()


def box(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search", exact=True)


def results(page: Page) -> Locator:
    return page.get_by_role("list", name="Results", exact=True).get_by_role("listitem")


def favorites(page: Page) -> Locator:
    return page.get_by_role("list", name="Favorites", exact=True).get_by_role("listitem")


def button(where: Locator, name: str) -> Locator:
    return where.get_by_role("button", name=name, exact=True)


def crowd(server: Server, count: int, last: str) -> None:
    """So many people of one name, made behind the server's back."""
    for n in range(count):
        somebody(server, LEA, first_name=f"Kim {n}", last_name=last, mobile_phone=None)


def test_typed_found_kept_and_let_go(page: Page) -> None:
    expect(page.get_by_text("No favorites yet")).to_be_visible()
    box(page).press_sequentially("leá", delay=30)
    expect(results(page)).to_have_count(1)
    expect(results(page)).to_contain_text("Dr Léa Dubois")
    expect(results(page)).to_contain_text("1-45222-84-004")
    expect(page.get_by_role("status").filter(has_text="1 colleague found.")).to_be_visible()
    add = button(results(page), "Add to favorites")
    expect(add).to_have_accessible_description("Dr Léa Dubois")
    add.click()
    expect(favorites(page)).to_contain_text("Dr Léa Dubois")
    expect(button(results(page), "Remove from favorites")).to_be_focused()
    page.reload()
    ready(page)
    expect(favorites(page)).to_have_count(1)
    button(favorites(page), "Remove from favorites").click()
    expect(page.get_by_text("No favorites yet")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Removed from favorites.")).to_be_visible()


def test_let_go_where_it_was_found(page: Page) -> None:
    box(page).fill("dubois")
    button(results(page), "Add to favorites").click()
    expect(favorites(page)).to_have_count(1)
    box(page).fill("dubois lea")
    button(results(page), "Remove from favorites").click()
    expect(favorites(page)).to_have_count(0)
    expect(button(results(page), "Add to favorites")).to_be_visible()


def test_who_goes_private_shows_no_more_than_is_public(page: Page, server: Server) -> None:
    friend = somebody(server, LEA, first_name="Vera", last_name="Verdwijnt")
    box(page).fill("verdwijnt")
    button(results(page), "Add to favorites").click()
    expect(favorites(page)).to_contain_text("Vera Verdwijnt")
    friend.change(contact_public=0)
    page.reload()
    ready(page)
    expect(favorites(page)).to_contain_text("No longer visible")
    expect(page.get_by_role("main")).not_to_contain_text("Verdwijnt")
    friend.change(email_public=1)
    page.reload()
    ready(page)
    expect(favorites(page)).to_contain_text(friend.username)
    expect(page.get_by_role("main")).not_to_contain_text("Verdwijnt")


def test_at_most_fifty_and_says_so(page: Page, server: Server) -> None:
    crowd(server, 51, "Vijftigers")
    box(page).fill("vijftigers")
    expect(results(page)).to_have_count(50)
    told = page.get_by_role("status").filter(has_text="50 colleagues are shown; there are more.")
    expect(told).to_be_visible()


def test_nobody_and_nothing(page: Page) -> None:
    box(page).fill("xxxxxx")
    expect(page.get_by_role("status").filter(has_text="Nobody found.")).to_be_visible()
    box(page).fill("")
    expect(page.get_by_role("status").filter(has_text="Nobody found.")).to_have_count(0)
    expect(page.get_by_role("list", name="Results")).to_have_count(0)


def test_by_keyboard_alone(page: Page) -> None:
    """Down to a result, star it, on through the list, up again, and begin anew."""
    page.keyboard.type("p")
    expect(results(page)).to_have_count(1)
    page.keyboard.press("Control+a")
    page.keyboard.type("e dubo")
    expect(page.get_by_role("status").filter(has_text="Nobody found.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(box(page)).to_have_value("")
    page.keyboard.type("j")
    expect(results(page)).to_contain_text(["Jan Claes"])
    page.keyboard.press("ArrowUp")
    expect(box(page)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(button(results(page).first, "Add to favorites")).to_be_focused()
    page.keyboard.press("Enter")
    expect(favorites(page)).to_contain_text(["Jan Claes"])
    expect(button(results(page).first, "Remove from favorites")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(box(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(results(page)).to_have_count(0)
    page.keyboard.press("Tab")
    expect(button(favorites(page), "Remove from favorites")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("No favorites yet")).to_be_visible()
    expect(page.locator(":focus")).to_have_count(1)


def test_an_answer_to_what_is_no_longer_typed_is_not_shown(page: Page, server: Server) -> None:
    """Both wait for the database; whatever appears first is the answer to the latest."""
    asked = count_queries(page)
    page.evaluate(
        """() => { window.seen = ""; new MutationObserver(() => {
          window.seen += document.body.innerText; })
          .observe(document.body, {childList: true, subtree: true, characterData: true}); }"""
    )
    with closing(sqlite3.connect(server.database, isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        for place, text in enumerate(("claes", "dubois"), start=1):
            box(page).fill(text)
            until(lambda place=place: page.wait_for_timeout(20) or len(asked) >= place)
        held.execute("ROLLBACK")
    expect(results(page)).to_contain_text(["Dr Léa Dubois"])
    assert "Jan Claes" not in page.evaluate("window.seen")


def count_queries(page: Page) -> list[str]:
    """The queries that a page loaded anew sends from now on."""
    sent: list[str] = []
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framesent",
            lambda text: sent.append(text) if "favorites_state.search" in str(text) else None,
        ),
    )
    page.reload()
    ready(page)
    page.get_by_role("button", name="Find users").click()
    expect(box(page)).to_be_focused()
    return sent


def test_searching_works_again_when_the_server_is_back(
    page: Page, server: Server, complaints: Complaints
) -> None:
    complaints.allow("ERR_CONNECTION", "WebSocket")
    box(page).fill("dubois")
    expect(results(page)).to_have_count(1)
    server.stop()
    expect(page.get_by_text("The connection is lost")).to_be_visible(timeout=15_000)
    server.start()
    expect(page.get_by_text("The connection is lost")).to_be_hidden(timeout=30_000)
    # A server that begins anew knows no open search: whoever clicks before it has said so closes it.
    find = page.get_by_role("button", name="Find users", exact=True)
    expect(find).to_have_attribute("aria-expanded", "false", timeout=30_000)
    ready(page)
    find.click()
    box(page).fill("peeters")
    expect(results(page)).to_contain_text(["Dr An Peeters"])


@pytest.mark.parametrize("width", WIDTHS)
def test_every_state_is_accessible(
    open_context: Callable[..., BrowserContext], me: Person, axe_in: Axe, width: int
) -> None:
    page = open_context(
        viewport={"width": width, "height": 800}, reduced_motion="reduce"
    ).new_page()
    sign_in(page, me.username)
    page.goto("/favorites")
    ready(page)
    states = [axe_both(page, axe_in)]
    page.get_by_role("button", name="Find users").click()
    box(page).fill("dubois")
    button(results(page), "Add to favorites").click()
    expect(favorites(page)).to_have_count(1)
    states.append(axe_both(page, axe_in))
    no_overflow(page)
    for target in page.get_by_role("main").get_by_role("button").all():
        size = target.bounding_box()
        assert size
        assert size["height"] >= 40
    box(page).fill("xxxx")
    expect(page.get_by_role("status").filter(has_text="Nobody found.")).to_be_visible()
    states.append(axe_both(page, axe_in))
    assert states == [[]] * 3


def axe_both(page: Page, axe_in: Axe) -> list[str]:
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += axe_in(page)
    return found


def test_in_dutch(open_context: Callable[..., BrowserContext], me: Person) -> None:
    page = open_context(locale="nl-BE").new_page()
    sign_in(page, me.username)
    page.goto("/favorites")
    ready(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Favorieten")
    page.get_by_role("button", name="Gebruikers zoeken").click()
    page.get_by_role("searchbox").fill("dubois")
    expect(page.get_by_role("status").filter(has_text="1 collega gevonden.")).to_be_visible()
    expect(page.get_by_role("main")).not_to_contain_text(ENGLISH)


def test_too_many_searches_are_refused_in_words(page: Page, server: Server, me: Person) -> None:
    mine = f"(SELECT id FROM account WHERE username = '{me.username}')"
    execute(
        server,
        "INSERT OR REPLACE INTO throttle (key, failures, last_failure, blocked_until)"
        f" SELECT 'find:search:' || {mine}, 600, datetime('now'), datetime('now', '+5 minutes')",
    )
    box(page).fill("dubois")
    expect(
        page.get_by_role("alert").filter(has_text="You have searched very often")
    ).to_be_visible()
    expect(page.get_by_role("list", name="Results")).to_have_count(0)


def test_the_page_says_where_one_is(page: Page) -> None:
    assert "Favorites" in page.title()
    expect(page.get_by_role("heading", level=1)).to_have_text("Favorites")
    expect(page.get_by_role("search")).to_be_visible()
    assert AN not in page.content()
