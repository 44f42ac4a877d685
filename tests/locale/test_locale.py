"""Every text is there in every language, and every text that is there is used."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from babel import Locale

from pacs_settings.config import LANGUAGES, MAIL_LANGUAGES
from pacs_settings.core import mappings, outbox, personal, ports, strokes
from pacs_settings.core.accounts import candidates, sign_in
from pacs_settings.core.reports.document import Heading, State
from pacs_settings.core.signature_kinds import picture, typed_name
from pacs_settings.core.studies.why import Delivery
from pacs_settings.core.tables import (
    Account,
    AccountState,
    Fate,
    Gender,
    Means,
    Method,
    Outcome,
    ReportState,
    SignatureKind,
    StudyKind,
    VersionKind,
)
from pacs_settings.locale import catalog, choose, text

ROOT = Path(__file__).parents[2] / "pacs_settings"
PLURALS = ("one", "other")


# What the sources ask for.


@lru_cache(maxsize=1)
def sources() -> dict[Path, ast.Module]:
    paths = [path for path in sorted(ROOT.rglob("*.py")) if path.parent.name != "locale"]
    return {path: ast.parse(path.read_text()) for path in paths}


def calls(*names: str, under: str = "") -> Iterator[ast.Call]:
    """Calls of functions or methods of these names."""
    for path, module in sources().items():
        if not path.is_relative_to(ROOT / under):
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else None
                name = called.id if isinstance(called, ast.Name) else name
                if name in names:
                    yield node


def constants(call: ast.Call, place: int, keyword: str = "") -> set[str]:
    """The literal strings that an argument may be."""
    found = [k.value for k in call.keywords if k.arg == keyword]
    if len(call.args) > place:
        found.append(call.args[place])
    return {
        node.value
        for argument in found
        for node in ast.walk(argument)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def given(*names: str, place: int, under: str = "", keyword: str = "") -> set[str]:
    """All literal strings passed at this place to functions of these names."""
    return {c for call in calls(*names, under=under) for c in constants(call, place, keyword)}


def literals(nodes: Iterable[ast.expr]) -> set[str]:
    """The literal strings in expressions, keys of dictionaries apart."""
    keys = {
        id(key)
        for node in nodes
        for d in ast.walk(node)
        if isinstance(d, ast.Dict)
        for key in d.keys
    }
    return {
        part.value
        for node in nodes
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and id(part) not in keys
    }


def assigned(name: str, under: str) -> list[ast.expr]:
    """What a name stands for in a part of the sources."""
    return [
        node.value
        for path, module in sources().items()
        if path.is_relative_to(ROOT / under)
        for node in ast.walk(module)
        if isinstance(node, ast.Assign)
        and [target.id for target in node.targets if isinstance(target, ast.Name)] == [name]
    ]


def asked() -> list[tuple[ast.expr, bool]]:
    """The key of every look-up, and whether a number chooses its form."""
    found = []
    for names, place in ((("t", "say"), 0), (("text", "_words"), 1)):
        for call in calls(*names):
            if len(call.args) > place:
                counted = any(keyword.arg == "count" for keyword in call.keywords)
                found.append((call.args[place], counted))
    return found


def forms(key: str, counted: bool) -> set[str]:
    return {f"{key}.{form}" for form in PLURALS} if counted else {key}


def pattern(joined: ast.JoinedStr) -> str:
    """A key that is put together, with {} for each part that is not literal."""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}" for part in joined.values
    )


# What the parts may be that keys are put together with.


def refused() -> set[str]:
    """Every code that something is refused with."""
    found = given("Refused", "SignInRefused", "EventRefused", place=0) | given(
        "_refuse", place=1, under="core"
    )
    for path in (
        "errors",
        "reports/reports",
        "accounts/throttle",
        "accounts/password_change",
        "accounts/send_limits",
        "search/limits",
    ):
        found |= given("__init__", place=0, under=f"core/{path}.py")
    found = {code for code in found if re.fullmatch(r"[a-z_]+[a-z]", code)}
    found |= given("check_password", place=3, under="core/accounts")  # what a wrong one is called
    found |= {"not_an_address", "wrong"} | states() | directory() | answers() | shown()
    found |= {f"phone_{code}" for code in phones()}
    found |= {f"number_{code}" for code in given("NumberRefused", place=1, under="core")}
    found |= {f"password_{code}" for code in passwords()}
    found |= {f"strokes_{code}" for code in get_args(strokes.Code)}
    found |= {f"picture_{code}" for code in get_args(picture.Code)}
    found |= {f"typed_{code}" for code in get_args(typed_name.Code)}
    found |= {f"not_valid_{field}" for field in personal.PersonalChange.model_fields}
    return found


def yielded(name: str) -> set[str]:
    """Literal strings that generators of a module give."""
    return {
        node.value.value
        for node in ast.walk(sources()[ROOT / name])
        if isinstance(node, ast.Yield)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def passwords() -> set[str]:
    found = yielded("core/accounts/password_rules.py")
    assert "too_short" in found
    return found


def phones() -> set[str]:
    raised = given("PhoneRefused", place=0, under="core/phones.py")
    from pacs_settings.core import phones as module

    return raised | set(module._UNREADABLE.values()) | set(module._IMPOSSIBLE.values())


def states() -> set[str]:
    """Why an account may not sign in, in each state that it can be in."""
    reasons = {
        sign_in._state_refusal(Account(username="", username_key="", state=state))
        for state in AccountState
    }
    return reasons - {""}


def directory() -> set[str]:
    return {f"directory_{reason}" for reason in get_args(ports.Reason)} - {"directory_wrong"}


def answers() -> set[str]:
    """What an answer to a second factor is refused with."""
    return {
        node.value.value
        for node in ast.walk(sources()[ROOT / "core/accounts/second_factor/proof.py"])
        if isinstance(node, ast.Return)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    } - {""}


def shown() -> set[str]:
    """What the page of signing in has an element for: some answers have words of their own."""
    found = literals(assigned("REFUSALS", under="pages/sign_in"))
    return {code for code in found if re.fullmatch(r"[a-z_]+[a-z]", code)}


def history() -> set[str]:
    noted = given("record", place=5, under="core/accounts")
    assert "wrong_code" in noted
    return noted | {candidates.WRONG.reason} | states() | directory()


def ended() -> set[str]:
    ways = given("end", "end_all_others", place=1, keyword="why")
    ways |= given("end_others", "end_all", place=2)
    defaults = {
        default.value
        for node in ast.walk(sources()[ROOT / "core/accounts/sessions.py"])
        if isinstance(node, ast.FunctionDef) and node.name.startswith("end")
        for default in node.args.defaults
        if isinstance(default, ast.Constant)
    }
    assert {"signed_out", "password_changed"} <= ways | defaults
    return ways | defaults | {"disabled", "absolute", "idle"}


def mails() -> set[str]:
    found = given("put_alert", "put_mail", "put_link", "_put", place=2, under="core")
    found |= literals(assigned("template", under="core"))
    assert {"password_changed", "account_locked", "code", "reset", "recovery_low"} <= found
    return found


def alerts() -> set[str]:
    return given("put_alert", place=2, under="core")


def between(prefix: str, suffix: str = "") -> set[str]:
    """What stands between in the catalogue; for keys whose middle a view lists by itself."""
    match = re.compile(f"{re.escape(prefix)}([^.]+){re.escape(suffix)}$")
    return {found[1] for key in catalog("en") if (found := match.match(key))}


SECTIONS = {"personal", "security", "privacy", "mappings", "signature", "favorites"}
SWITCHES = {str(switch) for switch in mappings.Switch}
RANKS, FORMS = ("plain", "doctor", "professor"), ("female", "male", "neutral")
NOTICES = {"study", "report", "report_preliminary", "report_corrected"}
PARTS: dict[str, set[str]] = {
    "nav.{}": SECTIONS,
    "gender.{}": {str(gender) for gender in Gender},
    "refused.{}": refused(),
    "history.{}": {"when", "address", "device", "means", "outcome"},
    "history.reason.{}": history(),
    "history.means.{}": {str(means) for means in Means},
    "history.outcome.{}": {str(outcome) for outcome in Outcome},
    "login.ended.{}": ended(),
    "login.hint.{}": {str(method) for method in Method} - {"none", "passkey"},
    "mail.greeting.{}": {f"{rank}.{form}" for rank in RANKS for form in FORMS},
    "mail.notice.{}": {"patient", "exam", "date", "source"},
    "mail.notice.{}.subject": NOTICES,
    "mail.notice.{}.body": NOTICES,
    "mail.notice.stop_{}": {str(kind) for kind in StudyKind},
    "mail.{}.subject": mails(),
    "mail.{}.body": mails(),
    "mappings.{}": {str(order) for order in mappings.Order},
    "mappings.{}_short": {f"on_{switch}" for switch in SWITCHES},
    "mappings.on_{}_named": SWITCHES,
    "mappings.default_{}": SWITCHES,
    "mappings.default_{}_hint": SWITCHES,
    "mappings.fate.{}": {str(fate) for fate in Fate},
    "mappings.delivery.{}": {str(delivery) for delivery in Delivery},
    "mappings.preview_{}": {str(kind) for kind in StudyKind},
    "mappings.said.{}.{}": {f"{switch}.{to}" for switch in SWITCHES for to in ("on", "off")},
    "pdf.{}": {str(heading) for heading in Heading},
    "pdf.fact.{}": {"patient", "date", "accession", "study", "source", "version"},
    "pdf.state.{}": {str(state) for state in State},
    "privacy.{}": {"contact", "email", "mobile"},
    "privacy.{}_hint": {"contact", "email", "mobile"},
    "privacy.card.{}": {"name", "email", "mobile"},
    "privacy.found.{}": {"search", "exact", "nobody"},
    "reports.{}": {
        *("studied_on", "description", "source", "institution", "accession", "study_uid"),
        *("patient", "state", "changed", "findings", "conclusion", "not_found", "not_found_hint"),
        *("kept", "lost", "discard", "take_theirs", "save_mine", "conflict", "save"),
    },
    "reports.back.{}": {"archive", "result", "sent", "waiting", "failed"},
    "reports.changed.{}": {"saved", "final"},
    "reports.kind.{}": {str(kind) for kind in VersionKind},
    "reports.state.{}": {str(state) for state in ReportState},
    "proof.{}": {"title", "hint", "confirm", "use_code", "use_password", "use_passkey"},
    "security.{}": {"current", "new", "again"},
    "security.method.{}": {str(method) for method in Method},
    "security.method.{}_hint": {str(method) for method in Method},
    "security.sent.{}": {"email", "sms"},
    "signature.{}": {
        *("number", "made", "who", "when", "hash", "proven", "until"),
        *("draw", "type", "upload"),
    },
    "signature.{}_hint": {"draw", "type", "upload"},
    "signature.kind.{}": {str(kind) for kind in SignatureKind},
    "sms.{}": {"code"},
    "strength.{}": set("01234"),
}


def put_together() -> set[str]:
    """Patterns of all keys that are put together, in look-ups or before them."""
    return {
        pattern(node) for key, _ in asked() for node in [key] if isinstance(node, ast.JoinedStr)
    }


def fill(shape: str, part: str) -> str:
    return shape.replace("{}.{}", "{}").replace("{}", part)


@lru_cache(maxsize=1)
def used() -> frozenset[str]:
    """Every key that the sources may ask for."""
    found: set[str] = set()
    for key, counted in asked():
        if isinstance(key, ast.Constant):
            found |= forms(str(key.value), counted)
        elif isinstance(key, ast.JoinedStr):
            found |= {fill(pattern(key), part) for part in PARTS.get(pattern(key), set())}
        else:  # a name: what it stands for is a literal elsewhere, or a branch of this one
            inside = [n.value for n in ast.walk(key) if isinstance(n, ast.Constant)]
            found |= {str(value) for value in inside if str(value) in catalog("en")}
    return frozenset(found | handed_on())


def handed_on() -> set[str]:
    """Keys with a dot that are passed to a function that looks them up."""
    literals = {
        node.value
        for module in sources().values()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {key for key in literals if "." in key and key in catalog("en")}


def test_every_key_that_is_put_together_is_known_here() -> None:
    assert put_together() - set(PARTS) == set()
    assert set(PARTS) - put_together() == set()


def test_every_key_that_is_asked_for_is_there() -> None:
    assert used() - set(catalog("en")) == set()


def test_every_key_that_is_there_is_asked_for() -> None:
    assert set(catalog("en")) - used() == set()


def test_every_number_has_its_forms() -> None:
    counted = {str(key.value) for key, count in asked() if count and isinstance(key, ast.Constant)}
    assert counted
    for language in LANGUAGES:
        rules = {Locale(language).plural_form(n) for n in (0, 1, 2, 5, 11, 100)}
        for key in counted:
            assert {f"{key}.{form}" for form in rules} <= set(catalog(language))


# What the catalogues hold.


def placeholders(of: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(of) if name is not None}


def test_all_languages_have_the_same_keys() -> None:
    assert len(catalog("en")) > 150
    for language in LANGUAGES:
        assert set(catalog(language)) == set(catalog("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_the_same_in_every_language(language: str) -> None:
    wrong = {
        key
        for key, sentence in catalog("en").items()
        if placeholders(sentence) != placeholders(catalog(language)[key])
    }
    assert wrong == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_entry_is_empty_or_there_twice(language: str) -> None:
    source = (ROOT / "locale" / f"{language}.po").read_text()
    keys = re.findall(r'^msgid "(.+)"$', source, re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(catalog(language))
    assert all(sentence.strip() == sentence != "" for sentence in catalog(language).values())


def test_a_translation_is_no_copy() -> None:
    same = {key for key, sentence in catalog("en").items() if catalog("nl")[key] == sentence}
    sentences = {key for key in same if " " in re.sub(r"\{\w+\}\W*", "", catalog("en")[key])}
    assert sentences == set()


# Languages of mails and reports alone.

OF_MAILS = ("mail.", "sms.", "pdf.", "security.method.", "unknown", "language.own_name")


def of_mails() -> set[str]:
    return {key for key in catalog("en") if key.startswith(OF_MAILS) and not key.endswith("_hint")}


@pytest.mark.parametrize("language", sorted(set(MAIL_LANGUAGES) - set(LANGUAGES)))
def test_mails_are_whole_in_each_language(language: str) -> None:
    assert set(catalog(language)) == of_mails()
    for key, sentence in catalog(language).items():
        wanted = placeholders(catalog("en")[key])
        if key.startswith("mail.greeting."):  # languages differ in whether they name the person
            assert placeholders(sentence) <= {"first", "last"}, key
        else:
            assert placeholders(sentence) == wanted, key
        assert sentence.strip() == sentence != "", key
    same = {key for key in of_mails() if catalog(language)[key] == catalog("en")[key]}
    assert {key for key in same if " " in re.sub(r"\{\w+\}\W*", "", catalog("en")[key])} == set()


# Looking up.


def test_values_are_filled_in() -> None:
    assert text("en", "refused.password_too_short", minimum=15) == "Use at least 15 characters."


def test_numbers_choose_their_form() -> None:
    assert "1 second," in text("en", "login.wait", count=1)
    assert "2 seconds," in text("en", "login.wait", count=2)
    assert "0 seconds," in text("en", "login.wait", count=0)


def test_a_key_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("en", "no.such.key")


def test_a_language_that_we_do_not_speak_is_english() -> None:
    assert text("xx", "saved") == text("en", "saved")


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, None, "en"),
        ("nl", "en", "nl"),
        ("xx", "nl", "nl"),
        ("", "", "en"),
        (None, "nl-BE,nl;q=0.9,en;q=0.8", "nl"),
        (None, "fr, nl;q=0.5, en;q=0.7", "en"),
        (None, "fr, nl; q=0.8, en; q=0.7", "nl"),
        (None, "fr;q=1, de;q=0.9", "en"),
        (None, "nl;q=0, en;q=0.1", "en"),
        (None, "NL", "nl"),
        (None, "nl;q=high, en;q=0.1", "en"),
        (None, "*", "en"),
        (None, ",;=" * 1000, "en"),
    ],
)
def test_the_language_to_speak(cookie: str | None, accepted: str | None, language: str) -> None:
    assert choose(cookie, accepted) == language


def test_alerts_are_written_by_core_only() -> None:
    assert outbox.put_alert.__module__ == "pacs_settings.core.outbox"
    assert given("put_alert", place=2) == alerts()
