"""Each requirement of OWASP ASVS has its tests or its exception, and the document says which."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests import asvs

MARKED = asvs.marked()


def test_there_are_60_requirements_of_levels_1_and_2() -> None:
    assert len(asvs.REQUIREMENTS) == asvs.COUNT == 60
    assert {level for level, _ in asvs.REQUIREMENTS.values()} == {1, 2}
    chapters = [number.partition(".")[0] for number in asvs.REQUIREMENTS]
    assert [chapters.count(chapter) for chapter in "678"] == [35, 18, 7]


@pytest.mark.parametrize("number", asvs.REQUIREMENTS)
def test_what_is_asked_is_told_in_few_words(number: str) -> None:
    assert 3 <= len(asvs.REQUIREMENTS[number][1].split()) <= 15


@pytest.mark.parametrize("number", asvs.REQUIREMENTS)
def test_a_requirement_is_verified_or_excepted(number: str) -> None:
    assert number in MARKED or number in asvs.EXCEPTIONS


@pytest.mark.parametrize("kind", ["marker", "exception", "note"])
def test_nothing_is_said_of_a_requirement_that_there_is_not(kind: str) -> None:
    said = {
        "marker": MARKED,
        "exception": asvs.EXCEPTIONS,
        "note": asvs.NOTES,
    }
    assert said[kind].keys() - asvs.REQUIREMENTS.keys() == set()


def test_an_exception_is_argued() -> None:
    assert [n for n, why in asvs.EXCEPTIONS.items() if not why.endswith(".") or "|" in why] == []


def test_the_table_in_the_document_is_the_generated_one() -> None:
    assert asvs.documented() == asvs.table(), "python -m tests.asvs --write"


# Markers.


def test_markers_are_found_with_all_their_numbers() -> None:
    source = """
import pytest

@pytest.mark.parametrize("n", [1])
@pytest.mark.asvs("6.2.1", "6.2.9")
def test_one(n): ...

async def test_other(): ...

@pytest.mark.asvs("8.1.1")
async def test_third(): ...
"""
    assert asvs.markers_of(source) == [("test_one", ["6.2.1", "6.2.9"]), ("test_third", ["8.1.1"])]


@pytest.mark.parametrize(
    "source",
    [
        "pytestmark = pytest.mark.asvs('6.2.1')",
        "class Test:\n    @pytest.mark.asvs('6.2.1')\n    def test_one(self): ...",
        "@pytest.mark.parametrize('n', [pytest.param(1, marks=pytest.mark.asvs('6.2.1'))])\n"
        "def test_one(n): ...",
        "@pytest.mark.asvs\ndef test_one(): ...",
        "@pytest.mark.asvs()\ndef test_one(): ...",
        "@pytest.mark.asvs(NUMBER)\ndef test_one(): ...",
        "@mark.asvs('6.2.1')\ndef test_one(): ...",
        "@pytest.mark.asvs('6.2.1')\n@pytest.mark.asvs('6.2.2')\ndef test_one(): ...",
    ],
)
def test_a_marker_that_would_not_be_listed_is_an_error(source: str) -> None:
    with pytest.raises(ValueError):
        asvs.markers_of(source)


# Running.


def report(test: str, outcome: str, when: str = "call") -> SimpleNamespace:
    """What a plugin is told of one phase of one test."""
    states = {name: name == outcome for name in ("passed", "failed", "skipped")}
    return SimpleNamespace(nodeid=test, when=when, **states)


def results(*reports: SimpleNamespace) -> asvs.Results:
    found = asvs.Results()
    for one in reports:
        found.pytest_runtest_logreport(one)  # type: ignore[arg-type]
    return found


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs with two requirements and these reports; the last line and the code."""

    def with_reports(*reports: SimpleNamespace, code: int = 0, **changes: object) -> str:
        values = {
            "REQUIREMENTS": {"1.1.1": (1, "One."), "1.1.2": (2, "Two.")},
            "EXCEPTIONS": {"1.1.2": "Argued."},
            "COUNT": 2,
        }
        for name, value in (values | changes).items():
            monkeypatch.setattr(asvs, name, value)
        monkeypatch.setattr(asvs, "marked", lambda: {"1.1.1": ["t.py::test_one"]})

        def main(arguments: list[str], plugins: list[asvs.Results]) -> int:
            assert arguments == ["-m", "asvs"]
            for one in reports:
                plugins[0].pytest_runtest_logreport(one)  # type: ignore[arg-type]
            return code

        monkeypatch.setattr(pytest, "main", main)
        ended = asvs.main([])
        return f"{capsys.readouterr().out.splitlines()[-1]} → {ended}"

    return with_reports


PASSED = report("t.py::test_one[case]", "passed")


def test_all_is_well(run: Callable[..., str]) -> None:
    assert run(PASSED) == "1 verified, 1 excepted, of 2 → 0"


@pytest.mark.parametrize(
    "others",
    [
        [report("t.py::test_one[other]", "failed")],
        [report("t.py::test_one[case]", "failed", "teardown")],
    ],
)
def test_a_failure_of_any_case_counts(
    run: Callable[..., str], others: list[SimpleNamespace]
) -> None:
    assert run(PASSED, *others, code=1) == "0 verified, 1 excepted, of 2 → 1"


@pytest.mark.parametrize("reports", [[], [report("t.py::test_one", "skipped")]])
def test_what_did_not_run_verifies_nothing(
    run: Callable[..., str], reports: list[SimpleNamespace]
) -> None:
    assert run(*reports) == "0 verified, 1 excepted, of 2 → 1"


def test_what_has_neither_ends_in_failure(run: Callable[..., str]) -> None:
    assert run(PASSED, EXCEPTIONS={}) == "1 verified, 0 excepted, of 2 → 1"


def test_another_count_ends_in_failure(run: Callable[..., str]) -> None:
    assert run(PASSED, COUNT=60) == "1 verified, 1 excepted, of 2 → 1"


def test_a_failure_elsewhere_ends_in_failure(run: Callable[..., str]) -> None:
    assert run(PASSED, code=1) == "1 verified, 1 excepted, of 2 → 1"


def test_an_unknown_number_ends_in_failure(run: Callable[..., str]) -> None:
    only = {"1.1.2": (2, "Two.")}
    assert run(PASSED, REQUIREMENTS=only, COUNT=1) == "0 verified, 1 excepted, of 1 → 1"


def test_one_case_that_passes_does_not_hide_another_that_fails() -> None:
    seen = results(PASSED, report("t.py::test_one[other]", "failed"))
    assert asvs.state("9.9.9", ["t.py::test_one"], seen) == "failed in t.py::test_one"
