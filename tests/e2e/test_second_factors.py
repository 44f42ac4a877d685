"""Every second factor: chosen, proven, used to sign in, replaced and done without."""

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.conftest import Server
from tests.e2e.passkeys import Authenticators
from tests.e2e.people import Inbox, Person, somebody
from tests.e2e.steps import (
    JAN,
    SECTIONS,
    code_of,
    execute,
    follow,
    give_address,
    give_password,
    link_device,
    ready,
    show,
    sign_in,
    sign_in_by_form,
    sign_out,
    to_second_factor,
)


def code_field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="One-time password")


def radio(page: Page, method: str) -> Locator:
    return page.get_by_role("radio", name=method, exact=True)


def at_security(page: Page, person: Person) -> None:
    sign_in(page, person.username)
    show(page, "security")


def is_told(page: Page, sentence: str) -> None:
    status = page.get_by_role("main").get_by_role("status")
    expect(status.filter(has_text=sentence)).to_be_visible()


def choose(page: Page, method: str, inbox: Inbox) -> None:
    """Choose a method whose codes are sent, and prove it."""
    radio(page, method).check()
    code_field(page).fill(inbox.code())
    page.get_by_role("button", name="Confirm").click()
    is_told(page, "Your second factor is set")
    expect(radio(page, method)).to_be_checked()


def answer(page: Page, code: str) -> None:
    code_field(page).fill(code)
    page.get_by_role("button", name="Continue").click()


def is_in(page: Page) -> None:
    page.wait_for_url("**/settings/*")
    ready(page)


def refuses(page: Page, field: Locator, sentence: str) -> None:
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(field).to_have_value("")


@pytest.mark.parametrize(
    ("method", "where"), [("E-mail", "mails"), ("Text message", "texts")], ids=["mail", "text"]
)
def test_a_code_that_is_sent(page: Page, server: Server, method: str, where: str) -> None:
    person = somebody(server)
    inbox: Inbox = getattr(person, where)
    at_security(page, person)
    _prove(page, method, inbox)
    told = person.mails.next("factor_added")
    assert told.subject == "A second factor was added to your account"
    assert f"“{method}” can now prove that it is you" in told.text
    sign_out(page)
    _resend(page, person, inbox)
    _forget(page, person, inbox)
    follow(page, "personal")
    page.get_by_role("button", name="Login history").click()
    row = page.get_by_role("table", name="Login history").get_by_role("row").nth(1)
    expect(row).to_contain_text(method)


def _prove(page: Page, method: str, inbox: Inbox) -> None:
    radio(page, method).check()
    is_told(page, "A code was sent to your")
    first = inbox.code()
    page.get_by_role("button", name="Resend code").click()
    second = inbox.code()
    code_field(page).fill(first)
    page.get_by_role("button", name="Confirm").click()
    refuses(page, code_field(page), "This code is not right")
    code_field(page).fill(f"{second[:3]} {second[3:]}")
    page.get_by_role("button", name="Confirm").click()
    is_told(page, "Your second factor is set")
    expect(code_field(page)).to_have_count(0)
    page.reload()
    expect(radio(page, method)).to_be_checked()


def _resend(page: Page, person: Person, inbox: Inbox) -> None:
    """Only the last code counts; this browser is remembered from then on."""
    to_second_factor(page, person.username)
    first = inbox.code()
    page.get_by_role("button", name="Resend code").click()
    second = inbox.code()
    answer(page, first)
    refuses(page, code_field(page), "This code is not right")
    page.get_by_role("checkbox", name="Remember this browser for 30 days").check()
    answer(page, second)
    is_in(page)
    sign_out(page)
    sign_in_by_form(page, person.username)


def _forget(page: Page, person: Person, inbox: Inbox) -> None:
    show(page, "security")
    browsers = page.get_by_role("list", name="Remembered browsers").get_by_role("listitem")
    expect(browsers).to_have_count(1)
    expect(browsers).to_contain_text("Chrome")
    expect(browsers).to_contain_text("127.0.0.1")
    browsers.get_by_role("button", name="Forget").click()
    is_told(page, "The browser is forgotten")
    expect(browsers).to_have_count(0)
    expect(page.get_by_text("No remembered browsers")).to_be_visible()
    sign_out(page)
    to_second_factor(page, person.username)
    answer(page, inbox.code())
    is_in(page)


def test_recovery_codes(page: Page, server: Server) -> None:
    person = somebody(server)
    at_security(page, person)
    radio(page, "Authenticator app").check()
    link_device(page, "Phone")
    first = _new_codes(page)
    codes = _new_codes(page)
    assert not set(first) & set(codes)
    expect(page.get_by_text("Codes left: 10")).to_be_visible()
    assert "New recovery codes were made" in person.mails.next("recovery_renewed").subject
    page.reload()
    ready(page)
    expect(page.get_by_role("list", name="Recovery codes")).to_have_count(0)
    sign_out(page)
    _recover(page, person, codes[0].replace("-", "").lower())
    assert "You have 9 left" in person.mails.next("recovery_used").text
    sign_out(page)
    _recover(page, person, codes[0])
    field = page.get_by_role("textbox", name="Recovery code")
    refuses(page, field, "not right, or was used already")
    field.fill(first[1])
    page.get_by_role("button", name="Continue").click()
    refuses(page, field, "not right, or was used already")
    field.fill(codes[1])
    page.get_by_role("button", name="Continue").click()
    is_in(page)
    _few_are_left(page, person, codes[2])


def _new_codes(page: Page) -> list[str]:
    shown = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    before = shown.all_inner_texts()
    page.get_by_role("button", name="New recovery codes").click()
    expect(shown).to_have_count(10)
    if before:
        expect(shown.filter(has_text=before[0])).to_have_count(0)
    return shown.all_inner_texts()


def _recover(page: Page, person: Person, code: str) -> None:
    to_second_factor(page, person.username)
    page.get_by_role("link", name="Use a recovery code").click()
    field = page.get_by_role("textbox", name="Recovery code")
    expect(field).to_be_focused()
    field.fill(code)
    page.get_by_role("button", name="Continue").click()


def _few_are_left(page: Page, person: Person, code: str) -> None:
    execute(
        person.server,
        "UPDATE recovery_code SET used_at = created.at FROM (SELECT datetime('now') AS at) AS"
        " created WHERE id IN (SELECT id FROM recovery_code WHERE used_at IS NULL AND account_id ="
        " (SELECT id FROM account WHERE username = ?) ORDER BY id DESC LIMIT 4)",
        person.username,
    )
    sign_out(page)
    _recover(page, person, code)
    is_in(page)
    assert "only 3 left" in person.mails.next("recovery_low").text
    show(page, "security")
    expect(page.get_by_text("Codes left: 3")).to_be_visible()
    expect(page.get_by_text("Make new codes, so that you can still sign in")).to_be_visible()


def test_a_passkey(page: Page, server: Server) -> None:
    person = somebody(server)
    keys = Authenticators(page)
    mine = keys.plug_in()
    at_security(page, person)
    radio(page, "Passkey").check()
    page.get_by_role("textbox", name="Name of the passkey").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    listed = page.get_by_role("list", name="Passkeys").get_by_role("listitem")
    expect(listed).to_contain_text("Laptop")
    is_told(page, "Your second factor is set")
    assert "“Laptop” can now prove" in person.mails.next("factor_added").text
    sign_out(page)
    to_second_factor(page, person.username)
    use_passkey(page)
    is_in(page)
    sign_out(page)
    held = keys.pull_out(mine)
    _false_keys(page, person, keys, held)
    mine = keys.plug_in(*held)
    use_passkey(page)
    is_in(page)
    _more_passkeys(page, person, keys, mine)


def use_passkey(page: Page) -> None:
    page.get_by_role("button", name="Use your passkey").click()


def _false_keys(
    page: Page, person: Person, keys: Authenticators, held: list[dict[str, str]]
) -> None:
    """Another authenticator has no such key; a forged one signs with a key of its own."""
    to_second_factor(page, person.username)
    another = keys.plug_in()
    use_passkey(page)
    told = page.get_by_role("alert").filter(has_text="The passkey could not be checked")
    expect(told).to_be_visible()
    keys.pull_out(another)
    key = ec.generate_private_key(ec.SECP256R1())
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    forged = keys.plug_in(held[0] | {"privateKey": base64.b64encode(plain).decode()})
    use_passkey(page)
    page.wait_for_url("**/login#passkey_failed")
    expect(told).to_be_visible()
    keys.pull_out(forged)


def _more_passkeys(page: Page, person: Person, keys: Authenticators, mine: str) -> None:
    show(page, "security")
    listed = page.get_by_role("list", name="Passkeys").get_by_role("listitem")
    add = page.get_by_role("button", name="Add a passkey")
    add.click()
    expect(page.get_by_role("textbox", name="Name of the passkey")).to_be_visible()
    add.click()  # this authenticator holds one of the account already
    expect(page.get_by_role("alert").filter(has_text="could not be checked")).to_be_visible()
    keys.pull_out(mine)  # of two, either might answer first
    keys.plug_in()
    add.click()
    expect(listed).to_have_count(2)
    assert person.mails.next("factor_added").text.count("“Passkey 1”") == 1
    listed.filter(has_text="Laptop").get_by_role("button", name="Remove Laptop").click()
    question = page.get_by_role("group").filter(has_text="Laptop")
    question.get_by_role("button", name="Remove Laptop").click()
    expect(listed).to_have_count(1)
    is_told(page, "It is removed")
    assert "“Laptop” can no longer prove" in person.mails.next("factor_removed").text


def test_from_one_method_to_the_next_and_to_none(page: Page, server: Server) -> None:
    person = somebody(server, language="nl")
    at_security(page, person)
    choose(page, "E-mail", person.mails)
    assert "“E-mail”" in person.mails.next("factor_added").text
    radio(page, "Authenticator app").check()
    replaces = page.get_by_text("it replaces your present second factor")
    expect(replaces).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(radio(page, "E-mail")).to_be_checked()
    radio(page, "Authenticator app").check()
    phone = link_device(page, "Telefoon")
    expect(replaces).to_be_hidden()
    gone = person.mails.next("factor_removed")
    assert gone.subject == "Er is een tweede factor van uw account verwijderd"
    choose(page, "Text message", person.texts)
    expect(page.get_by_role("list", name="Devices")).to_have_count(0)
    assert person.count("totp_device") == 0
    sign_out(page)
    to_second_factor(page, person.username)
    answer(page, code_of(phone, 0))
    refuses(page, code_field(page), "This code is not right")
    answer(page, person.texts.code())
    is_in(page)
    _none(page, person)


def _none(page: Page, person: Person) -> None:
    show(page, "security")
    none = radio(page, "None")
    none.check()
    question = page.get_by_role("group").filter(has_text="Your second factor is removed")
    question.get_by_role("button", name="Keep").click()
    expect(radio(page, "Text message")).to_be_checked()
    none.check()
    question.get_by_role("button", name="Use no second factor").click()
    is_told(page, "It is removed")
    expect(none).to_be_checked()
    expect(page.get_by_role("button", name="New recovery codes")).to_have_count(0)
    sign_out(page)
    sign_in(page, person.username)


def everything_opens(page: Page) -> None:
    navigation = page.get_by_role("navigation", name="User settings")
    expect(navigation.get_by_role("link")).to_have_count(len(SECTIONS))
    for section in SECTIONS:
        follow(page, section)


def at_enrolment(page: Page, person: Person) -> None:
    sign_in(page, person.username)
    page.wait_for_url("**/settings/security")
    for path in ("/", "/settings/personal", "/settings/mappings"):
        page.goto(path)
        page.wait_for_url("**/settings/security")
    ready(page)
    radios = page.get_by_role("radiogroup", name="Two-factor authentication").get_by_role("radio")
    expect(radios).to_have_count(3)
    for name in ("None", "E-mail"):
        expect(radio(page, name)).to_have_count(0)
    for name in ("Sessions", "Remembered browsers"):
        expect(page.get_by_role("heading", name=name)).to_have_count(0)


@pytest.mark.asvs("6.6.1")
def test_a_mandatory_second_factor_by_text_message(page: Page, server: Server) -> None:
    person = somebody(server, JAN)
    at_enrolment(page, person)
    choose(page, "Text message", person.texts)
    everything_opens(page)
    sign_out(page)
    to_second_factor(page, person.username)
    answer(page, person.texts.code())
    page.wait_for_url("**/settings/personal")


def test_a_mandatory_second_factor_by_passkey(page: Page, server: Server) -> None:
    person = somebody(server, JAN)
    Authenticators(page).plug_in()
    at_enrolment(page, person)
    radio(page, "Passkey").check()
    page.get_by_role("button", name="Add a passkey").click()
    listed = page.get_by_role("list", name="Passkeys")
    expect(listed).to_contain_text("Passkey 1")
    expect(listed).to_contain_text("This is your last device")
    expect(listed.get_by_role("button")).to_have_count(0)
    everything_opens(page)


@pytest.mark.parametrize("section", ["security", "personal"])
def test_registering_a_mobile_phone(page: Page, server: Server, section: str) -> None:
    person = somebody(server, mobile_phone=None)
    texts = Inbox(server, "+32470555000")
    sign_in(page, person.username)
    show(page, section)
    if section == "security":
        radio(page, "Text message").check()
    register_mobile(page, person, texts)
    is_told(page, TOLD_THEN[section])
    assert "A mobile phone was registered" in person.mails.next("mobile_registered").text
    if section == "security":
        code_field(page).fill(texts.code())
        page.get_by_role("button", name="Confirm").click()
        is_told(page, "Your second factor is set")
        show(page, "personal")
    expect(page.get_by_role("textbox", name="Mobile phone*")).to_have_value("0470 55 50 00")
    expect(page.get_by_role("button", name="Register mobile phone")).to_have_count(0)
    execute(server, "UPDATE account SET mobile_phone = NULL WHERE username = ?", person.username)


TOLD_THEN = {
    "security": "A code was sent to your mobile phone",
    "personal": "Your mobile phone is registered",
}


def register_mobile(page: Page, person: Person, texts: Inbox) -> None:
    page.get_by_role("button", name="Register mobile phone").click()
    is_told(page, "A code was sent to your e-mail address")
    number = page.get_by_role("textbox", name="Mobile number")
    mailed = person.mails.code()
    code_field(page).fill(mailed)
    number.fill("09 200 11 22")
    page.get_by_role("button", name="Send code").click()
    expect(
        page.get_by_role("alert").filter(has_text="cannot receive text messages")
    ).to_be_visible()
    expect(number).to_have_value("09 200 11 22")
    number.fill("0470 55 50 00")
    code_field(page).fill("000000")
    page.get_by_role("button", name="Send code").click()
    refuses(page, code_field(page), "This code is not right")
    code_field(page).fill(mailed)
    page.get_by_role("button", name="Send code").click()
    is_told(page, "A code was sent to your mobile phone")
    code_field(page).fill(texts.code())
    page.get_by_role("button", name="Confirm").click()


def test_five_wrong_codes_lock_for_a_while(
    page: Page, server: Server, open_context: Callable[..., BrowserContext]
) -> None:
    person = somebody(server)
    at_security(page, person)
    choose(page, "E-mail", person.mails)
    stranger = open_context().new_page()
    to_second_factor(stranger, person.username)
    for _ in range(4):
        answer(stranger, "000000")
        refuses(stranger, code_field(stranger), "This code is not right")
    answer(stranger, "000000")
    expect(stranger.get_by_role("alert").filter(has_text="This account is locked")).to_be_visible()
    alert = person.mails.next("account_locked")
    assert "several wrong one-time passwords" in alert.text
    assert alert.link("lock")
    give_address(stranger, person.username)
    give_password(stranger)
    expect(stranger.get_by_role("alert").filter(has_text="This account is locked")).to_be_visible()
    show(page, "mappings")  # who was in stays in
