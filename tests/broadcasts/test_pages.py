"""Writing, checking, sending and watching a broadcast, in the browser."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from tapline import config
from tapline.broadcasts import counting, news, picking
from tapline.broadcasts.lifecycle import pause, start
from tapline.broadcasts.models import Broadcast, BroadcastState, Message
from tapline.broadcasts.pages_contents import describe_tap
from tapline.clicks.newest import RecentClick
from tapline.geo.files import PLACE_FILE, path_of
from tapline.links.destination_look import Hop, Seen
from tapline.links.models import Campaign, Link
from tapline.links.watching import keep, note_taps
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role, Workspace
from tests.broadcasts.making import TEXT, make_broadcast, make_contacts, make_workspace, prepare
from tests.clicks.world import NOON, PIXEL, WHATSAPP, make_world, take_in
from tests.geo.mmdb import write_mmdb
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


FORM = {
    "name": "Menu",
    "text": TEXT,
    "audience": '{"all": true}',
    "purpose": "marketing",
    "campaign": "Autumn",
}


def _words(page: bytes) -> str:
    """Return a page as people read it: without tags, entities and runs of space."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.decode())))


def test_a_broadcast_is_written_and_changed() -> None:
    workspace = make_workspace()
    editor = member_of(workspace, Role.SENDER)

    made = editor.post(reverse("broadcasts:new", args=[workspace.pk]), FORM | {"utm_source": "sms"})
    broadcast = Broadcast.objects.get()
    assert made.headers["Location"] == reverse("broadcasts:show", args=[workspace.pk, broadcast.pk])
    assert broadcast.campaign == Campaign.objects.get(name="Autumn", workspace=workspace)
    assert broadcast.utm == {"source": "sms"}

    address = reverse("broadcasts:compose", args=[workspace.pk, broadcast.pk])
    editor.post(address, FORM | {"text": "Line\r\nbreak https://www.example.com/menu"})
    broadcast.refresh_from_db()
    assert broadcast.text == "Line\nbreak https://www.example.com/menu"
    assert Campaign.objects.count() == 1
    assert history(workspace)[0].action == "broadcast.changed"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"text": "Hi {{ first_name"}, "first_name"),
        ({"text": ""}, "The text is empty."),
        ({"name": ""}, "needs a name"),
        ({"audience": "everybody"}, "No audience is chosen."),
        ({"audience": '{"tags": ["vip"]}'}, "There is no tag 'vip'"),
        ({"spend_limit": "a lot"}, "The spend limit is not an amount."),
        ({"spend_limit": "NaN"}, "The spend limit is not an amount."),
        ({"text": "See https://user:pass@example.com/"}, "user"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(wrong: dict[str, str], words: str) -> None:
    workspace = make_workspace()

    answer = member_of(workspace).post(
        reverse("broadcasts:new", args=[workspace.pk]), FORM | {"text": TEXT + " Ciao"} | wrong
    )

    assert answer.status_code == 422
    assert words in _words(answer.content)
    assert ("Ciao" in answer.content.decode()) == ("text" not in wrong)
    assert not Broadcast.objects.exists()
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed"),
    [("spend_limit", "99,5O EUR"), ("give_up_hours", "two days"), ("hold_out", "1o")],
)
def test_a_number_that_cannot_be_read_stays_as_it_was_typed(field: str, typed: str) -> None:
    workspace = make_workspace()

    answer = member_of(workspace).post(
        reverse("broadcasts:new", args=[workspace.pk]), FORM | {field: typed}
    )

    assert answer.status_code == 422
    assert f'name="{field}" value="{typed}"' in answer.content.decode()


def test_why_a_broadcast_paused_is_said_in_the_language_of_the_page() -> None:
    workspace = make_workspace()
    broadcast = make_broadcast(workspace)
    Broadcast.objects.update(state="sending")
    pause(broadcast, actor="worker", reason="The spend limit is reached.")

    address = reverse("broadcasts:show", args=[workspace.pk, broadcast.pk])
    page = member_of(workspace).get(address, headers={"Accept-Language": "es"}).text

    assert "Se alcanzó el límite de gasto." in page


def test_a_spend_limit_is_shown_in_every_language_so_that_it_can_be_saved_again() -> None:
    workspace = make_workspace()
    broadcast = make_broadcast(workspace, spend_limit=Decimal("99.50"))

    page = member_of(workspace).get(
        reverse("broadcasts:compose", args=[workspace.pk, broadcast.pk]),
        headers={"Accept-Language": "de"},
    )

    assert 'name="spend_limit" value="99.5"' in page.content.decode()


def _preview(workspace_id: int, step: str = "", **form: str) -> str:
    address = reverse("broadcasts:preview", args=[workspace_id]) + f"?do={step}"
    browser = member_of(Workspace.objects.get(pk=workspace_id), Role.SENDER)
    answer = browser.post(address, FORM | form, headers={"HX-Request": "true"})
    return _words(answer.content) + answer.content.decode()


def test_the_preview_shows_what_each_recipient_gets_and_its_parts() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 2)

    first = _preview(workspace.pk)
    second = _preview(workspace.pk, "next", recipient="1")
    past_the_end = _preview(workspace.pk, "next", recipient="2")

    assert "Hi N0 , our menu: https://go.example.com/" in first
    assert "Recipient 1, +12…00" in first
    assert "https://www.example.com/menu" in first
    assert "Parts 1" in first
    assert "GSM-7" in first
    assert "Hi N1 , our menu" in second
    assert "Hi N1 , our menu" in past_the_end
    assert "+1200555" not in first


def test_the_preview_says_why_parts_became_shorter() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 1)

    assert "UCS-2" in _preview(workspace.pk, text=TEXT + " 🥐")


def test_a_mistake_in_the_text_is_a_fragment_and_not_a_page() -> None:
    workspace = make_workspace()

    shown = _preview(workspace.pk, text="Hi {{ first_name")

    assert 'role="alert"' in shown
    assert "<html" not in shown


def test_the_checks_offer_to_send_only_what_somebody_would_get() -> None:
    workspace = make_workspace()
    editor = member_of(workspace, Role.SENDER)
    broadcast = make_broadcast(workspace)
    address = reverse("broadcasts:findings", args=[workspace.pk, broadcast.pk])

    assert "Nobody would get this text." in _words(editor.get(address).content)
    assert "See what will happen, and send" not in _words(editor.get(address).content)

    make_contacts(workspace, 1)
    assert "See what will happen, and send" in _words(editor.get(address).content)


@pytest.mark.parametrize("name", ["findings", "plan", "held-out"])
def test_what_comes_later_is_a_whole_page_for_whoever_has_no_script(name: str) -> None:
    workspace = make_workspace()
    make_contacts(workspace, 1)
    broadcast = make_broadcast(workspace)
    address = reverse(f"broadcasts:{name}", args=[workspace.pk, broadcast.pk])
    browser = member_of(workspace)

    piece = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    whole = browser.get(address).content.decode()

    assert "<html" not in piece
    assert whole.count("<h1") == 1
    assert 'rel="stylesheet"' in whole
    assert piece.strip() in whole.replace(*_tokens(whole, piece))


def _tokens(whole: str, piece: str) -> tuple[str, str]:
    """Return the sign against forged forms of a page, and that of a piece: each has its own."""
    found = [re.findall(r'csrfmiddlewaretoken" value="(\w+)', each) for each in (whole, piece)]
    return (found[0][-1], found[1][-1]) if all(found) else ("", "")


def test_a_large_audience_is_checked_when_it_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picking, "LOOKED_THROUGH_AT_ONCE", 0)
    monkeypatch.setattr(counting, "CONTACTS_PER_CHUNK", 2)
    monkeypatch.setattr(counting, "SECONDS_PER_LOOK", 0)
    workspace = make_workspace()
    make_contacts(workspace, 3)
    make_contacts(workspace, 2, first=3, agreed=False)
    broadcast = make_broadcast(workspace)
    address = reverse("broadcasts:findings", args=[workspace.pk, broadcast.pk])
    editor = member_of(workspace, Role.SENDER)

    shown = [_words(editor.get(address).content) for _look in range(4)]

    assert "Counting who gets it" in shown[0]
    assert "See what will happen, and send" not in shown[0]
    assert "2 of 5 contacts get no text." in shown[-1]
    assert "See what will happen, and send" in shown[-1]


def test_pausing_going_on_and_cancelling_are_audited() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 2)
    broadcast = start(make_broadcast(workspace), actor="test")
    editor = member_of(workspace, Role.SENDER)

    def press(action: str) -> str:
        address = reverse("broadcasts:act", args=[workspace.pk, broadcast.pk, action])
        assert editor.get(address).status_code == 405  # A GET never acts.
        assert editor.post(address).status_code == 302
        broadcast.refresh_from_db()
        return broadcast.state

    assert press("pause") == BroadcastState.PAUSED
    assert press("resume") == BroadcastState.PREPARING
    assert press("cancel") == BroadcastState.CANCELLED
    entries = history(workspace)[:3]
    assert [entry.action for entry in entries] == [
        f"broadcast.{word}" for word in ("cancelled", "resumed", "paused")
    ]
    assert all(entry.actor.startswith("user ") for entry in entries)


def test_what_is_not_possible_any_more_is_explained() -> None:
    workspace = make_workspace()
    broadcast = make_broadcast(workspace)

    answer = member_of(workspace).post(
        reverse("broadcasts:act", args=[workspace.pk, broadcast.pk, "pause"])
    )

    assert answer.status_code == 409
    assert "is draft" in _words(answer.content)


def test_a_broadcast_under_way_shows_its_report_and_cannot_be_rewritten() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 3)
    broadcast = prepare(make_broadcast(workspace))
    editor = member_of(workspace, Role.SENDER)

    page = editor.get(reverse("broadcasts:show", args=[workspace.pk, broadcast.pk]))
    compose = editor.get(reverse("broadcasts:compose", args=[workspace.pk, broadcast.pk]))

    assert "Waiting 3" in _words(page.content)
    assert "Nobody has tapped yet." in _words(page.content)
    assert compose.status_code == 302


def test_the_report_counts_people_apart_from_machines() -> None:
    world = make_world(recipients=4)
    Broadcast.objects.update(state=BroadcastState.SENT, started_at=NOON, finished_at=NOON)
    take_in(
        world.tap(0),
        world.tap(0, at=NOON + dt.timedelta(minutes=3)),
        world.tap(1, agent=PIXEL),
        world.tap(2, agent=WHATSAPP),
    )
    browser = member_of(world.workspace)

    live = browser.get(reverse("broadcasts:live", args=world.of))
    details = browser.get(reverse("broadcasts:details", args=world.of))
    words = _words(live.content)

    assert "People who tapped 2" in words
    assert "Their taps 3" in words
    assert "Link previews 1" in words
    assert "link preview," in words
    assert "verdict" not in words.lower()
    points = json.loads(html.unescape(re.findall(r'points="([^"]+)"', live.content.decode())[0]))
    assert sum(taps for _at, taps in points) == 3
    assert "https://www.example.com/menu 2 3" in _words(details.content)
    assert "phone 2 3" in _words(details.content)


def test_an_open_report_is_drawn_anew_only_where_there_is_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world(recipients=2)
    Broadcast.objects.update(state=BroadcastState.SENT, started_at=NOON, finished_at=NOON)
    browser, address = member_of(world.workspace), reverse("broadcasts:live", args=world.of)
    monkeypatch.setattr(news, "RENEWED_SECONDS", 1e9)

    def look(mark: str) -> tuple[int, str]:
        answer = browser.get(address, {"mark": mark})
        found = re.findall(r'name="mark" value="(\w+)"', answer.content.decode())
        return answer.status_code, found[0] if found else mark

    seen = [look("")]
    for change in (
        lambda: None,
        lambda: take_in(world.tap(0)),
        lambda: None,
        lambda: Message.objects.filter(pk=world.messages[1].pk).update(state="failed"),
        lambda: Broadcast.objects.update(state=BroadcastState.PAUSED),
        lambda: None,
    ):
        change()
        seen.append(look(seen[-1][1]))

    assert [status for status, _mark in seen] == [200, 204, 200, 204, 200, 200, 204]
    monkeypatch.setattr(news, "RENEWED_SECONDS", 1e-9)  # «2 minutes ago» is not for ever
    assert look(seen[-1][1])[0] == 200


def test_the_report_leads_from_the_audience_to_a_tap() -> None:
    world = make_world(recipients=4)
    Broadcast.objects.update(state=BroadcastState.SENT, started_at=NOON, finished_at=NOON)
    Message.objects.filter(pk=world.messages[3].pk).update(state="failed", accepted_at=NOON)
    take_in(world.tap(0), world.tap(1, at=NOON + dt.timedelta(hours=3)))

    page = _words(member_of(world.workspace).get(reverse("broadcasts:show", args=world.of)).content)

    assert page.split("From audience to tap")[1].startswith(
        " Recipients 4 Sent 4 100.0 % of the recipients Delivered 3 75.0 % of those sent"
        " People who tapped 2 66.7 % of those delivered"
    )
    assert "Half of them tapped within 5 minutes." in page
    assert "1 to 5 minutes 1" in page
    assert "1 to 6 hours 1" in page
    assert "2026-11-02 15:00 1" in page  # the chart as a table
    assert "12:00 1 1" in page  # on Mondays, and on all days
    assert "15:00 1 1" in page


def test_the_report_divides_people_by_place_and_names_whose_data_it_is() -> None:
    world = make_world(recipients=4)
    Broadcast.objects.update(state=BroadcastState.SENT, started_at=NOON, finished_at=NOON)
    browser = member_of(world.workspace)
    settings = config.current()
    take_in(world.tap(0), world.tap(1))
    before = _words(browser.get(reverse("broadcasts:details", args=world.of)).content)
    florida = {
        "country": {"iso_code": "US"},
        "subdivisions": [{"names": {"en": "Florida"}}],
        "city": {"names": {"en": "Miami"}},
    }
    path = path_of(PLACE_FILE, settings)
    write_mmdb(path, {"198.51.100.0/24": florida}, "DBIP-City-Lite")
    try:
        take_in(world.tap(2, address="198.51.100.7"))
        after = _words(browser.get(reverse("broadcasts:details", args=world.of)).content)
    finally:
        path.unlink()

    assert "Place unknown: nothing on this instance says where addresses are." in before
    assert "City" not in before
    assert "Country People Taps United States 1 1 unknown 2 2" in after
    assert "Miami, Florida, US 1 1 unknown 2 2" in after
    assert "IP Geolocation by DB-IP" in after
    assert "Place unknown" not in after


def test_who_tapped_and_who_did_not_are_lists_of_people() -> None:
    world = make_world(recipients=3)
    Broadcast.objects.update(state=BroadcastState.SENT, started_at=NOON)
    take_in(world.tap(1))
    browser = member_of(world.workspace, Role.VIEWER)

    tapped = browser.get(reverse("broadcasts:recipients", args=[*world.of, "tapped"]))
    rest = browser.get(reverse("broadcasts:recipients", args=[*world.of, "not-tapped"]))

    phones = [message.phone for message in world.messages]
    assert [phone in _words(tapped.content) for phone in phones] == [False, True, False]
    assert [phone in _words(rest.content) for phone in phones] == [True, False, True]


def test_a_tap_reads_as_people_would_tell_it() -> None:
    now = timezone.now()
    tap = RecentClick(
        id="x",
        clicked_at=now - dt.timedelta(seconds=2),
        message=1,
        contact=1,
        link=1,
        verdict="human",
        device="iPhone",
        os="iOS",
        browser="Mobile Safari",
        app="",
        device_kind="phone",
    )

    assert describe_tap(tap, now) == "iPhone, Safari, 2 s ago"


def test_a_report_says_that_a_link_fails_people_who_tap() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 1)
    broadcast = prepare(make_broadcast(workspace))
    link = Link.objects.get(in_broadcast__broadcast=broadcast)
    note_taps([link.pk])
    gone = Seen(hops=(Hop(link.destination, 404),))
    for _ in range(2):
        keep(link.destination, gone)

    for name in ("show", "failing"):
        shown = member_of(workspace).get(
            reverse(f"broadcasts:{name}", args=[workspace.pk, broadcast.pk])
        )
        assert "People tap, and reach no page." in shown.content.decode()


@pytest.mark.parametrize("number", ["²", "9" * 25])
def test_what_is_no_number_in_an_address_or_a_form_is_as_if_it_were_not_there(number: str) -> None:
    workspace = make_workspace()
    broadcast = make_broadcast(workspace)
    browser = member_of(workspace)

    def address(name: str, *more: int | str) -> str:
        return reverse(f"broadcasts:{name}", args=[workspace.pk, *more])

    new, recipients = address("new"), address("recipients", broadcast.pk, "all")
    asked = ((new, "segment"), (new, "after"), (new, "text"), (recipients, "after"))
    for page, field in (*asked, (address("compare"), "one")):
        assert browser.get(page, {field: number}).status_code == 200

    nobody = browser.post(address("test", broadcast.pk), {"contact": number})
    assert "Nobody is chosen for the test." in _words(nobody.content)
    kept = browser.post(address("keep"), FORM | {"draft": number})
    assert (kept.status_code, Broadcast.objects.count()) == (200, 2)
    wish = {"do": f"replace,text,{number},{number},x"}
    assert TEXT.split(",")[0] in _words(browser.post(new, FORM | wish).content)
