"""What is sensitive takes a proof of the last five minutes: all handlers and routes, one by one."""

from datetime import timedelta

import pytest

from pacs_settings.access import outbox_routes
from pacs_settings.access.permissions import needed, needs_fresh_proof
from pacs_settings.core import clock
from pacs_settings.core.accounts import sessions
from tests.access.browser import contents, execute
from tests.access.handlers import POSTS, ROUTES, all_handlers, ours
from tests.access.owners import LIMIT, Owner, asked, open_security, short, with_everything
from tests.access.people import age
from tests.access.sockets import Tab, values
from tests.conftest import PASSWORD, Server, in_a_loop

# Whoever adds a handler or route decides here whether it is sensitive: whether somebody who finds
# a signed-in browser may do it.
SENSITIVE = {
    "access_state.proven",
    "mobile_state.begin",
    "personal_state.not_me",
    "report_state.add",
    "report_state.validate",
    "security_state.add",
    "security_state.choose",
    "security_state.do_without",
    "security_state.open_password",
    "security_state.remove",
    "security_state.remove_passkey",
    "security_state.send_again",
    "sessions_state.end",
    "sessions_state.end_others",
    "signature_state.replace",
    "signature_state.replace_typed",
    "signature_state.withdraw",
}
ORDINARY = {
    "link_state.load_activation",
    "link_state.load_lock",
    "line_state.close",
    "line_state.explain",
    "line_state.send_test",
    "link_state.load_nothing",
    "link_state.load_reset",
    "mappings_state.filter",
    "mappings_state.load",
    "mappings_state.refresh",
    "mappings_state.sort",
    "mappings_state.toggle",
    "mappings_state.toggle_default",
    "mappings_state.turn_page",
    "mobile_state.load",
    "mobile_state.proposed",
    "mobile_state.registered",
    "personal_state.doubt",
    "personal_state.load",
    "personal_state.save",
    "personal_state.toggle_history",
    "privacy_state.load",
    "privacy_state.save",
    "privacy_state.toggle",
    "report_state.discard",
    "report_state.keep",
    "report_state.load",
    "report_state.refresh",
    "report_state.save",
    "reports_state.load",
    "reports_state.show_state",
    "reports_state.turn_page",
    "security_state.added",
    "security_state.ask_removal",
    "security_state.close_password",
    "security_state.give_up",
    "security_state.load",
    "security_state.password_changed",
    "security_state.recovery_renewed",
    "session_state.load",
    "session_state.look",
    "session_state.report_trouble",
    "session_state.stay",
    "sessions_state.forget",  # it can only make signing in harder
    "sessions_state.load",
    "sign_in_state.load",
    "signature_state.ask_withdrawal",
    "signature_state.give_up",
    "signature_state.load",
    "signature_state.preview",
    "signature_state.save",
    "signature_state.save_typed",
    "signature_state.uploaded",
    "start_state.go_in",
}
SENSITIVE_ROUTES = {
    "/security/devices/link",
    "/security/devices/new",
    "/security/method",
    "/security/mobile/confirm",
    "/security/mobile/number",
    "/security/passkeys/add",
    "/security/passkeys/new",
    "/security/password",
    "/security/recovery",
    "/security/signature/next",
}
ORDINARY_ROUTES = {
    "/reports/{id}/pdf",
    *(route.path for route in outbox_routes.routes),  # in development only
    "/auth/address",
    "/auth/challenge",
    "/auth/code",
    "/auth/forgot",
    "/auth/language",
    "/auth/link/code",
    "/auth/link/lock",
    "/auth/link/password",
    "/auth/password",
    "/auth/proof/begin",
    "/auth/proof/code",
    "/auth/proof/password",
    "/auth/renew",
    "/auth/resend",
    "/auth/sign-out",
    "/security/signature/first",
    "/security/signature/preview",
    "/security/strength",
    "/auth/link/unsubscribe",
    "/link/unsubscribe/{token}",
    "/link/{purpose}/{token}",
    "/api/v1/openapi.json",
    "/api/v1/study-events",
}
NEW = "entirely unguessable marmalade"
FORM = {"current": PASSWORD, "new": NEW, "again": NEW, "name": "Phone 2", "device_id": "1"}
FORM |= {"code": "123456", "mail_code": "123456", "answer": "{}", "method": "email"}
FORM |= {"mobile": "0470 99 99 99"}
JUST_IN_TIME = LIMIT - 60  # a busy machine may take a while to ask


@pytest.fixture
def owner(server: Server) -> Owner:
    return with_everything(server)


@pytest.fixture(scope="module")
def untouched(server: Server) -> Owner:
    """One for all tests in which nothing must happen."""
    return with_everything(server)


def test_every_handler_is_sensitive_or_not():
    found = {short(name) for name in ours()}
    assert found == SENSITIVE | ORDINARY
    assert not SENSITIVE & ORDINARY
    assert {short(name) for name in ours() if needs_fresh_proof(all_handlers()[name])} == SENSITIVE


def test_every_route_is_sensitive_or_not():
    assert set(ROUTES) == SENSITIVE_ROUTES | ORDINARY_ROUTES
    assert not SENSITIVE_ROUTES & ORDINARY_ROUTES
    marked = {path for path, route in ROUTES.items() if needs_fresh_proof(route.endpoint)}
    assert marked == SENSITIVE_ROUTES
    assert set(POSTS) >= SENSITIVE_ROUTES
    assert all(needed(ROUTES[path].endpoint) for path in SENSITIVE_ROUTES)


async def prepared(tab: Tab, owner: Owner, name: str) -> str:
    """Bring the page to where the handler would do something; the handler's full name."""
    [handler] = [found for found in ours() if short(found) == name]
    await open_security(tab, owner)
    if name == "security_state.send_again":  # there is something to be sent
        choose = handler.replace("send_again", "choose")
        await tab.act(choose, {"method": "email"}, "/settings/security")
    return handler


@pytest.mark.parametrize("name", sorted(SENSITIVE))
@pytest.mark.asvs("7.5.1")
def test_a_handler_with_a_stale_proof_does_nothing(server: Server, untouched: Owner, name: str):
    session_id = untouched.browser.session_id

    async def work() -> None:
        async with Tab(server, untouched.browser.cookie) as tab:
            age(server, session_id, 0)
            handler = await prepared(tab, untouched, name)
            age(server, session_id, LIMIT + 1)
            before = contents(server)
            frames = await tab.act(handler, untouched.plausible(handler), "/settings/security")
            assert asked(frames) == 1
            state = name.partition(".")[0]
            assert state == "access_state" or values(frames, state) == {}
            assert contents(server) == before

    in_a_loop(work())


@pytest.mark.parametrize("name", sorted(SENSITIVE))
def test_a_handler_with_a_proof_just_in_time_works(server: Server, owner: Owner, name: str):
    async def work() -> None:
        async with Tab(server, owner.browser.cookie) as tab:
            handler = await prepared(tab, owner, name)
            age(server, owner.browser.session_id, JUST_IN_TIME)
            frames = await tab.act(handler, owner.plausible(handler), "/settings/security")
            assert asked(frames) is None
            assert frames or name == "access_state.proven"

    in_a_loop(work())


@pytest.mark.parametrize("path", sorted(SENSITIVE_ROUTES))
@pytest.mark.asvs("7.5.1")
def test_a_route_with_a_stale_proof_does_nothing(server: Server, untouched: Owner, path: str):
    age(server, untouched.browser.session_id, LIMIT + 1)
    before = contents(server)
    answer = untouched.browser.post(path, FORM)
    assert (answer.status_code, answer.json()["refused"]) == (200, "proof_needed")
    assert answer.json()["message"]
    assert contents(server) == before


def test_a_route_with_a_proof_just_in_time_works(server: Server, owner: Owner):
    age(server, owner.browser.session_id, JUST_IN_TIME)
    for path in SENSITIVE_ROUTES:
        assert owner.browser.post(path, FORM).json().get("refused") != "proof_needed"


def test_a_proof_lasts_five_minutes_to_the_second(monkeypatch: pytest.MonkeyPatch):
    moment = clock.now()
    monkeypatch.setattr(sessions, "now", lambda: moment)
    for seconds, fresh in ((0, True), (LIMIT - 1, True), (LIMIT, True), (LIMIT + 1, False)):
        assert sessions.is_fresh(moment - timedelta(seconds=seconds)) is fresh
    assert not sessions.is_fresh(None)


def test_a_session_that_was_never_proven(server: Server, owner: Owner):
    execute(
        server,
        "UPDATE sign_in_session SET proven_at = NULL WHERE id = ?",
        owner.browser.session_id,
    )
    for path in SENSITIVE_ROUTES:
        assert owner.browser.post(path, FORM).json()["refused"] == "proof_needed"
