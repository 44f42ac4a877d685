from tests.e2e.conftest import *
from tests.e2e.steps import *


def test_look(open_context):
    page = open_context().new_page()
    sign_in(page)
    page.get_by_role("banner").get_by_role("link", name="Favorites").click()
    ready(page)
    page.screenshot(path="/tmp/f1.png")
    page.get_by_role("button", name="Find users").click()
    page.get_by_role("searchbox", name="Search").press_sequentially("leá", delay=60)
    expect(page.get_by_role("list", name="Results")).to_contain_text("Dubois")
    page.get_by_role("button", name="Add to favorites").click()
    expect(page.get_by_role("list", name="Favorites")).to_contain_text("Dubois")
    page.get_by_role("searchbox", name="Search").fill("p")
    expect(page.get_by_role("list", name="Results")).to_contain_text("Peeters")
    page.screenshot(path="/tmp/f2.png", full_page=True)
    page.set_viewport_size({"width": 360, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.screenshot(path="/tmp/f3.png", full_page=True)
