"""Nobody gets a text at night: it waits or is left out, and what is handed over cannot drift."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from collections import Counter

import pytest

from tapline import config
from tapline.broadcasts.lifecycle import pause, resume
from tapline.broadcasts.loops import leave_out_night
from tapline.broadcasts.models import Broadcast, BroadcastPlace, Message, MessageTally
from tapline.broadcasts.night import leave_out_closed, waiting_for_morning
from tapline.broadcasts.reports import build_report
from tapline.broadcasts.sending import Sender
from tapline.broadcasts.singles import StatedConsent, send_single
from tapline.contacts.models import Contact
from tapline.hours.deciding import decide, policy_of
from tapline.providers.base import Answer, Outgoing, Refused
from tapline.providers.twilio.wire import message_form
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import (
    ACTOR,
    Clock,
    StandIn,
    accept,
    make_broadcast,
    make_contacts,
    make_sender,
    make_settler,
    make_workspace,
    prepare,
    states,
)
from tests.web.api_client import caller_of

pytestmark = pytest.mark.django_db(transaction=True)

NEW_YORK, LOS_ANGELES = "America/New_York", "America/Los_Angeles"


def _at(text: str, zone: str = NEW_YORK) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone))


def _set(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    values = {"quiet_hours": "always"} | values
    settings = config.load({f"TAPLINE_{name.upper()}": value for name, value in values.items()})
    monkeypatch.setattr(config, "current", lambda: settings)


@pytest.fixture(autouse=True)
def _everybody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _people(workspace: Workspace, *states: str) -> None:
    for number, state in enumerate(states):
        make_contacts(workspace, 1, first=number, state=state)


def _send_all(sender: Sender) -> None:
    while sender.send_next():
        pass


def _left(broadcast: Broadcast) -> list[int]:
    return [n for n, state in enumerate(states(broadcast)) if state == "accepted"]


def test_a_closed_place_waits_for_its_morning_and_an_open_one_does_not(
    workspace: Workspace,
) -> None:
    _people(workspace, "NY", "CA", "NY", "CA", "CT")
    broadcast = prepare(make_broadcast(workspace))
    provider, clock = StandIn(), Clock(_at("2026-03-04 08:30"))  # 5:30 in California
    sender, settler = make_sender(provider, clock), make_settler(provider, clock)

    _send_all(sender)
    settler.settle_next()
    assert _left(broadcast) == [0, 2]
    broadcast.refresh_from_db()
    assert broadcast.state == "sending"  # It goes on, however long they wait.

    clock.at = _at("2026-03-04 09:00")
    _send_all(sender)
    assert _left(broadcast) == [0, 2, 4]

    clock.at = _at("2026-03-04 09:00", LOS_ANGELES)  # California begins at 9
    _send_all(sender)
    settler.settle_next()
    assert _left(broadcast) == [0, 1, 2, 3, 4]
    broadcast.refresh_from_db()
    assert broadcast.state == "sent"


def test_the_page_can_say_who_waits_and_until_when(workspace: Workspace) -> None:
    _people(workspace, "NY", "CA", "CA", "TX")
    broadcast = prepare(make_broadcast(workspace))
    now = _at("2026-03-04 08:30")
    _send_all(make_sender(StandIn(), Clock(now)))

    waiting = waiting_for_morning(broadcast, now)

    assert [(each.place, each.count) for each in waiting] == [
        ("address:US-TX", 1),  # 9:00 in El Paso, so 11:00 in New York
        ("address:US-CA", 2),
    ]
    assert waiting[0].opens_at == _at("2026-03-04 09:00", "America/Denver")
    assert waiting[1].opens_at == _at("2026-03-04 09:00", LOS_ANGELES)


def test_those_whose_turn_comes_at_night_are_skipped_where_that_is_chosen(
    workspace: Workspace,
) -> None:
    _people(workspace, "NY", "CA", "NY")
    broadcast = prepare(make_broadcast(workspace, at_night="skip"))
    now = _at("2026-03-04 08:30")
    provider = StandIn()

    _send_all(make_sender(provider, Clock(now)))
    assert leave_out_closed(broadcast, now) == 1
    assert leave_out_closed(broadcast, now) == 0
    make_settler(provider, Clock(now)).settle_next()

    report = build_report(broadcast)
    assert report.state == "sent"
    assert report.sent == 2
    assert report.cancelled_by_reason == {"quiet_hours": 1}


def test_waiting_is_given_up_in_the_end(workspace: Workspace) -> None:
    _people(workspace, "AL", "NY")
    broadcast = prepare(make_broadcast(workspace, give_up_hours=12))
    saturday_night = _at("2026-03-07 19:55", "America/Chicago")
    Broadcast.objects.filter(pk=broadcast.pk).update(started_at=saturday_night)
    broadcast.refresh_from_db()
    _send_all(make_sender(StandIn(), Clock(saturday_night)))

    assert leave_out_closed(broadcast, saturday_night + dt.timedelta(hours=11)) == 0
    # Sunday in Alabama: closed until Monday. New York has opened, and is not left out.
    assert leave_out_closed(broadcast, saturday_night + dt.timedelta(hours=13)) == 1
    assert build_report(broadcast).cancelled_by_reason == {"too_late": 1}


def test_a_text_is_handed_over_with_the_hour_at_which_its_place_closes(
    workspace: Workspace,
) -> None:
    _people(workspace, "NY", "FL", "CA")
    prepare(make_broadcast(workspace, validity_seconds=4 * 3600))
    provider = StandIn()

    _send_all(make_sender(provider, Clock(_at("2026-03-04 18:30"))))

    assert [text.send_before_at for text in provider.taken] == [
        _at("2026-03-04 20:55"),  # New York closes at 21, and queues drift
        _at("2026-03-04 19:55"),  # Florida at 20
        _at("2026-03-04 22:30"),  # in California it is the validity that ends
    ]


def test_a_text_does_not_leave_when_it_could_not_arrive_in_time(
    workspace: Workspace,
) -> None:
    _people(workspace, "NY", "CA")
    broadcast = prepare(make_broadcast(workspace))
    provider, clock = StandIn(), Clock(_at("2026-03-04 20:55"))
    sender = make_sender(provider, clock)

    _send_all(sender)
    assert _left(broadcast) == [1]
    clock.at = _at("2026-03-05 07:59")
    _send_all(sender)
    assert _left(broadcast) == [1]
    clock.at = _at("2026-03-05 08:00")
    _send_all(sender)
    assert _left(broadcast) == [0, 1]


def test_a_long_queue_at_the_provider_lets_texts_wait_earlier(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, sender_rate="1")
    _people(workspace, "NY", "CA")
    broadcast = prepare(make_broadcast(workspace))
    # Two hours' worth of texts that the provider has from this number and has not delivered.
    for state, count in (("accepted", 7_200), ("delivered", 5)):
        MessageTally.objects.create(
            broadcast=broadcast,
            state=state,
            was_accepted=True,
            was_clicked=False,
            error_code="",
            count=count,
            cost=0,
            parts=0,
        )
    sender = make_sender(StandIn(), Clock(_at("2026-03-04 19:30")))

    _send_all(sender)

    assert _left(broadcast) == [1]


def test_what_came_back_is_found_again_though_closed_ones_were_passed_over(
    workspace: Workspace,
) -> None:
    _people(workspace, "CA", "NY", "CA", "NY")
    broadcast = prepare(make_broadcast(workspace))
    refused: list[str] = []

    def refuse_once(text: Outgoing) -> Answer:
        if text.reference in refused:
            return accept(text)
        refused.append(text.reference)
        return Refused(reference=text.reference, code="busy", text="", can_retry=True)

    provider, clock = StandIn(answer=refuse_once), Clock(_at("2026-03-04 08:30"))
    sender = make_sender(provider, clock, chunk=1)
    for _ in range(40):
        sender.send_next()
        clock.move(2)

    assert _left(broadcast) == [1, 3]


def test_a_place_that_opens_is_seen_although_others_stay_closed(workspace: Workspace) -> None:
    _people(workspace, *["CA", "NY"] * 5, "CT")
    broadcast = prepare(make_broadcast(workspace))
    clock = Clock(_at("2026-03-04 07:00"))
    sender = make_sender(StandIn(), clock, chunk=2)
    for _ in range(12 * 60):  # until seven in the evening, a minute at a time
        _send_all(sender)
        if clock.at == _at("2026-03-04 08:30"):
            assert Counter(states(broadcast)) == {"accepted": 5, "pending": 6}
        clock.move(60)

    assert set(states(broadcast)) == {"accepted"}


def test_own_hours_hold_as_soon_as_they_are_decided(workspace: Workspace) -> None:
    _people(workspace, "NY")
    broadcast = prepare(make_broadcast(workspace))
    decide(workspace, own_hours="12-15", actor=ACTOR)
    clock = Clock(_at("2026-03-04 10:00"))
    sender = make_sender(StandIn(), clock)

    _send_all(sender)
    assert _left(broadcast) == []
    decide(workspace, own_hours=None, actor=ACTOR)
    clock.move(6)
    _send_all(sender)
    assert _left(broadcast) == [0]


def test_hours_hold_again_after_a_pause(workspace: Workspace) -> None:
    _people(workspace, "NY")
    broadcast = prepare(make_broadcast(workspace))
    clock = Clock(_at("2026-03-04 22:00"))
    sender = make_sender(StandIn(), clock)
    pause(broadcast, actor=ACTOR)
    resume(broadcast, actor=ACTOR)

    _send_all(sender)

    assert states(broadcast) == ["pending"]


def test_simulated_phones_do_not_sleep_unless_that_is_wanted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _people(workspace, "NY")
    broadcast = prepare(make_broadcast(workspace))
    night = Clock(_at("2026-03-04 23:00"))
    _send_all(make_sender(StandIn(), night))
    assert states(broadcast) == ["pending"]

    _set(monkeypatch, quiet_hours="people")
    _send_all(make_sender(StandIn(), night))
    assert states(broadcast) == ["accepted"]


def test_single_texts_wait_too_if_they_are_marketing(workspace: Workspace) -> None:
    make_contacts(workspace, 1, state="NY")
    phone = Contact.objects.get().phone
    marketing = send_single(workspace, to=phone, text="Sale!", purpose="marketing", actor=ACTOR)
    agreed = StatedConsent(wording="Yes", at=_at("2026-01-01 12:00"), evidence={})
    service = send_single(
        workspace, to=phone, text="It is ready.", purpose="service", consent=agreed, actor=ACTOR
    )
    assert marketing.place == "address:US-NY"
    assert BroadcastPlace.objects.get(broadcast=marketing.broadcast).recipients == 1
    clock = Clock(_at("2026-03-04 23:00"))
    sender = make_sender(StandIn(), clock)

    _send_all(sender)
    assert Message.objects.get(pk=marketing.pk).state == "pending"
    assert Message.objects.get(pk=service.pk).state == "accepted"

    clock.at = _at("2026-03-05 08:00")
    _send_all(sender)
    assert Message.objects.get(pk=marketing.pk).state == "accepted"


def test_a_program_hears_until_when_a_single_text_waits(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_contacts(workspace, 1, state="NY")
    caller, text = caller_of(workspace), {"to": Contact.objects.get().phone, "text": "Sale!"}
    now = _at("2026-03-04 23:00")
    monkeypatch.setattr("tapline.broadcasts.api_messages.timezone.now", lambda: now)

    sent = caller.post("/messages", {**text, "purpose": "marketing"})

    assert sent["waits_until"] == "2026-03-05T13:00:00Z"
    assert caller.get(f"/messages/{sent['id']}")["waits_until"] == sent["waits_until"]
    now = _at("2026-03-05 12:00")
    assert caller.get(f"/messages/{sent['id']}")["waits_until"] is None


def test_service_texts_wait_where_the_workspace_decided_so(workspace: Workspace) -> None:
    make_contacts(workspace, 1, state="NY")
    decide(workspace, service_waits=True, actor=ACTOR)
    agreed = StatedConsent(wording="Yes", at=_at("2026-01-01 12:00"), evidence={})
    message = send_single(
        workspace,
        to=Contact.objects.get().phone,
        text="It is ready.",
        purpose="service",
        consent=agreed,
        actor=ACTOR,
    )

    _send_all(make_sender(StandIn(), Clock(_at("2026-03-04 23:00"))))

    assert Message.objects.get(pk=message.pk).state == "pending"


def test_the_worker_leaves_out_by_itself(workspace: Workspace) -> None:
    _people(workspace, "NY")
    broadcast = prepare(make_broadcast(workspace, at_night="skip"))
    decide(workspace, own_hours="Sun 0:00-0:01", actor=ACTOR)  # a minute a week: closed now

    assert leave_out_night()
    assert not leave_out_night()
    assert states(broadcast) == ["cancelled"]


ANYWHERE = (
    *({"state": state} for state in ("NY", "FL", "TX", "CT", "RI", "AL", "TN", "AZ", "HI", "AK")),
    *({"zip": zip5} for zip5 in ("33101", "79901", "37201", "83814", "86515", "02134")),
    *({"country": code} for code in ("GB", "FR", "ES", "AU", "NZ", "JP", "IN", "BR")),
    {},
)
ODD_MOMENTS = (  # around changes of clocks in the US, Europe, Australia; a holiday; New Year
    *("2026-03-08T06:59:30", "2026-03-29T00:59:30", "2026-04-04T15:59:30", "2026-11-01T05:30:00"),
    *("2026-10-25T00:59:59", "2026-10-03T16:00:00", "2026-07-14T10:00:00", "2027-01-01T00:00:00"),
)


def test_no_text_is_handed_over_outside_its_hours_nor_could_a_queue_deliver_it_there(
    workspace: Workspace,
) -> None:
    for number, known in enumerate(ANYWHERE):
        (contact,) = make_contacts(workspace, 1, first=number * 3_000)
        Contact.objects.filter(pk=contact.pk).update(attributes=known)
    prepare(make_broadcast(workspace, validity_seconds=10 * 3600))
    places = dict(Message.objects.values_list("position", "place"))
    chance, policy = random.Random(17), policy_of(workspace)
    year = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    moments = [dt.datetime.fromisoformat(each).replace(tzinfo=dt.UTC) for each in ODD_MOMENTS]
    moments += [year + dt.timedelta(seconds=chance.randrange(365 * 86400)) for _ in range(60)]
    handed_over = kept = 0
    for at in moments:
        Message.objects.update(state="pending", provider_id=None, submitted_at=None)
        provider = StandIn()
        _send_all(make_sender(provider, Clock(at)))
        for text in provider.taken:
            place = places[int(text.reference.rpartition("-")[2])] or ""
            form = message_form(text, service="", callback="https://x.example.com", now=at)
            latest = at + dt.timedelta(seconds=int(str(form["ValidityPeriod"])))
            for step in range(11):  # the provider's queue may let it go at any of these
                assert policy.is_open(place, at + (latest - at) * step / 10), (place, at)
        handed_over += len(provider.taken)
        open_now = sum(policy.is_open(place or "", at) for place in places.values())
        kept += len(places) - open_now
        assert len(provider.taken) <= open_now
    assert handed_over > 200  # both happened, many times
    assert kept > 200
