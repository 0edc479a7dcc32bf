"""One contact's history: everything in order of time, the newest first, a page at a time."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tapline.broadcasts.models import Message
from tapline.contacts.consent import opt_out, record_consent
from tapline.contacts.history import Kind, read_history
from tapline.contacts.models import Consent, Contact
from tapline.contacts.roles import ContactRole, change_role
from tapline.contacts.telling import way_in_words
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import (
    Clock,
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_workspace,
    prepare,
)
from tests.clicks.world import NOON, WHATSAPP, make_world, take_in
from tests.replies.making import write
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _busy_contact(workspace: Workspace) -> Contact:
    """Return somebody who agreed, got a text, tapped, wrote, was marked and opted out."""
    (contact,) = make_contacts(workspace, 1)
    Contact.objects.filter(pk=contact.pk).update(created_at=timezone.now() - dt.timedelta(days=9))
    prepare(make_broadcast(workspace))
    make_sender(StandIn(), Clock(timezone.now() - dt.timedelta(hours=2))).send_next()
    Message.objects.update(first_human_click_at=timezone.now() - dt.timedelta(hours=1))
    write("Open on Sunday?", at=timezone.now() - dt.timedelta(minutes=5))
    change_role(workspace, contact.pk, ContactRole.STAFF, actor="command line")
    opt_out(contact.phone, scope=workspace, reason="letter", at=timezone.now(), by="test")
    contact.refresh_from_db()
    return contact


def _text(page: bytes) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.decode())))


def test_everything_is_told_with_the_newest_first(workspace: Workspace) -> None:
    contact = _busy_contact(workspace)

    moments = read_history(contact).moments

    assert [each.at for each in moments] == sorted((m.at for m in moments), reverse=True)
    kinds = {each.kind for each in moments}
    assert kinds == set(Kind) - {Kind.ANSWER, Kind.IMPORT}
    (change,) = (each for each in moments if each.kind == Kind.CHANGE)
    assert change.facts == ("Counts as: a recipient → one of us", "by command line")


def test_an_opt_out_is_one_sentence_that_says_how_and_who_wrote_it_down(
    workspace: Workspace,
) -> None:
    contact = _busy_contact(workspace)

    moments = read_history(contact).moments

    (stop,) = (each for each in moments if each.is_bad)
    assert (stop.kind, stop.what) == (Kind.OPT_OUT, "Opted out of all texts")
    assert stop.facts == ("told by: letter", "by test")
    assert Consent.objects.filter(contact=contact, given=False).count() == 2  # one each purpose


def test_an_opt_out_that_ended_says_when(workspace: Workspace) -> None:
    contact = _busy_contact(workspace)
    later = timezone.now()

    for purpose in ("marketing", "service"):
        record_consent(
            [contact],
            scope=workspace,
            purpose=purpose,
            given=True,
            wording="Text me again.",
            source="form",
            evidence={},
            at=later,
            by="worker",
        )

    told = read_history(contact).moments
    stops = [each for each in told if each.kind == Kind.OPT_OUT]
    assert not [each for each in told if each.is_bad]
    assert all("until they agreed again" in " ".join(each.facts) for each in stops)
    assert ("on a sign-up form",) in [each.facts for each in told if each.kind == Kind.CONSENT]


def test_times_are_by_the_workspaces_clock_which_the_page_names(workspace: Workspace) -> None:
    (contact,) = make_contacts(workspace, 1)
    Workspace.objects.update(zone="Asia/Tokyo")
    late = dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)  # the morning after, over there
    Contact.objects.filter(pk=contact.pk).update(created_at=late)
    address = reverse("contacts:show", args=[workspace.pk, contact.pk])

    page = _text(member_of(workspace).get(address).content)

    assert "Times by the clock of Asia/Tokyo." in page
    assert "March 2, 2026 07:30 Became a contact" in page


@pytest.mark.parametrize("source", ["api", "form", "import", "keyword", "page", "provider"])
def test_no_way_is_told_by_its_internal_name(source: str) -> None:
    assert way_in_words(source) not in ("", source)
    assert "told by:" not in way_in_words(source)


def test_pages_hold_everything_once_however_much_happens_at_one_moment(
    workspace: Workspace,
) -> None:
    contact = _busy_contact(workspace)
    at = timezone.now() - dt.timedelta(hours=3)
    for number in range(4):
        write(f"Text {number}", at=at)
    Message.objects.update(first_human_click_at=at, submitted_at=at)
    everything = [(each.kind, each.pk) for each in read_history(contact).moments]

    paged, mark = [], None
    for _ in range(len(everything)):
        page = read_history(contact, mark, limit=1)
        paged += [(each.kind, each.pk) for each in page.moments]
        mark = page.older

    assert paged == everything
    assert mark is None


def test_the_page_says_it_in_words_and_pages_by_its_place(workspace: Workspace) -> None:
    contact = _busy_contact(workspace)
    address = reverse("contacts:show", args=[workspace.pk, contact.pk])
    for number in range(20):
        write(f"Older text {number}", at=timezone.now() - dt.timedelta(days=1, minutes=number))
    browser = member_of(workspace)

    first = browser.get(address)
    (older,) = re.findall(r'href="(\S+\?before=\S+)#history"', first.content.decode())
    second = browser.get(older)

    assert "They wrote Open on Sunday?" in _text(first.content)
    assert "Became a contact" not in _text(first.content)
    assert "Became a contact" in _text(second.content)
    assert "Open on Sunday?" not in _text(second.content)
    assert browser.get(address + "?before=nonsense").status_code == 200


def test_no_question_walks_over_other_people(workspace: Workspace) -> None:
    contact = _busy_contact(workspace)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        read_history(contact)

    plans = []
    with connection.cursor() as cursor:
        for each in asked.captured_queries:
            if each["sql"].lower().startswith("select"):
                cursor.execute("explain query plan " + each["sql"])
                plans += [f"{row[3]}" for row in cursor.fetchall()]
    assert not [line for line in plans if line.startswith("SCAN")]
    assert not [line for line in plans if "message_tapped" in line]


def test_a_tap_says_why_it_counts_and_a_text_what_machines_opened() -> None:
    world = make_world(1)
    message = world.messages[0]
    Message.objects.filter(pk=message.pk).update(submitted_at=NOON - dt.timedelta(minutes=5))
    take_in(
        world.tap(0, at=NOON + dt.timedelta(minutes=3)),
        world.tap(0, at=NOON, agent=WHATSAPP, address="198.51.100.7"),
    )
    assert message.contact is not None

    told = {each.kind: each.opened for each in read_history(message.contact).moments}

    (tap,) = told[Kind.TAP]
    assert tap.why == "Nothing speaks against a person."
    assert tap.facts.startswith("Nov. 2, 2026, 12:03 · iPhone, iOS, Mobile Safari · https://")
    (preview,) = told[Kind.TEXT]
    assert (preview.counts_as, preview.why) == ("a link preview", "It calls itself WhatsApp.")
