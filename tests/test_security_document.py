"""docs/security.md tells the policy that the code follows."""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

from pacs_settings.access import principal
from pacs_settings.access.permissions import Permission
from pacs_settings.access.watch import WARN
from pacs_settings.core import mappings, personal, privacy
from pacs_settings.core.accounts import password_rules as rules
from pacs_settings.core.accounts import sign_in, throttle
from pacs_settings.core.accounts.second_factor import proof
from pacs_settings.core.tables import Account, Means, Region
from pacs_settings.pages.security.routes import STRENGTH_RATE
from tests.core.accounts.test_known_passwords import LONGEST_MINIMUM, listed

ROOT = Path(__file__).parents[1]
IN_WORDS = {2: "two", 5: "five"}
REGION = Region(name="a region with the defaults")
BOTH = "everybody signed in, also where a second factor must still be set up"


@lru_cache(maxsize=16)
def section(title: str) -> str:
    """A section of the document."""
    told = (ROOT / "docs" / "security.md").read_text()
    return told.partition(f"## {title}\n")[2].partition("\n## ")[0]


def tells(title: str, *sentences: str) -> list[str]:
    """The sentences that are missing in a section, however its lines are broken."""
    told = " ".join(section(title).split())
    assert told
    return [sentence for sentence in sentences if sentence not in told]


def rows(title: str, first: str) -> list[list[str]]:
    """The cells of the table that begins with this heading."""
    table = section(title).partition(f"| {first} |")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]
    ]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def count_of(minimum: int) -> str:
    return f"{sum(len(rules.normalise(text)) >= minimum for text in listed()):,}"


@pytest.mark.asvs("6.1.1")
def test_the_figures_of_slowing_down_are_those_of_the_code() -> None:
    free, longest = throttle.FREE, throttle.LONGEST_DELAY
    waits = [throttle.delay("account", free["account"] + n) for n in (1, 2, 3, 99)]
    assert waits == [2, 4, 8, longest]
    assert free["account"] == free["browser"]
    codes = IN_WORDS[proof.CODES_BEFORE_LOCK]
    fade = throttle.WINDOW.seconds // 60
    assert not tells(
        "Guessing",
        f"before the password is looked at | {free['account']} are free, "
        f"then waits of 2, 4, 8 … {longest} seconds",
        f"per address too | {free['address']} are free",
        f"not with strangers | {free['browser']} are free",
        f"{codes} wrong codes in a row lock the account for the region's time, `lock_seconds` "
        f"| {REGION.lock_seconds // 60} minutes",
        f"finished in time | {sign_in.PENDING_FOR.seconds // 60} minutes",
        f"questions of a session | {STRENGTH_RATE.amount} in {STRENGTH_RATE.multiples} seconds",
        f"fade away in {fade} minutes",
        "Wrong passwords never lock",
    )


@pytest.mark.asvs("6.1.2")
def test_the_words_that_passwords_must_avoid_are_those_of_the_code() -> None:
    products = ", ".join(f"`{word}`" for word in rules.PRODUCT_WORDS)
    assert not tells(
        "Passwords",
        "the owner's first name, last name or parts of the e-mail address, "
        f"or of the product's words {products}; "
        f"of {rules.SHORTEST_CONTEXT_WORD} letters or more",
        f"fewer than {rules.ENOUGH_BESIDE_CONTEXT} letters and digits",
    )


def test_the_lengths_of_passwords_are_those_of_the_code() -> None:
    most = rules.policy(False, False, None).maximum
    assert not tells(
        "Passwords",
        f"at least {rules.MINIMUM_ALONE} characters without a second factor, "
        f"{rules.MINIMUM_WITH_SECOND_FACTOR} with one",
        f"may ask for {rules.MINIMUM_OF_A_REGION} or more",
        f"At most {most}",
    )


def test_the_list_of_known_passwords_is_as_long_as_told() -> None:
    least, middle, alone = (
        rules.MINIMUM_OF_A_REGION,
        rules.MINIMUM_WITH_SECOND_FACTOR,
        rules.MINIMUM_ALONE,
    )
    assert not tells(
        "Passwords",
        f"the {len(listed()):,} most used ones",
        f"{count_of(least)} of them have {least} characters or more",
        f"{count_of(middle)} have {middle} or more, {count_of(alone)} have {alone} or more",
        f"from {least} to {LONGEST_MINIMUM}",
        f"all {count_of(LONGEST_MINIMUM + 1)} that are longer",
    )


def modules() -> dict[str, ast.Module]:
    package = ROOT / "pacs_settings"
    return {
        path.relative_to(package).as_posix(): ast.parse(path.read_text())
        for path in package.rglob("*.py")
    }


@pytest.mark.asvs("6.1.3", "6.3.4")
def test_every_means_of_signing_in_is_told() -> None:
    used = {
        Means[node.attr].value
        for name, module in modules().items()
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Means"
    }
    assert {means for row in rows("Ways in", "step") for means in names(row[1])} == used


@pytest.mark.asvs("6.3.4")
def test_sessions_begin_in_one_place() -> None:
    """The end of a sign-in, whatever its steps were; a way around it would be seen here."""
    starts = [
        name
        for name, module in modules().items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "sessions.start"
    ]
    makes = [
        name
        for name, module in modules().items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "SignInSession"
    ]
    assert starts == ["core/accounts/sign_in.py"]
    assert makes == ["core/accounts/sessions.py"]


@pytest.mark.asvs("7.1.1")
def test_the_times_of_sessions_are_those_of_the_code() -> None:
    assert not tells(
        "Sessions",
        f"not used for {REGION.idle_seconds // 60} minutes, "
        f"and after {REGION.absolute_seconds // 3600} hours in all",
        f"A warning comes {IN_WORDS[WARN.seconds // 60]} minutes before",
        "NIST SP 800-63B-4 (section 2.2.3)",
    )
    assert REGION.idle_seconds <= 3600
    assert REGION.absolute_seconds <= 24 * 3600


@pytest.mark.asvs("7.1.2")
def test_how_many_sessions_there_may_be_is_told() -> None:
    assert not tells(
        "Sessions",
        "may have any number of sessions at once, and none ends because another begins",
    )


def granted() -> dict[str, str]:
    """To whom each permission is granted, tried out on all kinds of accounts."""
    kinds = {
        "enrolling": principal._granted(True, True, True),
        "anybody": principal._granted(False, False, False),
        "local": principal._granted(False, True, False),
        "editor": principal._granted(False, False, True),
    }
    words = {
        frozenset(kinds): BOTH,
        frozenset(kinds) - {"enrolling"}: "everybody signed in",
        frozenset({"local"}): "local accounts",
        frozenset({"editor"}): "accounts that may edit reports",
    }
    found = {
        permission.value: words[frozenset(kind for kind, has in kinds.items() if permission in has)]
        for permission in Permission
    }
    return found | {Permission.PUBLIC.value: "everybody, also signed out"}


@pytest.mark.asvs("8.1.1")
def test_the_permissions_are_granted_as_told() -> None:
    told = {names(row[0])[0]: row[1] for row in rows("Who may do what", "permission")}
    assert told == granted()
    assert not tells("Who may do what", "is read and changed by that account alone")


@pytest.mark.asvs("8.1.2")
def test_every_field_of_an_account_has_its_rule() -> None:
    listed_fields = [name for row in rows("Who may do what", "fields") for name in names(row[0])]
    assert sorted(listed_fields) == sorted(Account.model_fields)


@pytest.mark.asvs("8.1.2")
def test_the_fields_that_an_owner_changes_are_those_of_the_code() -> None:
    changed = {
        name
        for row in rows("Who may do what", "fields")
        if row[2] == "yes"
        for name in names(row[0])
    }
    switches = {f"{name}_public" for name in privacy.Switches.__dataclass_fields__}
    defaults = {f"default_on_{which}" for which in mappings.Switch}
    assert changed == set(personal.PersonalChange.model_fields) | switches | defaults
