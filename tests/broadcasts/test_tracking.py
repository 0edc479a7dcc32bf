"""Texts that another system sends come back with tracked links, all or none."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapline.broadcasts.models import Broadcast, BroadcastLink, Message
from tapline.broadcasts.tracked_links import MAX_SHARED, DestinationReader
from tapline.broadcasts.tracking import (
    BadText,
    BadTexts,
    Tracked,
    Untracked,
    track,
    tracked_broadcast,
)
from tapline.codes.alphabet import is_code
from tapline.contacts.models import Consent, Contact
from tapline.errors import Conflict
from tapline.links.changing import disable
from tapline.links.codebook import load_codebook
from tapline.links.domains import create_domain
from tapline.links.models import Campaign, CodeRange, Link, LinkKind
from tapline.texts.links import find_links
from tapline.workspaces.api_keys import create_api_key
from tapline.workspaces.idempotency import Attempt, AttemptOvertaken, begin
from tapline.workspaces.models import IdempotentRequest, Workspace
from tapline.workspaces.tree import create_workspace

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "https://go.example.com"


@pytest.fixture
def workspace() -> Workspace:
    workspace = create_workspace("Casa Verde")
    create_domain(workspace, BASE, proved=True, actor="test")
    return workspace


@pytest.fixture
def broadcast(workspace: Workspace) -> Broadcast:
    return tracked_broadcast(workspace, "Reminders", actor="test")


def _phone(number: int) -> str:
    """Return one of the 80,000 numbers that are reserved for fiction."""
    return f"+1{200 + number // 100}55501{number % 100:02}"


def _track(broadcast: Broadcast, *texts: str) -> list[Tracked]:
    asked = [Untracked(to=_phone(i), text=text) for i, text in enumerate(texts)]
    return track(broadcast.workspace, asked, broadcast=broadcast, actor="test")


def test_a_text_comes_back_with_a_link_of_its_own(broadcast: Broadcast) -> None:
    (tracked,) = _track(broadcast, "See https://example.com/menu today.")

    (link,) = tracked.links
    assert tracked.text == f"See {link.url} today."
    assert link.url == f"{BASE}/{link.code}"
    assert is_code(link.code)
    assert link.destination == "https://example.com/menu"
    assert tracked.parts == 1


def test_the_message_is_kept_as_external_with_its_recipient(broadcast: Broadcast) -> None:
    asked = [Untracked(to="(212) 555-0123", text="Hello example.com", reference="order 7")]

    (tracked,) = track(broadcast.workspace, asked, broadcast=broadcast, actor="test")

    message = Message.objects.get(pk=tracked.message_id)
    assert message.state == "external"
    assert message.phone == tracked.to == "+12125550123"
    assert message.reference == "order 7"
    assert message.text == tracked.text
    assert message.contact is not None
    assert message.contact.phone == "+12125550123"
    assert not Consent.objects.filter(contact=message.contact).exists()


def test_answers_keep_the_order_of_the_call(broadcast: Broadcast) -> None:
    pages = ["https://example.com/z", "https://example.com/a"] * 5

    answers = _track(broadcast, *[f"{i}: {page}" for i, page in enumerate(pages)])

    assert [answer.links[0].destination for answer in answers] == pages
    assert [answer.to for answer in answers] == [_phone(i) for i in range(10)]
    assert all(answer.text.startswith(f"{i}: {BASE}/") for i, answer in enumerate(answers))


def test_each_code_leads_to_its_destination_and_position(broadcast: Broadcast) -> None:
    answers = _track(broadcast, *["https://example.com/a", "https://example.com/b"] * 20)

    for answer in answers:
        message = Message.objects.get(pk=answer.message_id)
        link = Link.objects.get(
            destination=answer.links[0].destination, in_broadcast__broadcast=broadcast
        )
        assert load_codebook([link.pk]).codes(link.pk, [message.position]) == [answer.links[0].code]
    assert len({answer.links[0].code for answer in answers}) == 40


def test_texts_with_the_same_link_share_one_range(broadcast: Broadcast) -> None:
    _track(broadcast, *["https://example.com/a", "https://example.com/b"] * 20)

    assert CodeRange.objects.count() == 2


def test_a_later_call_uses_the_same_link_again(broadcast: Broadcast) -> None:
    (first,) = _track(broadcast, "https://example.com/a")
    (second,) = _track(broadcast, "https://example.com/a")

    assert BroadcastLink.objects.count() == 1
    assert first.links[0].code != second.links[0].code


def test_an_address_written_twice_is_written_alike_twice(broadcast: Broadcast) -> None:
    (tracked,) = _track(broadcast, "example.com/a or https://example.com/a")

    (link,) = tracked.links
    assert tracked.text == f"{link.url} or {link.url}"


def test_many_destinations_of_one_text_each_become_personal_links(broadcast: Broadcast) -> None:
    answers = _track(
        broadcast, *[f"Your order: https://example.com/orders?id={i}" for i in range(60)]
    )

    assert BroadcastLink.objects.count() == 1
    assert Link.objects.filter(kind=LinkKind.PERSONAL).count() == 60
    for answer in answers:
        position = Message.objects.get(pk=answer.message_id).position
        personal = Link.objects.get(kind=LinkKind.PERSONAL, destination=answer.links[0].destination)
        (held,) = CodeRange.objects.filter(link=personal)
        assert (held.first_position, held.count) == (position, 1)
        book = load_codebook([personal.parent_id or 0], first_position=position)
        assert book.codes(personal.parent_id or 0, [position]) == [answer.links[0].code]


def test_a_broadcast_does_not_gather_more_shared_links_than_a_report_can_show(
    broadcast: Broadcast,
) -> None:
    pages = [f"https://example.com/{i}" for i in range(MAX_SHARED + 5)]

    _track(broadcast, *(pages * 2))

    shared = BroadcastLink.objects.filter(link__kind=LinkKind.SHARED)
    assert shared.count() == MAX_SHARED
    assert Link.objects.filter(kind=LinkKind.PERSONAL).count() == 10


def test_a_text_without_links_is_a_message_all_the_same(broadcast: Broadcast) -> None:
    (tracked,) = _track(broadcast, "See you at 10.am")

    assert tracked.text == "See you at 10.am"
    assert tracked.links == []
    assert Message.objects.count() == 1


def test_one_bad_text_refuses_the_call_and_every_bad_one_is_named(broadcast: Broadcast) -> None:
    asked = [
        Untracked(to="+12125550100", text="Fine: https://example.com"),
        Untracked(to="12", text="A bad number"),
        Untracked(to="+12125550101", text=""),
        Untracked(to="+12125550102", text=f"Round in circles: {BASE}/sale"),
        Untracked(to="+12125550103", text="x" * 1601),
        Untracked(to="+12125550104", text="https://user@example.com/"),
    ]

    with pytest.raises(BadTexts) as refused:
        track(broadcast.workspace, asked, broadcast=broadcast, actor="test")

    assert [item["index"] for item in refused.value.items] == [1, 2, 3, 4, 5]
    assert all(item["what"] and item["why"] and item["do"] for item in refused.value.items)
    assert not Message.objects.exists()
    assert not Contact.objects.exists()
    assert not Link.objects.exists()


@pytest.mark.parametrize("count", [0, 10_001])
def test_a_call_has_one_to_ten_thousand_texts(broadcast: Broadcast, count: int) -> None:
    with pytest.raises(BadText, match=f"{count:,}"):
        _track(broadcast, *["hello"] * count)


def test_a_link_that_somebody_stopped_is_not_made_again(broadcast: Broadcast) -> None:
    _track(broadcast, "https://example.com/a")
    disable(Link.objects.get(), actor="test")

    with pytest.raises(BadTexts, match="disabled"):
        _track(broadcast, "https://example.com/a")


def test_a_broadcast_is_found_again_by_its_name(workspace: Workspace) -> None:
    first = tracked_broadcast(workspace, "Reminders", actor="test")

    assert tracked_broadcast(workspace, "Reminders", actor="test") == first
    assert tracked_broadcast(workspace, "", actor="test") != first


def test_a_broadcast_does_not_change_its_campaign_by_being_named(workspace: Workspace) -> None:
    tracked_broadcast(workspace, "Reminders", actor="test")
    spring = Campaign.objects.create(workspace=workspace, name="Spring")

    with pytest.raises(Conflict, match="begun without campaign"):
        tracked_broadcast(workspace, "Reminders", campaign=spring, actor="test")


def test_two_calls_at_once_agree_on_broadcast_links_and_contacts(workspace: Workspace) -> None:
    start = threading.Barrier(2)

    def call() -> list[Tracked]:
        start.wait(timeout=10)
        try:
            broadcast = tracked_broadcast(workspace, "Reminders", actor="test")
            return _track(broadcast, *["https://example.com/a"] * 50)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(call) for _ in range(2)]
        answers = [each.result(timeout=30) for each in calls]

    codes = [answer.links[0].code for call in answers for answer in call]
    assert len(set(codes)) == 100
    assert Broadcast.objects.count() == BroadcastLink.objects.count() == 1
    assert Contact.objects.count() == 50
    positions = Message.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(100))


def _attempt(workspace: Workspace) -> Attempt:
    key, _ = create_api_key(workspace, "test", ["track:write"])
    attempt = begin(key, "call 1", "hash", timezone.now())
    assert isinstance(attempt, Attempt)
    return attempt


def test_what_a_dead_attempt_had_written_is_taken_back(broadcast: Broadcast) -> None:
    died = _attempt(broadcast.workspace)
    asked = [Untracked(to="+12125550100", text="https://example.com/a")]
    track(broadcast.workspace, asked, broadcast=broadcast, actor="test", attempt=died)

    row = IdempotentRequest.objects.get()
    again = Attempt(row.pk, row.attempt, dict(row.made))
    (answer,) = track(broadcast.workspace, asked, broadcast=broadcast, actor="test", attempt=again)

    assert [message.pk for message in Message.objects.all()] == [answer.message_id]


def test_an_attempt_that_was_overtaken_writes_nothing(broadcast: Broadcast) -> None:
    slow = _attempt(broadcast.workspace)
    IdempotentRequest.objects.update(attempt="somebody else")

    with pytest.raises(AttemptOvertaken):
        track(
            broadcast.workspace,
            [Untracked(to="+12125550100", text="https://example.com/a")],
            broadcast=broadcast,
            actor="test",
            attempt=slow,
        )

    assert not Message.objects.exists()


PIECES = st.sampled_from(
    [
        "https://example.com/menu",
        "http://example.org/?a=1&b=2#c",
        "example.net",
        "www.example.com/ä",
        "(https://example.com/x_(y))",
        "{{ first_name }}",
        "10.am",
        "me@example.com",
        "ftp://example.com",
        "…",
        "👋🏽",
        " ",
        "\n",
        ".",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=12)), min_size=1, max_size=12).map("".join)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=TEXTS.filter(lambda text: text.strip() and "\x00" not in text))
def test_exactly_the_links_are_replaced_and_nothing_else(broadcast: Broadcast, text: str) -> None:
    found = find_links(text)
    try:
        (tracked,) = _track(broadcast, text)
    except BadTexts:
        # Found as a link, but no phone could open it: refused rather than sent untracked.
        assert found
        return

    rebuilt, end = "", 0
    by_destination = {link.destination: link.url for link in tracked.links}
    reader = DestinationReader([], {})
    for link, destination in zip(found, reader.read(text).destinations, strict=True):
        rebuilt += text[end : link.start] + by_destination[destination]
        end = link.end
    assert tracked.text == rebuilt + text[end:]
    assert len(tracked.links) == len(set(reader.read(text).destinations))
