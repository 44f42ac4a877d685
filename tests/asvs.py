"""OWASP ASVS 5.0, chapters V6 to V8, levels 1 and 2: what is asked, and which tests verify it.

Tests carry `@pytest.mark.asvs("6.2.1", …)`. `make asvs` runs exactly those; `python -m tests.asvs
--write` puts the table into docs/security.md. The words are ours; the standard's own are at
https://github.com/OWASP/ASVS (OWASP Foundation, CC BY-SA 4.0).
"""

import ast
import sys
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCUMENT = TESTS.parent / "docs" / "security.md"
BEGIN, END = "<!-- asvs -->\n", "\n<!-- /asvs -->"
COUNT = 60

REQUIREMENTS: dict[str, tuple[int, str]] = {
    "6.1.1": (1, "The docs say how guessing is slowed down, and why that locks nobody out."),
    "6.1.2": (2, "The docs list the words of the surroundings that passwords must avoid."),
    "6.1.3": (2, "The docs tell every way in, with its controls and strength."),
    "6.2.1": (1, "A chosen password has eight characters or more, better fifteen."),
    "6.2.2": (1, "People change their own password."),
    "6.2.3": (1, "Changing it takes the old one beside the new one."),
    "6.2.4": (1, "The 3,000 most used passwords that the rules would take are refused."),
    "6.2.5": (1, "Characters of any kind will do; no mixture is demanded."),
    "6.2.6": (1, "What is typed as a password is hidden."),
    "6.2.7": (1, "Pasting and password managers work."),
    "6.2.8": (1, "A password counts as it was typed: nothing cut, no case changed."),
    "6.2.9": (2, "Sixty-four characters are not too many."),
    "6.2.10": (2, "No password runs out by age alone."),
    "6.2.11": (2, "The documented words make no password."),
    "6.2.12": (2, "Passwords known from breaches are refused."),
    "6.3.1": (1, "Guessing and stuffing are slowed down as documented."),
    "6.3.2": (1, "No ready-made account waits for anybody."),
    "6.3.3": (2, "Getting in always takes more than one factor."),
    "6.3.4": (2, "No way in is missing in the docs, and none is weaker."),
    "6.4.1": (1, "First secrets are random, short-lived and replaced by the owner's choice."),
    "6.4.2": (1, "There are neither password hints nor secret questions."),
    "6.4.3": (2, "A forgotten password is replaced safely; the second factor stays."),
    "6.4.4": (2, "Who lost a factor proves as much as when it was set up."),
    "6.5.1": (2, "Codes of every kind work once."),
    "6.5.2": (2, "Recovery codes are stored salted and slowly hashed, unless they are long."),
    "6.5.3": (2, "Codes and authenticator secrets come from the system's secure randomness."),
    "6.5.4": (2, "Recovery codes and codes that are sent hold some twenty random bits."),
    "6.5.5": (2, "Codes that are sent live ten minutes, authenticator codes thirty seconds."),
    "6.6.1": (2, "Text messages go to proven numbers, beside stronger means, with a warning."),
    "6.6.2": (2, "A code that was sent fits only what it was sent for."),
    "6.6.3": (2, "Guessing a code that was sent is limited."),
    "6.8.1": (2, "One directory or provider cannot vouch for the people of another."),
    "6.8.2": (2, "Signatures of a provider's assertions are checked without exception."),
    "6.8.3": (2, "A SAML assertion is used up by its first use."),
    "6.8.4": (2, "A provider's word on strength is checked, else the weakest is assumed."),
    "7.1.1": (2, "The docs give and argue the idle and absolute session times."),
    "7.1.2": (2, "The docs say how many sessions there may be, and what then happens."),
    "7.1.3": (2, "The docs name systems that share sign-ins, and how sessions end together."),
    "7.2.1": (1, "Only the server judges a session token."),
    "7.2.2": (1, "Session tokens are made anew, never fixed keys."),
    "7.2.3": (1, "Session tokens are unique and hold 128 random bits or more."),
    "7.2.4": (1, "Every sign-in or fresh proof makes a new token and ends the former."),
    "7.3.1": (2, "A session that nobody uses ends in the documented time."),
    "7.3.2": (2, "A session ends in the documented time, however much it is used."),
    "7.4.1": (1, "What has ended cannot be used any more, on the server."),
    "7.4.2": (1, "An account that is disabled or deleted takes its sessions along."),
    "7.4.3": (2, "Whoever changed a factor can end the other sessions."),
    "7.4.4": (2, "Signing out is in sight on every page."),
    "7.4.5": (2, "Administrators end the sessions of one account or of all."),
    "7.5.1": (2, "What authentication rests on changes only after a full fresh proof."),
    "7.5.2": (2, "People see their sessions and end them, after a fresh proof."),
    "7.6.1": (2, "Sessions here and at an identity provider end together as documented."),
    "7.6.2": (2, "No session begins without an act of its owner."),
    "8.1.1": (1, "The docs say who may call what, on whose data."),
    "8.1.2": (2, "The docs say who reads and who changes which field."),
    "8.2.1": (1, "A function runs for those who were granted it."),
    "8.2.2": (1, "A row is reached by those whose it is."),
    "8.2.3": (2, "A field is read and changed by those it is open to."),
    "8.3.1": (1, "The server enforces the rules; nothing rests on the browser."),
    "8.4.1": (2, "Nothing that one tenant does reaches another."),
}

EXCEPTIONS: dict[str, str] = {
    "6.3.3": "Each region decides whether strong authentication is mandatory. Where it is, nothing "
    "else is reachable before a factor is proven, and the last one cannot be removed. Where it is "
    "not, anybody may set one up; a password alone must be three characters longer, guessing it is "
    "slowed down, and its owner is shown failed attempts at the next sign-in.",
    "6.5.5": "A code of an authenticator is taken one step early or late, for up to 90 seconds, "
    "because clocks of phones differ (RFC 6238, section 5.2); each code still works once, ever, "
    "and five wrong ones in a row lock the account.",
    "6.8.2": "There are no assertions: no SAML, OAuth or OpenID Connect. A directory is asked "
    "within a connection whose certificate is verified before anything is sent.",
    "6.8.3": "There is no SAML.",
    "7.1.3": "No sign-in is shared with another system. A directory checks a password and learns "
    "nothing of the session, which has the times of its region like any other.",
    "7.6.1": "There is no identity provider that keeps sessions of its own; see 7.1.3.",
    "8.4.1": "An installation serves one portal and has no tenants. What separates people is the "
    "account, in every region and domain alike: 8.2.2.",
}

# What a reader should know of how a requirement is met.
NOTES: dict[str, str] = {
    "6.2.8": "Different encodings of the same characters count as the same (NFKC), as "
    "NIST SP 800-63B-4 asks.",
}


class BadMarker(ValueError):
    """A marker where it is not collected, or without plain numbers."""


def marked() -> dict[str, list[str]]:
    """The tests that verify each requirement, as `tests/path.py::name`, in order of their names."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, numbers in _markers(path):
            for number in numbers:
                found[number].append(f"{path.relative_to(TESTS.parent).as_posix()}::{name}")
    return dict(found)


def markers_of(source: str) -> list[tuple[str, list[str]]]:
    """Functions of a module with the numbers that their markers carry; raises BadMarker."""
    module = ast.parse(source)
    found = []
    for function in module.body:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = [node for node in function.decorator_list if _is_marker(node)]
            numbers = [number for mark in marks for number in ast.literal_eval(_arguments(mark))]
            found += [(function.name, numbers)] if marks else []
    # Anywhere else (a class, a parameter, a list of marks) it would be run but not listed.
    uses = sum(isinstance(node, ast.Attribute) and node.attr == "asvs" for node in ast.walk(module))
    if uses != len(found) or not all(numbers for _, numbers in found):
        raise BadMarker("one marker with plain numbers, at a function of the module")
    return found


def _markers(path: Path) -> list[tuple[str, list[str]]]:
    source = path.read_text()
    try:
        return markers_of(source) if "mark.asvs" in source else []
    except ValueError as wrong:
        raise BadMarker(f"{path}: {wrong}") from wrong


def _is_marker(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.asvs"


def _arguments(mark: ast.expr) -> ast.expr:
    assert isinstance(mark, ast.Call)
    return ast.List(mark.args)


def table() -> str:
    """All requirements as a Markdown table."""
    tests = marked()
    lines = ["| no. | level | what is asked | how it is met |", "|---|---|---|---|"]
    for number, (level, words) in REQUIREMENTS.items():
        met = "<br>".join(_met(number, tests.get(number, [])))
        lines.append(f"| {number} | {level} | {words} | {met} |")
    return "\n".join(lines)


def _met(number: str, tests: list[str]) -> list[str]:
    told = []
    if number in EXCEPTIONS:
        told.append(f"**Exception.** {EXCEPTIONS[number]}")
    if number in NOTES:
        told.append(NOTES[number])
    return told + [_link(test) for test in tests]


def _link(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../{path})"


def documented() -> str:
    """The table as it stands in docs/security.md."""
    return DOCUMENT.read_text().partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    """Put the table into docs/security.md."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}{table()}{END}{after}")


class Results:
    """What became of each test function: a plugin of pytest."""

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of one case of a test."""
        test = report.nodeid.partition("[")[0]
        if report.failed:
            self.failed.add(test)
        elif report.passed and report.when == "call":
            self.passed.add(test)


def state(number: str, tests: list[str], results: Results) -> str:
    """How a requirement stands: verified, excepted, or why it is neither."""
    if failed := sorted(set(tests) & results.failed):
        return f"failed in {', '.join(failed)}"
    if missing := sorted(set(tests) - results.passed):
        return f"not run: {', '.join(missing)}"
    if number in EXCEPTIONS:
        return "excepted"
    return "verified" if tests else "no test and no exception"


def main(arguments: list[str]) -> int:
    """Run the tests that carry a marker, tell how all requirements stand; 0 if all do well."""
    results, tests = Results(), marked()
    code = pytest.main(["-m", "asvs", *arguments], plugins=[results])
    stand = {number: state(number, tests.get(number, []), results) for number in REQUIREMENTS}
    told = list(stand.values())
    verified, excepted = told.count("verified"), told.count("excepted")
    for number, words in stand.items():
        if words not in ("verified", "excepted"):
            print(f"{number}: {words}")
    for number in sorted(tests.keys() - REQUIREMENTS.keys()):
        print(f"{number}: no such requirement")
    print(f"{verified} verified, {excepted} excepted, of {len(REQUIREMENTS)}")
    whole = verified + excepted == len(REQUIREMENTS) == COUNT and tests.keys() <= stand.keys()
    return 0 if whole and code == pytest.ExitCode.OK else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        sys.exit(main(sys.argv[1:]))
