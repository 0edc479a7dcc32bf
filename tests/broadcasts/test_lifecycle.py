"""A broadcast moves only the way it may, once, and every move is written down."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from tapline.broadcasts.lifecycle import (
    NotReady,
    cancel,
    pause,
    resume,
    schedule,
    start,
    start_due,
)
from tapline.broadcasts.models import Broadcast, BroadcastKind, BroadcastState
from tapline.errors import Conflict
from tapline.workspaces.models import AuditEntry, Workspace
from tests.broadcasts.making import ACTOR, make_broadcast, make_contacts, make_workspace

pytestmark = pytest.mark.django_db(transaction=True)

STATES = {
    start: {"draft", "checked", "scheduled"},
    pause: {"preparing", "sending"},
    resume: {"paused"},
    cancel: {"draft", "checked", "scheduled", "preparing", "sending", "paused"},
}


@pytest.fixture
def workspace() -> Workspace:
    workspace = make_workspace()
    make_contacts(workspace, 1)
    return workspace


@pytest.mark.parametrize("move", STATES)
@pytest.mark.parametrize("state", BroadcastState.values)
def test_a_move_is_possible_from_its_states_only(
    workspace: Workspace, move: Callable[..., Broadcast], state: str
) -> None:
    broadcast = make_broadcast(workspace)
    Broadcast.objects.filter(pk=broadcast.pk).update(state=state, state_before_pause="sending")
    before = AuditEntry.objects.count()

    if state in STATES[move]:
        assert move(broadcast, actor=ACTOR).state != state
        assert AuditEntry.objects.count() == before + 1
    else:
        with pytest.raises(Conflict):
            move(broadcast, actor=ACTOR)
        assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("state", ["preparing", "sending"])
def test_resuming_goes_back_to_where_it_was(workspace: Workspace, state: str) -> None:
    broadcast = make_broadcast(workspace)
    Broadcast.objects.filter(pk=broadcast.pk).update(state=state)

    paused = pause(broadcast, actor=ACTOR, reason="Wrong price.")
    assert paused.pause_reason == "Wrong price."

    resumed = resume(broadcast, actor=ACTOR)
    assert (resumed.state, resumed.pause_reason) == (state, "")


def test_a_broadcast_with_an_error_is_not_started() -> None:
    broadcast = make_broadcast(make_workspace())

    with pytest.raises(NotReady, match="Nobody would get this text"):
        start(broadcast, actor=ACTOR)

    broadcast.refresh_from_db()
    assert broadcast.state == "draft"


def test_of_two_who_start_at_once_one_is_told_so(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace)
    outcomes: list[str] = []

    def try_it() -> None:
        try:
            outcomes.append(start(broadcast, actor=ACTOR).state)
        except Conflict:
            outcomes.append("conflict")
        connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["conflict", "preparing"]


def test_a_scheduled_broadcast_starts_when_its_time_has_come(workspace: Workspace) -> None:
    now = timezone.now()
    broadcast = schedule(make_broadcast(workspace), now + dt.timedelta(hours=1), actor=ACTOR)

    assert start_due(now) == 0
    assert start_due(now + dt.timedelta(hours=2)) == 1

    broadcast.refresh_from_db()
    assert broadcast.state == "preparing"


def test_a_scheduled_broadcast_that_nobody_would_get_becomes_a_draft_again(
    workspace: Workspace,
) -> None:
    broadcast = schedule(make_broadcast(workspace), timezone.now(), actor=ACTOR)
    with connection.cursor() as cursor:
        cursor.execute("delete from contacts_consent")

    start_due(timezone.now())

    broadcast.refresh_from_db()
    assert broadcast.state == "draft"
    assert "Nobody" in broadcast.pause_reason


def test_only_broadcasts_composed_here_are_moved(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace)
    Broadcast.objects.filter(pk=broadcast.pk).update(
        kind=BroadcastKind.STANDING, state=BroadcastState.SENDING
    )

    with pytest.raises(Conflict):
        cancel(broadcast, actor=ACTOR)
