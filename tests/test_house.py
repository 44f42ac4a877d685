"""The house rules that a machine can hold."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[1] / "pacs_settings"
Function = ast.FunctionDef | ast.AsyncFunctionDef

# Words that a reader sees come from locale/; these arguments are what a reader sees.
LABELS = {"label", "title", "sentence", "hint", "placeholder", "alt", "aria_label", "caption"}
ALLOWED = {" ", "–"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def sources(folder: str = "") -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def functions() -> list[tuple[str, Function]]:
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node)
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, Function)
    ]


def lines(function: Function) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def public() -> Iterator[tuple[str, Function]]:
    """Functions of modules and methods of classes, without those that begin with a line."""
    for path in sources():
        for node in tree(path).body:
            inside = node.body if isinstance(node, ast.ClassDef) else []
            for found in (node, *inside):
                if isinstance(found, Function) and not found.name.startswith("_"):
                    yield f"{path.relative_to(ROOT)}:{found.lineno} {found.name}", found


def test_functions_are_short() -> None:
    found = {name: lines(function) for name, function in functions()}
    assert median(found.values()) <= 10
    assert quantiles(found.values(), n=10)[-1] <= 30
    assert {name: count for name, count in found.items() if count > 50} == {}


def test_public_functions_say_what_they_do() -> None:
    found = dict(public())
    silent = [name for name, function in found.items() if not ast.get_docstring(function)]
    assert len(found) > 100
    assert len(silent) <= 0.05 * len(found), silent


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where one is"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


FRAMEWORK = ("reflex", "starlette", "granian", "socketio", "reflex_base")
FORBIDDEN = {
    "config.py": (*FRAMEWORK, "pacs_settings"),
    "locale": (*FRAMEWORK, *(f"pacs_settings.{x}" for x in ("core", "access", "pages", "ui"))),
    "core": (*FRAMEWORK, *(f"pacs_settings.{x}" for x in ("adapters", "access", "pages", "ui"))),
    "adapters": (*FRAMEWORK, "pacs_settings.access", "pacs_settings.pages", "pacs_settings.ui"),
    "access": ("pacs_settings.pages", "pacs_settings.ui", "pacs_settings.adapters"),
    "ui": tuple(
        f"pacs_settings.{x}" for x in ("core", "access", "pages", "adapters", "locale", "config")
    ),
    "pages": ("pacs_settings.adapters", "pacs_settings.worker", "pacs_settings.pacs_settings"),
}


@pytest.mark.parametrize("place", FORBIDDEN)
def test_imports_point_one_way(place: str) -> None:
    paths = [ROOT / place] if place.endswith(".py") else sources(place)
    assert paths
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in paths
        for name in imported(path)
        for refused in FORBIDDEN[place]
        if name == refused or name.startswith(f"{refused}.")
    }
    assert wrong == set()


def test_rows_are_held_in_one_way() -> None:
    """By `db.hold` and its like, which know how not to make others wait in a ring (ADR 10)."""
    elsewhere = [path for path in sources() if path.name != "db.py"]
    assert [path.name for path in elsewhere if "for_update" in path.read_text()] == []


def test_nothing_but_the_server_changes_the_environment_when_imported() -> None:
    """Else the mode of production would reach whatever imports it: a test, a command."""
    assert {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        if path.name != "serve.py"  # a program that nothing imports
        for node in tree(path).body
        if isinstance(node, ast.Expr | ast.Assign) and "os.environ" in ast.unparse(node)
    } == set()


def test_sections_do_not_know_each_other() -> None:
    shared = {"shell", "mobile", "texts", "answers", "failures"}
    sections = {path.name for path in (ROOT / "pages").iterdir() if (path / "view.py").exists()}
    wrong = set()
    for section in sections - shared:
        for path in sources(f"pages/{section}"):
            for name in imported(path):
                other = re.match(r"pacs_settings\.pages\.(\w+)", name)
                if other and other[1] in sections - shared - {section}:
                    wrong.add(f"{path.relative_to(ROOT)}: {name}")
    assert wrong == set()


def test_the_whole_map_fits_on_a_screen_or_two() -> None:
    assert len((ROOT / "pacs_settings.py").read_text().splitlines()) <= 120


# Pages: no literal text, no colours, no lengths.


def literals(node: ast.expr) -> Iterator[str]:
    """Strings that an argument consists of, through lists and parts put together."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.BinOp):
        yield from literals(node.left)
        yield from literals(node.right)
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.List | ast.Tuple):
        for element in node.elts:
            yield from literals(element)


def words(module: ast.Module) -> list[str]:
    """What a reader would see although no catalogue knows it."""
    found = []
    for call in ast.walk(module):
        if not isinstance(call, ast.Call):
            continue
        if isinstance(call.func, ast.Attribute) and call.func.attr == "replace":
            continue
        arguments = [*call.args]
        for keyword in call.keywords:
            if keyword.arg in LABELS or (keyword.arg or "").endswith("_text"):
                arguments.append(keyword.value)
        found += [text for argument in arguments for text in literals(argument)]
    return [text for text in found if text not in ALLOWED and (" " in text or text[:1].isupper())]


VIEWS = sorted((ROOT / "pages").rglob("*view.py"))


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_text_of_a_page_is_in_the_catalogue(path: Path) -> None:
    assert words(tree(path)) == []


@pytest.mark.parametrize(
    "source",
    [
        'rx.el.p("Saved")',
        'rx.el.p(t("saved"), "in short")',
        'button(x, aria_label="Close")',
        'f(a if b else "No lines")',
        'rx.el.p(f"Page {n}")',
        'card(*[rx.el.li("One thing")])',
        'rx.el.p("You " + name)',
    ],
)
def test_a_literal_text_would_be_seen(source: str) -> None:
    assert words(ast.parse(source))


PAGES = sorted(p for p in (ROOT / "pages").rglob("*") if p.suffix in (".py", ".jsx", ".css"))
COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b|\b(?:rgb|hsl)a?\(")
LENGTH = re.compile(r"\b\d+(?:\.\d+)?px\b")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_have_no_colours_and_lengths(path: Path) -> None:
    source = path.read_text()
    assert COLOUR.findall(source) == []
    assert LENGTH.findall(source) == []


@pytest.mark.parametrize("text", ['"#fff"', "color: #a1b2c3;", "rgb(0 0 0)", "hsla(1,2%,3%,.5)"])
def test_a_colour_would_be_seen(text: str) -> None:
    assert COLOUR.search(text)


@pytest.mark.parametrize("text", ['width="12px"', "1.5px solid"])
def test_a_length_would_be_seen(text: str) -> None:
    assert LENGTH.search(text)


def test_addresses_of_steps_are_no_colours() -> None:
    assert not COLOUR.search('href="#address" "#code" "#password"')
