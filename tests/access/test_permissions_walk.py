"""Every handler that a socket can name is either marked, or allowed by exact name, or refused."""

import inspect

import pytest

from pacs_settings.access import gate, sign_in_routes, watch
from pacs_settings.access.permissions import EVERYBODY, Permission, needed
from tests.access.handlers import all_handlers, hints, ours, parameters
from tests.access.sockets import ROOT

REFUSED = {
    f"{ROOT}.reflex___state____update_vars_internal_state.update_vars_internal",
}


def test_the_allowed_handlers_of_the_framework_exist():
    assert set(all_handlers()) >= gate.FRAMEWORK
    assert gate.HYDRATE <= gate.FRAMEWORK


def test_the_allowed_handlers_are_these():
    allowed = {
        name.removeprefix(f"{ROOT}.").replace("reflex___state____", "") for name in gate.FRAMEWORK
    }
    assert allowed == {
        "hydrate",
        "hydrate_and_load",
        "set_is_hydrated",
        "on_load_internal_state.on_load_internal",
        "on_load_internal_state.set_is_hydrated",
        "frontend_event_exception_state.handle_frontend_exception",
    }


@pytest.mark.asvs("8.2.1")
def test_every_handler_is_marked_or_allowed_or_refused():
    unmarked = {name for name, function in all_handlers().items() if needed(function) is None}
    setvars = {name for name in all_handlers() if name.endswith(".setvar")}
    assert unmarked - gate.FRAMEWORK == REFUSED | setvars


def test_what_is_refused_belongs_to_the_framework():
    for name in all_handlers():
        if needed(all_handlers()[name]) is None:
            assert all_handlers()[name].__module__.startswith("reflex"), name


def test_a_mark_is_a_permission():
    for name in ours():
        assert isinstance(needed(all_handlers()[name]), Permission), name


@pytest.mark.asvs("8.2.1")
def test_the_handlers_of_strangers_are_these():
    public = {
        name.rpartition("____")[2]
        for name in ours()
        if needed(all_handlers()[name]) == Permission.PUBLIC
    }
    assert public == {
        "sign_in_state.load",
        "session_state.report_trouble",
        "start_state.go_in",
        "link_state.load_reset",
        "link_state.load_activation",
        "link_state.load_lock",
        "link_state.load_nothing",
    }


def test_no_handler_sets_a_variable_by_name():
    assert [name for name in ours() if name.rpartition(".")[2].startswith("set")] == []


@pytest.mark.parametrize("name", ours(), ids=lambda name: name.rpartition("____")[2])
def test_every_argument_has_a_type(name: str):
    kinds = {hints(name).get(parameter) for parameter in parameters(name)}
    assert kinds <= {int, str, bool, dict}
    signature = inspect.signature(all_handlers()[name])
    kept = {inspect.Parameter.POSITIONAL_OR_KEYWORD}
    assert {p.kind for p in signature.parameters.values()} <= kept


def test_the_handler_that_the_routes_nudge_exists():
    function = all_handlers()[sign_in_routes.LOOK]
    assert needed(function) == Permission.SESSION
    assert parameters(sign_in_routes.LOOK) == []


def test_the_handler_that_new_lines_nudge_exists():
    assert parameters(watch.LINES) == []


def test_what_only_some_may_do_is_not_for_everybody():
    assert Permission.SIGNATURE not in EVERYBODY
    assert Permission.REPORTS not in EVERYBODY
    assert Permission.PASSWORD not in EVERYBODY
