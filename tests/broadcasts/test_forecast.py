"""Before a broadcast is sent it is told who gets it at once, who waits, and who is left out."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from django.urls import reverse
from django.utils.translation import override

from tapline import config
from tapline.broadcasts.checking import check
from tapline.broadcasts.checking_hours import check_hours
from tapline.broadcasts.findings import Finding
from tapline.broadcasts.forecast import look_ahead
from tapline.broadcasts.models import Broadcast, Message
from tapline.broadcasts.night import who_sleeps
from tapline.broadcasts.pages_contents import asleep_in_words
from tapline.broadcasts.reports import build_report
from tapline.contacts.consent import opt_out
from tapline.contacts.models import Contact
from tapline.hours.deciding import decide
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import (
    ACTOR,
    Clock,
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_workspace,
    prepare,
)
from tests.web.api_client import caller_of
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)

NEW_YORK = "America/New_York"


def _at(text: str, zone: str = NEW_YORK) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone))


MORNING = _at("2026-03-04 08:30")  # a Wednesday; 5:30 in California


def _set(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    values = {"quiet_hours": "always"} | values
    settings = config.load({f"TAPLINE_{name.upper()}": value for name, value in values.items()})
    monkeypatch.setattr(config, "current", lambda: settings)


@pytest.fixture(autouse=True)
def _everybody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch)


@pytest.fixture
def workspace() -> Workspace:
    workspace = make_workspace()
    Workspace.objects.filter(pk=workspace.pk).update(zone=NEW_YORK)
    workspace.refresh_from_db()
    for number, state in enumerate(["NY", "NY", "CA", "CA", "CA", "TX"]):
        make_contacts(workspace, 1, first=number, state=state)
    return workspace


def _told(broadcast: Broadcast, at: dt.datetime = MORNING) -> list[Finding]:
    return list(check_hours(broadcast, look_ahead(broadcast, at)))


def test_those_at_open_places_get_it_at_once_and_the_others_wait(workspace: Workspace) -> None:
    told = look_ahead(make_broadcast(workspace), MORNING)

    assert (told.contacts, told.textable, told.at_once, told.too_often) == (6, 6, 2, 0)
    assert [(each.place, each.count) for each in told.waiting] == [
        ("address:US-TX", 1),
        ("address:US-CA", 3),
    ]
    assert (told.never, told.too_late) == (0, 0)


def test_it_says_what_sending_then_does(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace)
    told = look_ahead(broadcast, MORNING)
    prepare(broadcast)
    sender = make_sender(StandIn(), Clock(MORNING))
    while sender.send_next():
        pass

    assert Message.objects.filter(state="accepted").count() == told.at_once
    assert who_sleeps(broadcast, MORNING).count == sum(each.count for each in told.waiting)


def test_it_is_said_in_words_with_the_first_and_last_morning(workspace: Workspace) -> None:
    waiting, unsure = _told(make_broadcast(workspace))

    assert waiting.level == "note"
    assert waiting.what == "4 of 6 wait for their morning; 2 get it at once."
    assert waiting.why == (
        "Their places are closed now. The first open Wed 4 Mar 11:00, the last Wed 4 Mar 12:00"
        " (America/New_York)."
    )
    assert unsure.what.startswith("Of 1 it is not certain")  # Texas has two time zones


def test_it_is_said_in_whole_sentences_of_the_reader_s_language(workspace: Workspace) -> None:
    with override("de"):
        waiting, _unsure = _told(make_broadcast(workspace))

    assert waiting.why == (
        "Ihre Orte sind jetzt geschlossen. Die ersten öffnen Mi 4. Mär 11:00, die letzten Mi 4. Mär"
        " 12:00 (America/New_York)."
    )


def test_by_day_nothing_is_said(workspace: Workspace) -> None:
    assert _told(make_broadcast(workspace), _at("2026-03-04 15:00")) == []


def test_a_scheduled_one_is_looked_at_when_it_starts(workspace: Workspace) -> None:
    night, noon = make_broadcast(workspace), make_broadcast(workspace)
    night.scheduled_at, noon.scheduled_at = _at("2026-03-05 02:00"), _at("2026-03-05 15:00")

    (waiting, _unsure) = _told(night)

    assert waiting.what.startswith("6 of 6 wait")
    assert "closed when it starts (Thu 5 Mar 02:00)" in waiting.why
    assert _told(noon) == []


def test_who_would_be_skipped_is_warned_of(workspace: Workspace) -> None:
    skipped, _unsure = _told(make_broadcast(workspace, at_night="skip"))

    assert skipped.level == "warning"
    assert skipped.what == "4 of 6 get no text: it is night where they live."


def test_who_would_wait_too_long_is_warned_of(workspace: Workspace) -> None:
    late, waiting, _unsure = _told(make_broadcast(workspace, give_up_hours=3))

    assert late.what == "3 of 6 get no text: their places open too late."
    assert "after 3 hours, Wed 4 Mar 11:30" in late.why
    assert waiting.what == "1 of 6 wait for their morning; 2 get it at once."


def test_hours_that_never_meet_stop_it_where_they_concern_everybody(workspace: Workspace) -> None:
    decide(workspace, own_hours="22-24", actor=ACTOR)
    (never,) = [each for each in _told(make_broadcast(workspace)) if "no open hour" in each.what]
    assert never.level == "error"
    assert never.what == "For 6 of 6 there is no open hour at all."
    assert "error" in [each.level for each in check(make_broadcast(workspace))]

    decide(workspace, own_hours="Sun 10-18", actor=ACTOR)
    make_contacts(workspace, 1, first=6, state="AL")  # Alabama keeps Sundays free
    (never,) = [each for each in _told(make_broadcast(workspace)) if "no open hour" in each.what]
    assert never.level == "warning"
    assert never.what == "For 1 of 7 there is no open hour at all."


def test_who_had_enough_texts_is_counted_apart(workspace: Workspace) -> None:
    decide(workspace, most_texts=1, actor=ACTOR)
    prepare(make_broadcast(workspace))
    sender = make_sender(StandIn(), Clock(MORNING))
    while sender.send_next():
        pass

    told = look_ahead(make_broadcast(workspace), MORNING)

    assert (told.textable, told.too_often, told.at_once) == (6, 2, 0)
    assert sum(each.count for each in told.asleep) == 4
    capped = check_hours(make_broadcast(workspace), told)
    assert [each.what for each in capped if "enough" in each.what] == [
        "2 of 6 get no text: they had enough lately."
    ]


def test_who_may_not_be_texted_neither_waits_nor_counts(workspace: Workspace) -> None:
    californian = Contact.objects.filter(attributes__state="CA")[0]
    opt_out(californian.phone, scope=workspace, reason="STOP", at=MORNING, by=ACTOR)

    told = look_ahead(make_broadcast(workspace), MORNING)

    assert (told.contacts, told.textable, told.at_once) == (6, 5, 2)
    assert sum(each.count for each in told.asleep) == 3


def test_a_slow_number_is_warned_of_when_places_close_meanwhile(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, sender_rate="0.00005")
    make_contacts(workspace, 1, first=6, state="NY")
    slow = [each for each in _told(make_broadcast(workspace)) if "before all" in each.what]
    assert [each.what for each in slow] == [
        "Up to 3 more may have to wait: their places close before all have left."
    ]
    assert "3 texts take 16.7 hours" in slow[0].why


def test_an_instance_without_quiet_hours_says_so_where_people_would_be_woken(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, quiet_hours="off")
    monkeypatch.setattr("tapline.broadcasts.checking_hours.reaches_people", lambda name: True)
    assert [each.what for each in _told(make_broadcast(workspace))] == [
        "The texts leave at any hour, at night as well."
    ]
    monkeypatch.setattr("tapline.broadcasts.checking_hours.reaches_people", lambda name: False)
    assert _told(make_broadcast(workspace)) == []


def test_while_it_is_sent_the_report_says_who_waits_and_until_when(workspace: Workspace) -> None:
    broadcast = prepare(make_broadcast(workspace))
    sender = make_sender(StandIn(), Clock(MORNING))
    while sender.send_next():
        pass

    report = build_report(broadcast, MORNING)

    assert (report.waiting, report.asleep) == (4, 4)
    assert report.next_morning_at == _at("2026-03-04 11:00")
    assert report.as_dict()["next_morning_at"].startswith("2026-03-04T16:00")
    assert asleep_in_words(report, NEW_YORK) == (
        "4 wait until it is day where they live."
        " The next place opens Wed 4 Mar 11:00 (America/New_York)."
    )
    assert who_sleeps(broadcast, MORNING).openings == (
        (_at("2026-03-04 11:00"), 1),
        (_at("2026-03-04 12:00"), 3),
    )
    told = build_report(broadcast, _at("2026-03-04 12:30"))
    assert (told.waiting, told.asleep, told.next_morning_at) == (4, 0, None)  # not sent yet, awake
    assert asleep_in_words(told, NEW_YORK) == ""


def test_the_report_page_shows_the_mornings_that_are_waited_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = prepare(make_broadcast(workspace))
    owner = member_of(workspace)
    monkeypatch.setattr("django.utils.timezone.now", lambda: MORNING)

    page = owner.get(reverse("broadcasts:show", args=[workspace.pk, broadcast.pk]))

    shown = page.content.decode()
    assert "4 wait until it is day where they live." in shown
    assert '<td>Wed 4 Mar 12:00</td><td class="number">3</td>' in shown


def test_a_broadcast_begins_with_what_the_workspace_decided(workspace: Workspace) -> None:
    decide(workspace, at_night="skip", give_up_hours=12, actor=ACTOR)
    owner = member_of(workspace)
    page = owner.get(reverse("broadcasts:new", args=[workspace.pk])).content.decode()
    assert '<option value="skip" selected>they are left out</option>' in page
    assert 'name="give_up_hours" value="12"' in page
    form = {"name": "May", "text": "See example.com", "audience": '{"all": true}'}
    new = reverse("broadcasts:new", args=[workspace.pk])

    owner.post(new, form)
    owner.post(new, {**form, "at_night": "wait", "give_up_hours": "24"})

    first, second = Broadcast.objects.order_by("id")
    assert (first.at_night, first.give_up_hours) == ("skip", 12)
    assert (second.at_night, second.give_up_hours) == ("wait", 24)
    for wrong in ({"give_up_hours": "soon"}, {"give_up_hours": "0"}, {"at_night": "sing"}):
        assert owner.post(new, {**form, **wrong}).status_code == 422


def test_programs_say_what_happens_at_night(workspace: Workspace) -> None:
    caller = caller_of(workspace)
    written = {"name": "May", "text": "See example.com", "audience": {"all": True}}

    plain = caller.post("/broadcasts", written)
    skipping = caller.post("/broadcasts", {**written, "at_night": "skip", "give_up_hours": 6})

    assert (plain["at_night"], plain["give_up_hours"]) == ("wait", 48)
    assert (skipping["at_night"], skipping["give_up_hours"]) == ("skip", 6)
