"""The last look before a broadcast goes out: in words, and it is what goes out."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from tapline.broadcasts import trials
from tapline.broadcasts.checking import check
from tapline.broadcasts.composing import update_draft
from tapline.broadcasts.confirming import in_words, make_plan
from tapline.broadcasts.leading import addresses_of
from tapline.broadcasts.lifecycle import ChangedMeanwhile, schedule, start, unschedule
from tapline.broadcasts.models import Broadcast, BroadcastState, Message
from tapline.broadcasts.reading import fingerprint
from tapline.broadcasts.splitting import BadBroadcast
from tapline.broadcasts.trials import send_test
from tapline.broadcasts.wordings import variant_of, wordings_of
from tapline.contacts.models import Contact
from tapline.errors import Conflict
from tapline.links.destination_look import Hop, Seen
from tapline.links.watching import ask, keep
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import ACTOR, TEXT, make_broadcast, make_contacts, make_workspace
from tests.web.api_client import caller_of
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

LATER = dt.datetime(2030, 5, 1, 9, 30)  # noqa: DTZ001  # by the workspace's clock


@pytest.fixture
def workspace() -> Workspace:
    """A workspace in Berlin: ten people agreed, two did not."""
    made = make_workspace()
    made.zone = "Europe/Berlin"
    made.save()
    make_contacts(made, 10)
    make_contacts(made, 2, first=10, agreed=False)
    return made


def told(broadcast: Broadcast, at: dt.datetime | None = None) -> dict[str, tuple[str, ...]]:
    return {line.about: line.sentences for line in in_words(make_plan(broadcast, at))}


def address(name: str, broadcast: Broadcast) -> str:
    return reverse(f"broadcasts:{name}", args=[broadcast.workspace_id, broadcast.pk])


def read(browser: Client, broadcast: Broadcast, at: str = "") -> str:
    return browser.get(address("plan", broadcast), {"at": at}).content.decode()


def test_it_is_said_who_when_and_what(workspace: Workspace) -> None:
    said = told(make_broadcast(workspace))

    assert said["Who gets it"] == ("10 people get a text: Everybody who agreed.",)
    assert said["Who does not"] == ("2: did not agree to such texts.",)
    assert said["What it says"] == (TEXT,)
    assert said["When"] == ("Now, as soon as you confirm.",)
    assert said["Nights"] == ("It is day where they live: nobody has to wait.",)
    assert said["From which number"] == ("From the built-in simulator: it reaches nobody.",)
    assert said["Links"][1:] == ("https://www.example.com/menu",)
    assert "go.example.com" in said["Links"][0]


def test_a_page_that_does_not_work_is_said_before_it_is_sent(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace, variants=[{"text": f"{TEXT}/b", "share": 50}])
    addresses, _differing = addresses_of(broadcast)
    working, gone = addresses
    ask(workspace, addresses)
    assert "What does not work" not in told(broadcast)

    keep(working, Seen(hops=(Hop(working, 200),)))
    keep(gone, Seen(hops=(Hop(gone, 404),)))

    (said,) = told(broadcast)["What does not work"]
    assert said.startswith(gone)
    found = [each for each in check(broadcast) if "did not work" in each.what]
    assert [(each.level, each.what[-len(gone) :]) for each in found] == [("warning", gone)]


def test_variants_a_hold_out_and_a_time_are_said(workspace: Workspace) -> None:
    broadcast = make_broadcast(
        workspace, text="A", variants=[{"text": "B", "share": 30}], hold_out=20, spend_limit=5
    )

    said = told(broadcast, LATER.replace(tzinfo=ZoneInfo("Europe/Berlin")))

    assert said["What it says"] == ("A, to 70 %: A", "B, to 30 %: B")
    contacts = Contact.objects.filter(workspace=workspace).order_by("pk")[:10]
    held = sum(variant(broadcast, each) is None for each in contacts)
    assert f"{10 - held} people get a text: Everybody who agreed." in said["Who gets it"]
    assert held == 0 or said["Who gets it"][1].startswith(f"{held} more get")
    assert "Wed 1 May 2030 09:30 (Europe/Berlin)" in said["When"][0]
    assert said["Links"] == ("None: there is nothing to tap.",)
    assert "It pauses before it costs more than 5.00." in said["What it costs"]


def variant(broadcast: Broadcast, contact: Contact) -> int | None:
    return variant_of(wordings_of(broadcast), contact.pk, broadcast.token)


def test_each_text_costs_what_its_recipients_cost(
    workspace: Workspace, settings_with_price: None
) -> None:
    short = make_broadcast(workspace, text="A")
    split = make_broadcast(workspace, text="A", variants=[{"text": "B" * 200, "share": 50}])

    long = sum(
        variant(split, each) == 1
        for each in Contact.objects.filter(workspace=workspace).order_by("pk")[:10]
    )
    assert told(short)["What it costs"] == ("At most 0.50.",)
    assert told(split)["What it costs"] == (f"At most {0.05 * (10 + long):.2f}.",)


@pytest.fixture
def settings_with_price(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part costs five cents."""
    from dataclasses import replace

    from tapline import config

    known = replace(config.current(), part_price=0.05)
    monkeypatch.setattr(config, "current", lambda: known)


def test_what_was_read_is_what_goes_out(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace)
    seen = fingerprint(broadcast)

    update_draft(broadcast, text="Something else", actor="somebody else")
    with pytest.raises(ChangedMeanwhile):
        start(broadcast, actor=ACTOR, fingerprint=seen)

    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.DRAFT
    assert start(broadcast, actor=ACTOR, fingerprint=fingerprint(broadcast)).state == "preparing"


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Other"},
        {"audience": {"contacts": [1]}},
        {"hold_out": 10},
        {"variants": [{"text": "B", "share": 50}]},
        {"spend_limit": 7},
        {"utm": {"source": "sms"}},
        {"is_test": True},
    ],
)
def test_every_change_changes_the_fingerprint(workspace: Workspace, change: dict[str, Any]) -> None:
    broadcast = make_broadcast(workspace, spend_limit=5)
    before = fingerprint(Broadcast.objects.get(pk=broadcast.pk))

    update_draft(broadcast, actor=ACTOR, **change)

    assert fingerprint(Broadcast.objects.get(pk=broadcast.pk)) != before


def test_what_happens_by_itself_does_not(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace, spend_limit=5)
    before = fingerprint(broadcast)

    schedule(broadcast, timezone.now() + dt.timedelta(days=1), actor=ACTOR)

    assert fingerprint(Broadcast.objects.get(pk=broadcast.pk)) == before


def test_one_button_sends_what_the_page_said(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace)
    sender = member_of(workspace, Role.SENDER)
    shown = read(sender, broadcast)
    assert "Send 10 texts now" in shown
    assert fingerprint(broadcast) in shown

    sender.post(address("confirm", broadcast), {"fingerprint": fingerprint(broadcast), "at": ""})

    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.PREPARING
    assert history(workspace)[0].action == "broadcast.started"


def test_a_draft_that_changed_is_not_sent_by_the_page(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace)

    answer = member_of(workspace).post(
        address("confirm", broadcast), {"fingerprint": "of something else", "at": ""}
    )

    assert answer.status_code == 409
    assert "was changed after you read" in answer.content.decode()
    assert Broadcast.objects.get(pk=broadcast.pk).state == BroadcastState.DRAFT


def test_a_schedule_is_made_changed_and_taken_back(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace)
    browser = member_of(workspace)
    raw = LATER.isoformat(timespec="minutes")
    assert "Schedule it" in read(browser, broadcast, raw)
    form = {"fingerprint": fingerprint(broadcast), "at": raw}
    assert browser.post(address("confirm", broadcast), form | {"at": "soon"}).status_code == 422

    browser.post(address("confirm", broadcast), form)
    broadcast.refresh_from_db()
    assert broadcast.scheduled_at == LATER.replace(tzinfo=ZoneInfo("Europe/Berlin"))
    page = browser.get(address("show", broadcast)).content.decode()
    assert "Goes out Wed 1 May 2030 09:30 (Europe/Berlin)." in page
    assert f'value="{raw}"' in browser.get(address("confirm", broadcast)).content.decode()

    browser.post(address("confirm", broadcast), form | {"at": "2030-06-01T10:00"})
    broadcast.refresh_from_db()
    assert broadcast.scheduled_at == dt.datetime(2030, 6, 1, 8, tzinfo=dt.UTC)

    browser.post(address("take-back", broadcast))
    again = Broadcast.objects.get(pk=broadcast.pk)
    assert (again.state, again.scheduled_at) == (BroadcastState.DRAFT, None)
    with pytest.raises(Conflict):
        unschedule(again, actor=ACTOR)
    written_down = list(history(workspace).values_list("action", flat=True))[:3]
    assert written_down == [
        "broadcast.unscheduled",
        "broadcast.scheduled",
        "broadcast.scheduled",
    ]


def test_a_time_that_is_past_is_said(workspace: Workspace) -> None:
    broadcast, browser = make_broadcast(workspace), member_of(workspace, Role.SENDER)

    def page(at: str) -> str:
        return browser.get(address("confirm", broadcast), {"at": at}).content.decode()

    assert "That time is past" in page("2020-05-01T09:30")
    assert "That time is past" not in page("")
    assert "That time is past" not in page("2030-05-01T09:30")


def test_an_hour_that_clocks_leave_out_is_told_as_the_one_that_it_is(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace)

    said = read(member_of(workspace, Role.SENDER), broadcast, "2030-03-31T02:30")

    assert "Sun 31 Mar 2030 03:30 (Europe/Berlin)" in said


def test_a_schedule_is_told_in_the_reader_s_language(workspace: Workspace) -> None:
    at = LATER.replace(month=12, tzinfo=ZoneInfo("Europe/Berlin"))

    with override("de"):
        said = told(make_broadcast(workspace), at)["Wann"][0]

    assert "So 1 Dez 2030 09:30" in said.replace(".", "")


def test_a_test_goes_to_ones_own_people_in_every_text(workspace: Workspace) -> None:
    mine, other = Contact.objects.filter(workspace=workspace).order_by("pk")[:2]
    Contact.objects.filter(pk=mine.pk).update(is_staff=True)
    broadcast = make_broadcast(workspace, text="A", variants=[{"text": "B", "share": 50}])

    sent = send_test(broadcast, [mine.pk, other.pk], actor=ACTOR)

    assert [(each.text, each.is_test, each.audience) for each in sent] == [
        ("A", True, {"contacts": [mine.pk]}),
        ("B", True, {"contacts": [mine.pk]}),
    ]
    assert [each.name for each in sent] == ["Test of Menu (A)", "Test of Menu (B)"]
    assert {each.state for each in sent} == {BroadcastState.PREPARING}
    assert Broadcast.objects.get(pk=broadcast.pk).state == BroadcastState.DRAFT


def test_a_test_goes_to_nobody_else(workspace: Workspace) -> None:
    stranger = make_contacts(create_workspace("Florist"), 1)[0]
    Contact.objects.filter(pk=stranger.pk).update(is_staff=True)
    recipient = Contact.objects.filter(workspace=workspace)[0]

    with pytest.raises(BadBroadcast):
        send_test(make_broadcast(workspace), [stranger.pk, recipient.pk], actor=ACTOR)

    assert not Message.objects.exists()


def test_a_test_that_may_not_be_sent_says_why_and_leaves_no_draft(workspace: Workspace) -> None:
    mine = Contact.objects.filter(workspace=workspace).order_by("pk").last()
    assert mine is not None  # One of the two who did not agree.
    Contact.objects.filter(pk=mine.pk).update(is_staff=True)
    broadcast = make_broadcast(workspace)

    page = member_of(workspace, Role.SENDER).post(address("test", broadcast), {"contact": mine.pk})

    assert page.status_code == 422
    assert "None of those chosen may be texted." in page.content.decode()
    assert f'value="{mine.pk}"' in page.content.decode()
    assert list(Broadcast.objects.all()) == [broadcast]


def test_the_composer_keeps_variants(workspace: Workspace) -> None:
    browser = member_of(workspace)
    form = {
        "name": "Pie",
        "text": "A",
        "audience": '{"all": true}',
        "variant_1": "B",
        "share_1": "",
        "variant_2": "C",
        "share_2": "20",
        "hold_out": "5",
    }

    browser.post(reverse("broadcasts:new", args=[workspace.pk]), form)

    made = Broadcast.objects.get()
    assert made.variants == [{"text": "B", "share": 33}, {"text": "C", "share": 20}]
    assert made.hold_out == 5
    shown = browser.get(address("compose", made)).content.decode()
    assert all(f'name="variant_{place}"' in shown for place in (1, 2, 3))


def test_the_api_confirms_what_was_read_and_takes_back(workspace: Workspace) -> None:
    caller = caller_of(workspace)
    made = caller.post("/broadcasts", {"name": "Pie", "text": "A", "audience": {"all": True}})
    start_it = f"/broadcasts/{made['id']}/start"
    at = "2030-05-01T09:30:00Z"

    refused = caller.call("POST", start_it, {"at": at, "fingerprint": "another"})
    assert refused.status_code == 409
    caller.post(start_it, {"at": at, "fingerprint": made["fingerprint"]})
    assert caller.post(f"/broadcasts/{made['id']}/unschedule", {})["state"] == "draft"

    nobody = caller.call("POST", f"/broadcasts/{made['id']}/test", {"contacts": []})
    assert nobody.status_code == 422


def test_ones_own_people_are_found_without_looking_through_all_contacts(
    workspace: Workspace,
) -> None:
    plan = trials.testers(workspace)[:20].explain()

    assert "USING INDEX staff" in plan
    assert "TEMP B-TREE" not in plan
