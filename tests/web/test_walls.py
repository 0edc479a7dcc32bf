"""Walks the walls: every page and every call, tried by everybody, against the table of `matrix`.

They are taken from the addresses themselves: a new one fails here until it is classified.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tapline.web.api import api
from tapline.workspaces.access import Need
from tapline.workspaces.api_keys import SCOPES
from tapline.workspaces.models import Role, Workspace
from tests.web.api_client import Caller, caller_of, error_of
from tests.web.browsing import member_of
from tests.web.house import House, build_house
from tests.web.matrix import CALLS, EDIT, MANAGE, OPEN, OWN, PAGES, PEOPLE, RATES, Call, Page

pytestmark = pytest.mark.django_db

STRANGER, SIGNED_OUT = "stranger", "signed out"
Standing = Need | str


@pytest.fixture
def house(caplog: pytest.LogCaptureFixture) -> House:
    caplog.set_level(logging.ERROR, "django.request")  # Refusals by the thousand say nothing.
    return build_house()


def _routes(
    patterns: list[URLPattern | URLResolver], space: str = "", route: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield name and route of every address."""
    for each in patterns:
        longer = route + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _routes(each.url_patterns, each.namespace or space, longer)
        else:
            yield f"{space}:{each.name}", longer


ROUTES = list(_routes(get_resolver().url_patterns))
INSIDE = {name: route for name, route in ROUTES if "<int:workspace_id>" in route}
OPERATIONS = {
    f"{method.upper()} {path.removeprefix('/api/v1')}"
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method in methods
}


def _parameters(name: str) -> list[str]:
    return [each for each in re.findall(r"<\w+:(\w+)>", INSIDE[name]) if each != "workspace_id"]


def _address(house: House, name: str, workspace: Workspace) -> str:
    wanted = {each: house.things[each] for each in _parameters(name)}
    return reverse(name, kwargs={"workspace_id": workspace.pk, **wanted})


def _visitors(house: House) -> dict[str, tuple[Client, Standing]]:
    """Return who tries the doors of `house.own`, and how they stand to it."""

    return {
        "owner": (member_of(house.own, Role.OWNER), OWN),
        "manager": (member_of(house.own, Role.MANAGER), MANAGE),
        "sender": (member_of(house.own, Role.SENDER), EDIT),
        "viewer": (member_of(house.own, Role.VIEWER), PEOPLE),
        "owner above": (member_of(house.brand, Role.OWNER), RATES),
        "viewer above": (member_of(house.brand, Role.VIEWER), RATES),
        "owner above, granted": (member_of(house.brand, sees_people_below=True), OWN),
        "viewer above, granted": (
            member_of(house.brand, Role.VIEWER, sees_people_below=True),
            PEOPLE,
        ),
        "owner beside, granted": (member_of(house.sibling, sees_people_below=True), STRANGER),
        "owner below, granted": (member_of(house.below, sees_people_below=True), STRANGER),
        "owner elsewhere, granted": (member_of(house.elsewhere, sees_people_below=True), STRANGER),
        "nobody": (Client(), SIGNED_OUT),
    }


def _expected(page: Page, method: str, standing: Standing) -> set[int]:
    """Return the statuses that are right; 401 stands for being sent to sign in."""
    need = page.get if method == "get" else page.post
    if need is None:
        return {405}
    if isinstance(standing, str):
        return {404 if standing == STRANGER else 401}
    if standing < need:
        return {403}
    if page.then:
        return set(page.then)
    return {200} if method == "get" else {200, 204, 302, 409, 422}


def _status(answer: HttpResponse) -> int:
    """Return its status; being sent to sign in counts as 401."""
    return 401 if answer.headers.get("Location", "").startswith("/sign-in?") else answer.status_code


def _undone(ask: Callable[[], Any]) -> Any:
    """Return what `ask` returns, and take back what it changed."""
    with transaction.atomic():
        answer = ask()
        if getattr(answer, "streaming", False):
            answer.getvalue()  # its file is closed at its end
        transaction.set_rollback(True)
    return answer


def test_every_page_and_call_is_classified() -> None:
    assert set(INSIDE) == set(PAGES), "Give each its line in tests/web/matrix.py: PAGES."
    assert set(CALLS) == OPERATIONS, "Give each its line in tests/web/matrix.py: CALLS."
    outside = {route for name, route in ROUTES if name not in INSIDE}
    calls = {route for route in outside if route.startswith("api/v1/") and route not in OPEN}
    assert outside - calls == set(OPEN), "Give each its line in tests/web/matrix.py: OPEN."


def test_every_page_answers_everybody_as_the_table_says(house: House) -> None:
    wrong, tried = [], 0
    for who, (browser, standing) in _visitors(house).items():
        for name, page in PAGES.items():
            address = _address(house, name, house.own)
            for method in ("get", "post"):
                status = _status(_undone(functools.partial(getattr(browser, method), address)))
                tried += 1
                if status not in _expected(page, method, standing):
                    wrong.append(f"{who}: {method} {name} answered {status}")

    assert not wrong
    assert tried == len(PAGES) * 2 * 12


def test_what_is_open_answers_those_who_are_not_signed_in_as_the_table_says() -> None:
    def address(route: str) -> str:
        return "/" + re.sub(r"<\w+:\w+>", "made-up", re.sub(r"<int:\w+>", "1", route))

    found = {route: Client().get(address(route)).status_code for route in OPEN}

    assert found == {route: status for route, (status, _why) in OPEN.items()}


def test_from_above_one_sees_no_number(house: House) -> None:
    head_office = member_of(house.brand)

    for name, page in PAGES.items():
        if page.get == RATES:
            answer = head_office.get(_address(house, name, house.own))
            assert b"+1200555" not in answer.getvalue(), name


def test_a_workspace_that_does_not_exist_looks_the_same_as_somebody_elses(house: House) -> None:
    browser = member_of(house.sibling)

    theirs = browser.get(reverse("broadcasts:list", args=[house.own.pk]))
    nobodys = browser.get(reverse("broadcasts:list", args=[10**9]))

    assert theirs.status_code == nobodys.status_code == 404
    assert _without_tokens(theirs.content) == _without_tokens(nobodys.content)


def test_things_of_another_workspace_are_not_found_through_ones_own(house: House) -> None:
    neighbour = member_of(house.sibling)

    for name in PAGES:
        if set(_parameters(name)) <= {"list_name", "file_kind"}:
            continue
        address = _address(house, name, house.sibling)
        assert neighbour.get(address).status_code in (404, 405), name
        assert neighbour.post(address).status_code in (404, 405), name


# --- the API: keys instead of people -----------------------------------------------------------


def _fill(value: Any, things: dict[str, object]) -> Any:
    """Return a body or address whose `{name}`s are things."""
    if isinstance(value, dict):
        return {name: _fill(each, things) for name, each in value.items()}
    if isinstance(value, str) and (match := re.fullmatch(r"\{(\w+)\}", value)):
        return things[match[1]]
    return value


def _call(caller: Caller, operation: str, call: Call, things: dict[str, object]) -> HttpResponse:
    method, path = operation.split(" ")
    body = _fill(call.body, things)
    return _undone(lambda: caller.call(method, path.format(**things), body))  # type: ignore[no-any-return]


def _names_something(operation: str, call: Call) -> bool:
    return "{" in operation or "_id}" in str(call.body)


def test_every_call_needs_its_scope_and_no_other(house: House) -> None:
    without_key = Caller("tapline_made-up")
    for operation, call in CALLS.items():
        own = caller_of(house.own, [call.scope])
        others = caller_of(house.own, [each for each in SCOPES if each != call.scope])

        answer = _call(own, operation, call, house.things)
        refused = _call(others, operation, call, house.things)

        assert answer.status_code in {200, 201, 204, 409, 422}, (operation, answer.content)
        assert refused.status_code == 403, operation
        assert call.scope in error_of(refused)["why"]
        assert _call(without_key, operation, call, house.things).status_code == 401, operation


@pytest.mark.parametrize("place", ["brand", "sibling", "below", "elsewhere"])
def test_what_a_key_of_another_workspace_names_is_not_there(house: House, place: str) -> None:
    caller = caller_of(getattr(house, place))
    missing: dict[str, object] = dict.fromkeys(house.things, 999999) | {"alias": "sale"}

    for operation, call in CALLS.items():
        if not _names_something(operation, call):
            continue
        answer = _call(caller, operation, call, house.things)
        nothing = _call(caller, operation, call, missing)

        if call.from_above and place == "brand":
            assert answer.status_code == 200, operation
            assert b"+1200555" not in answer.content, operation
            continue
        # What belongs to others cannot be told from what does not exist.
        assert (answer.status_code, nothing.status_code) == (404, 404), operation
        error_of(answer)
        assert re.sub(rb"\d+", b"", answer.content) == re.sub(rb"\d+", b"", nothing.content)


@pytest.mark.parametrize("place", ["brand", "sibling", "below", "elsewhere"])
def test_lists_show_nothing_of_another_workspace(house: House, place: str) -> None:
    caller = caller_of(getattr(house, place))
    # These serve the workspaces below their own too.
    shared = {"GET /domains", "GET /provider-accounts", "GET /sender-numbers"}

    for operation, call in CALLS.items():
        if operation.startswith("GET ") and not _names_something(operation, call):
            answer = _call(caller, operation, call, {}).json()  # type: ignore[attr-defined]
            if "items" in answer and not (place == "below" and operation in shared):
                assert answer["items"] == [], operation


def _without_tokens(page: bytes) -> bytes:
    """Return a page without what a form sends: its token, and the address to come back to."""
    return re.sub(rb'value="[^"]*"', b"", page)
