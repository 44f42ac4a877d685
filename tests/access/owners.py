"""An account with all that is worth stealing, and the steps of whoever must prove to be its owner."""

from dataclasses import dataclass
from typing import Any

from tests.access.browser import Browser, execute, signed_in
from tests.access.handlers import ours, plausible
from tests.access.people import device, passkey, remembered, somebody
from tests.access.sockets import Tab, full, values
from tests.conftest import PASSWORD, Server

LIMIT = 5 * 60  # seconds that a proof is good for
STAY = full("shell", "stay")


def short(name: str) -> str:
    return name.rpartition("____")[2]


[END] = [name for name in ours() if short(name) == "sessions_state.end"]


@dataclass
class Owner:
    """Somebody with everything that is worth stealing, signed in three times."""

    username: str
    browser: Browser
    elsewhere: Browser
    third: Browser
    device: int
    passkey: int

    def plausible(self, name: str) -> dict[str, Any]:
        """Arguments by which the handler would do something."""
        mine = {"session_id": self.elsewhere.session_id, "method": "email"}
        mine |= {"device": self.device, "passkey": self.passkey}
        found = plausible(name)
        return found | {key: mine[key] for key in found if key in mine}


def with_everything(server: Server) -> Owner:
    username = somebody(server, may_edit_reports=1)
    browsers = [signed_in(server, username) for _ in range(3)]
    number, _totp = device(server, username)
    remembered(server, username, "anything", f"of {username}"[:24])
    execute(server, "DELETE FROM throttle")
    return Owner(username, *browsers, number, passkey(server, username))


async def open_security(tab: Tab, owner: Owner) -> None:
    """Open the page and wait until the last of its loaders has run."""
    await tab.open("/settings/security")
    await tab.until(lambda frame: owner.elsewhere.session_id in frame)


def asked(frames: list[str]) -> int | None:
    """How often the page was told to ask for a proof, where it was told anything of it."""
    found: int | None = values(frames, "access_state").get("proof_asked")
    return found


def prove(browser: Browser, password: str = PASSWORD) -> dict[str, Any]:
    return dict(browser.post("/auth/proof/password", {"password": password}).json())


def stale(server: Server, browser: Browser) -> bool:
    """Whether the session must prove itself first."""
    told = browser.post("/security/method", {"method": "none", "code": ""}).json()
    return bool(told["refused"] == "proof_needed")


async def behind(tab: Tab, name: str, payload: Any = None) -> list[str]:
    """Send an event and wait until it is done, without hydrating, which begins the page anew."""
    start = len(tab.frames)
    await tab.send(name, payload, "/settings/security")
    await tab.send(STAY)
    last = await tab.until(lambda frame: "session_state" in frame and "answer_rx" in frame, start)
    return tab.frames[start : tab.frames.index(last)]
