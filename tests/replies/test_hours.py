"""Answers to what a person just asked leave at any hour, unless the workspace lets them wait."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from tapline import config
from tapline.broadcasts.models import BroadcastPlace, Message
from tapline.hours.deciding import decide
from tapline.hours.places import key_of_number
from tapline.replies.answering import answer
from tapline.replies.models import Thread
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import ACTOR, Clock, make_contacts, make_workspace
from tests.keywords.making import make_keyword
from tests.replies.making import OUR_NUMBER, send_answers, states, write

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = dt.datetime(2026, 3, 4, 3, 0, tzinfo=zoneinfo.ZoneInfo("America/New_York"))
MORNING = NIGHT.replace(hour=8)


@pytest.fixture(autouse=True)
def _everybody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config.load({"TAPLINE_QUIET_HOURS": "always"})
    monkeypatch.setattr(config, "current", lambda: settings)


@pytest.fixture
def workspace() -> Workspace:
    workspace = make_workspace()
    make_contacts(workspace, 1, agreed=False, state="NY")
    return workspace


def _thread(number: int = 0) -> Thread:
    thread = write("Are you open?", number).thread
    assert thread is not None
    thread.refresh_from_db()
    return thread


def test_somebody_who_asks_at_night_is_answered_at_night(workspace: Workspace) -> None:
    answer(_thread(), "Until six.", actor="user 1")
    assert len(send_answers(Clock(NIGHT))) == 1
    assert not BroadcastPlace.objects.exists()  # Nobody asked where they live.


def test_a_keyword_is_answered_at_night(workspace: Workspace) -> None:
    make_keyword(workspace, word="MENU", reply_text="Soup.")
    write("menu")
    assert [text.text for text in send_answers(Clock(NIGHT))] == ["Soup."]


def test_answers_wait_for_their_own_place_where_the_workspace_decided_so(
    workspace: Workspace,
) -> None:
    decide(workspace, answers_wait=True, actor=ACTOR)
    answer(_thread(), "Until six.", actor="user 1")

    assert send_answers(Clock(NIGHT)) == []
    assert states() == ["pending"]
    assert Message.objects.get().place == "address:US-NY"
    (sent,) = send_answers(Clock(MORNING))
    assert sent.send_before_at <= MORNING.replace(hour=20, minute=55)


def test_a_stranger_waits_where_their_number_is_from(workspace: Workspace) -> None:
    decide(workspace, answers_wait=True, actor=ACTOR)
    thread = _thread(7_500)  # area code 275, which nobody has
    answer(thread, "Until six.", actor="user 1")
    assert Message.objects.get().place == key_of_number(thread.phone) == "area:275"
    assert send_answers(Clock(MORNING)) == []  # 3:00 in Hawaii
    assert thread.number == OUR_NUMBER


def test_an_opt_out_is_confirmed_at_once_at_any_hour(workspace: Workspace) -> None:
    decide(workspace, answers_wait=True, actor=ACTOR)
    write("STOP")
    assert len(send_answers(Clock(NIGHT))) == 1


def test_the_number_alone_tells_a_place() -> None:
    told = {
        phone: key_of_number(phone)
        for phone in ("+13055550100", "+447700900123", "+33612345678", "+2101234567", "+999")
    }
    assert told["+13055550100"] == "area:305"
    assert told["+447700900123"].startswith("number:+44")
    assert told["+33612345678"] == "number:+33"
    assert told["+2101234567"] == ""
