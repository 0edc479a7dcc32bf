"""Everything that writes leaves an entry in the audit, or stands in the table with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from tapline.workspaces.audit_words import KINDS
from tapline.workspaces.members import add_member
from tapline.workspaces.models import AuditEntry, Role
from tests.web import matrix, writing
from tests.web.api_client import caller_of
from tests.web.browsing import member_of
from tests.web.house import House, build_house
from tests.web.test_walls import INSIDE, _fill, _parameters
from tests.web.writing import Leaves

pytestmark = pytest.mark.django_db

WRITING_PAGES = {name for name, page in matrix.PAGES.items() if page.post is not None}
WRITING_CALLS = {call for call in matrix.CALLS if not call.startswith("GET ")}


@pytest.fixture
def house() -> House:
    built = build_house()
    second = add_member(built.own, "second@example.com", Role.OWNER, actor="test")
    built.things["owner_id"] = second.user_id
    return built


def _actions_of(does: Callable[[], Any]) -> tuple[int, set[str]]:
    """Return the status of what `does` answers and what it leaves in the audit; it is undone."""
    with transaction.atomic():
        known = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        answer = does()
        if getattr(answer, "streaming", False):
            answer.getvalue()  # its file is closed at its end
        left = list(AuditEntry.objects.filter(pk__gt=known))
        transaction.set_rollback(True)
    assert {each.object_kind for each in left} <= set(KINDS)
    return answer.status_code, {each.action for each in left}


def test_everything_that_writes_is_in_the_table() -> None:
    assert set(writing.PAGES) == WRITING_PAGES, "Give each its line in tests/web/writing.py."
    assert set(writing.CALLS) == WRITING_CALLS, "Give each its line in tests/web/writing.py."


def test_pages_leave_what_the_table_says(house: House) -> None:
    owner = member_of(house.own)

    def post(name: str, form: Any = None) -> Any:
        wanted = {each: house.things[each] for each in _parameters(name)}
        address = reverse(name, kwargs={"workspace_id": house.own.pk, **wanted})
        return owner.post(address, _filled(form or {}, house))

    wrong = []
    for name, expected in writing.PAGES.items():
        assert name in INSIDE
        if isinstance(expected, str):
            continue

        def do(name: str = name, expected: Leaves = expected) -> Any:
            if expected.after:
                post(expected.after)
            return post(name, expected.form)

        status, actions = _actions_of(do)
        if expected.action not in actions:
            wrong.append(f"{name} answered {status} and left {sorted(actions)}")
    assert not wrong


def test_calls_leave_what_the_table_says(house: House) -> None:
    caller = caller_of(house.own)
    wrong = []
    for operation, expected in writing.CALLS.items():
        if isinstance(expected, str):
            continue
        method, path = operation.split(" ")
        body = expected.form or matrix.CALLS[operation].body
        ask = (method, path.format(**house.things), _fill(body, house.things))

        status, actions = _actions_of(lambda ask=ask: caller.call(*ask))  # type: ignore[misc]
        if expected.action not in actions:
            wrong.append(f"{operation} answered {status} and left {sorted(actions)}")
    assert not wrong


def _filled(form: dict[str, str], house: House) -> dict[str, str]:
    """Return a form whose `{name}`s are things."""
    return {
        name: value.format(**house.things) if value.count("{") == 1 and "_id}" in value else value
        for name, value in form.items()
    }
