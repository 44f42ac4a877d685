"""Steps that many journeys share."""

import sqlite3
import time
from functools import partial
from typing import Any

import pyotp
from playwright.sync_api import Locator, Page, expect

from pacs_settings.locale import text
from tests.conftest import PASSWORD, Server

AN = "an.peeters@demo.example"
JAN = "jan.claes@demo.example"
LEA = "lea.dubois@uz-demo.example"
DESK = "desk@demo.example"
SOFIE = "sofie.maes@demo.example"
STEP, ON_ITS_WAY = 30, 4  # seconds
SECTIONS = {
    "personal": "Personal settings",
    "security": "Security",
    "privacy": "Privacy settings",
    "mappings": "Mappings",
    "signature": "Report signature",
}


def ready(page: Page) -> None:
    """The page's data is in."""
    expect(page.get_by_role("main")).to_have_attribute("aria-busy", "false")


def give_address(page: Page, username: str) -> None:
    page.goto("/login")
    ready(page)
    page.get_by_role("textbox", name="E-mail address").fill(username)
    page.get_by_role("button", name="Continue").click()
    expect(password_field(page)).to_be_visible()
    expect(page.locator(".step-password")).to_contain_text(username)


def password_field(page: Page) -> Locator:
    return page.get_by_label("Password", exact=True)


def give_password(page: Page, password: str = PASSWORD) -> None:
    password_field(page).fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_in_by_form(page: Page, username: str = AN, password: str = PASSWORD) -> None:
    """Through the form to the first page."""
    give_address(page, username)
    give_password(page, password)
    page.wait_for_url("**/settings/*")
    ready(page)


def sign_in(page: Page, username: str = AN, password: str = PASSWORD) -> None:
    """On the first page, by the posts of the form alone: three pages less to load."""
    post(page, "/auth/address", email=username)
    first = post(page, "/auth/password", password=password)
    assert "/settings/" in first, first
    page.goto(first)
    ready(page)


def post(page: Page, path: str, **form: str) -> str:
    """Post a form as this page's browser would; where it leads."""
    origin = page.request.get("/ping").url.removesuffix("/ping")
    answer = page.request.post(path, form=form, headers={"Origin": origin}, max_redirects=0)
    assert answer.status == 303, answer.status
    return answer.headers["location"]


def to_second_factor(page: Page, username: str = AN, password: str = PASSWORD) -> None:
    """Through the form to the step after the password."""
    give_address(page, username)
    give_password(page, password)
    expect(page.get_by_role("heading", name="Extra security")).to_be_visible()


def sign_out(page: Page) -> None:
    """By the button of the bar."""
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")


def show(page: Page, section: str) -> None:
    """A section, by its address."""
    page.goto(f"/settings/{section}")
    ready(page)


def follow(page: Page, section: str) -> None:
    """A section, by its link."""
    navigation = page.get_by_role("navigation", name="User settings")
    navigation.get_by_role("link", name=SECTIONS[section]).click()
    expect(page.get_by_role("heading", level=1, name=SECTIONS[section])).to_be_visible()
    ready(page)


def execute(server: Server, statement: str, *values: Any) -> None:
    """Change the server's database behind its back."""
    with sqlite3.connect(server.database, timeout=10) as database:
        database.execute(statement, values)


def look_up(server: Server, query: str, *values: Any) -> Any:
    """The first value that a query finds."""
    with sqlite3.connect(server.database, timeout=10) as database:
        return database.execute(query, values).fetchone()[0]


def secret_key(page: Page) -> str:
    """What the page says has to be typed into an app."""
    shown = page.locator("output.secret")
    expect(shown).not_to_be_empty()
    return shown.inner_text()


def link_device(page: Page, name: str, *, told: bool = True, language: str = "en") -> pyotp.TOTP:
    """Fill in the open form for a device, with the code of the step before this one.

    Where it takes a while to be `told`, with the code of now: it is good for a step more.
    """
    t = partial(text, language)
    totp = pyotp.TOTP(secret_key(page).replace(" ", ""))
    page.get_by_role("textbox", name=t("security.device_name")).fill(name)
    page.get_by_role("textbox", name=t("login.code")).fill(code_of(totp, -1 if told else 0))
    page.get_by_role("button", name=t("security.link")).click()
    if told:
        expect(page.get_by_role("list", name=t("security.devices"))).to_contain_text(name)
    return totp


def code_of(totp: pyotp.TOTP, shift: int) -> str:
    """The code of now, or of a step before or after; the server takes each of the three once.

    None is given out that a step's end would overtake on its way to the server.
    """
    while time.time() % STEP > STEP - ON_ITS_WAY:
        time.sleep(0.1)
    return totp.generate_otp(int(time.time()) // STEP + shift)


def draw(page: Page, *strokes: list[tuple[float, float]]) -> None:
    """Draw with the mouse; points in parts of the pad's width and height."""
    pad = page.get_by_label("Signature pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=6)
        page.mouse.up()


WAVE = [(0.15, 0.6), (0.25, 0.3), (0.35, 0.7), (0.45, 0.3), (0.6, 0.65)]
DASH = [(0.55, 0.75), (0.85, 0.7)]


def ink(page: Page) -> int:
    """How many pixels of the pad are drawn on, once it has been painted."""
    return page.get_by_label("Signature pad").evaluate(
        """(canvas) => new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(() => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          told(data.filter((value, place) => place % 4 === 3 && value > 0).length);
        })))"""
    )
