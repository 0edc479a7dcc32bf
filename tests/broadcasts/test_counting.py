"""Before a broadcast is sent its audience is counted: who gets a text, who does not and why."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from tapline.broadcasts import counting, nth, picking
from tapline.broadcasts.composing import preview
from tapline.broadcasts.counting import Counted, count_again, count_audience
from tapline.broadcasts.models import AudienceCount, Broadcast, LeftOut, Message
from tapline.broadcasts.reach import Reach, cost_of
from tapline.contacts.consent import opt_out
from tapline.contacts.models import Contact, Tag
from tapline.contacts.questions import Question, read_question
from tapline.contacts.segments import change_segment, create_segment
from tapline.providers.prices import PriceList
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import (
    ACTOR,
    TEXT,
    make_broadcast,
    make_contacts,
    make_workspace,
    prepare,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def _in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done for a million contacts is done for a dozen, two at a time."""
    monkeypatch.setattr(picking, "LOOKED_THROUGH_AT_ONCE", 0)
    monkeypatch.setattr(counting, "CONTACTS_PER_CHUNK", 2)


def _mixed_audience(workspace: Workspace) -> Broadcast:
    make_contacts(workspace, 3, city="Bonn")
    make_contacts(workspace, 2, first=3)  # their city is not known
    make_contacts(workspace, 4, first=5, agreed=False)
    gone = make_contacts(workspace, 1, first=9, city="Ulm")[0]
    opt_out(gone.phone, scope=workspace, reason="reply", at=timezone.now(), by=ACTOR)
    return make_broadcast(workspace, text="{{ city }}: https://www.example.com/menu")


def _lives_in(city: str) -> Question:
    condition = {"kind": "attribute", "name": "city", "value": city}
    return read_question({"groups": [{"match": "all", "conditions": [condition]}]})


def _to_its_end(broadcast: Broadcast, *, with_text: bool = True) -> Counted:
    for _look in range(50):
        counted = count_audience(broadcast, with_text=with_text, seconds=0)
        if counted.is_whole:
            return counted
    raise AssertionError("counting does not come to an end")


def _assert_as_prepared(broadcast: Broadcast, reach: Reach) -> None:
    prepare(broadcast)
    left_out = LeftOut.objects.filter(broadcast=broadcast).values_list("reason", "count")
    assert dict(reach.left_out) == dict(left_out)
    assert reach.texts == Message.objects.filter(broadcast=broadcast).count()


def test_who_is_left_out_and_why_is_what_preparing_finds(workspace: Workspace) -> None:
    broadcast = _mixed_audience(workspace)

    counted = count_audience(broadcast, with_text=False)

    assert counted.is_whole
    assert counted.reach.contacts == 10
    assert counted.reach.left_out == {"no_consent": 4, "missing_field": 2, "opted_out": 1}
    _assert_as_prepared(broadcast, counted.reach)


@pytest.mark.usefixtures("_in_small_pieces")
def test_piece_by_piece_it_comes_to_the_same_and_says_how_far_it_is(workspace: Workspace) -> None:
    broadcast = _mixed_audience(workspace)

    first = count_audience(broadcast, with_text=True, seconds=0)
    assert not first.is_whole
    assert 0 < first.percent < 100
    assert first.reach.contacts == 2

    whole = _to_its_end(broadcast)
    assert whole.percent == 100
    assert whole.reach.left_out == {"no_consent": 4, "missing_field": 2, "opted_out": 1}
    assert whole.reach.parts == {1: 3}
    _assert_as_prepared(broadcast, whole.reach)


@pytest.mark.usefixtures("_in_small_pieces")
def test_a_whole_count_is_told_again_until_it_is_old(workspace: Workspace) -> None:
    broadcast = _mixed_audience(workspace)
    whole = _to_its_end(broadcast)
    make_contacts(workspace, 1, first=30, city="Köln")

    again = count_audience(broadcast, with_text=True)
    assert (again.reach, again.at) == (whole.reach, whole.at)

    later = timezone.now() + counting.FRESH_FOR + dt.timedelta(seconds=1)
    anew = count_audience(broadcast, with_text=True, now=later, seconds=5)
    assert anew.reach.texts == whole.reach.texts + 1


@pytest.mark.usefixtures("_in_small_pieces")
def test_somebody_can_ask_for_another_count(workspace: Workspace) -> None:
    broadcast = _mixed_audience(workspace)
    _to_its_end(broadcast)
    make_contacts(workspace, 1, first=30, city="Köln")

    count_again(broadcast, with_text=True)

    assert _to_its_end(broadcast).reach.texts == 4


@pytest.mark.usefixtures("_in_small_pieces")
def test_every_question_has_a_count_of_its_own(workspace: Workspace) -> None:
    broadcast = _mixed_audience(workspace)
    _to_its_end(broadcast)
    broadcast.text = TEXT
    assert _to_its_end(broadcast).reach.texts == 5
    Tag.objects.create(workspace=workspace, name="vip").contacts.set(Contact.objects.all()[:2])
    broadcast.audience = {"tags": ["vip"]}
    assert _to_its_end(broadcast).reach.texts == 2


@pytest.mark.usefixtures("_in_small_pieces")
def test_a_segment_that_asks_something_else_is_counted_anew(workspace: Workspace) -> None:
    make_contacts(workspace, 3, city="Bonn")
    make_contacts(workspace, 2, first=3, city="Ulm")
    segment = create_segment(workspace, "Bonn", _lives_in("Bonn"), actor=ACTOR)
    broadcast = make_broadcast(workspace, text=TEXT, audience={"segment": segment.pk})
    assert _to_its_end(broadcast).reach.texts == 3

    change_segment(segment, "Ulm", _lives_in("Ulm"), actor=ACTOR)

    assert _to_its_end(broadcast).reach.texts == 2


@pytest.mark.usefixtures("_in_small_pieces")
def test_what_was_sent_to_a_segment_can_still_be_looked_at(workspace: Workspace) -> None:
    make_contacts(workspace, 2, city="Bonn")
    segment = create_segment(workspace, "Bonn", _lives_in("Bonn"), actor=ACTOR)
    broadcast = prepare(make_broadcast(workspace, audience={"segment": segment.pk}))

    assert preview(broadcast, 1).text.startswith("Hi N1")
    assert _to_its_end(broadcast).reach.texts == 2


@pytest.mark.usefixtures("_in_small_pieces")
def test_old_counts_are_forgotten_and_strangers_are_not_counted(workspace: Workspace) -> None:
    _to_its_end(_mixed_audience(workspace))
    long_ago = timezone.now() - counting.KEPT_FOR - dt.timedelta(minutes=1)
    AudienceCount.objects.update(started_at=long_ago, finished_at=long_ago)
    other = Workspace.objects.create(name="Stranger", path="/900/")
    make_contacts(other, 4, first=40)

    whole = _to_its_end(make_broadcast(workspace, text=TEXT))

    assert whole.reach.contacts == 10
    assert AudienceCount.objects.count() == 1


def test_parts_and_cost_are_exact_for_every_recipient(workspace: Workspace) -> None:
    make_contacts(workspace, 2, offer="x" * 100)
    make_contacts(workspace, 1, first=2, offer="x" * 150)
    make_contacts(workspace, 1, first=3, offer="ж" * 60)
    broadcast = make_broadcast(workspace, text="{{ offer }} https://www.example.com/menu")

    reach = count_audience(broadcast, with_text=True).reach
    cost = cost_of(reach, PriceList({"US": Decimal("0.01")}, Decimal("0.05"), "USD"))

    assert reach.parts == {1: 2, 2: 2}
    assert reach.billed_parts == 6
    assert reach.countries.total() == 4
    assert cost.amount == sum(
        parts * (Decimal("0.01") if country == "US" else Decimal("0.05"))
        for country, parts in reach.country_parts.items()
    )


def test_texts_without_a_price_are_named_by_their_country() -> None:
    reach = Reach()
    reach.countries.update({"US": 10, "DE": 4})
    reach.country_parts.update({"US": 20, "DE": 4})

    cost = cost_of(reach, PriceList({"US": Decimal("0.01")}, None, "USD"))

    assert (cost.amount, dict(cost.unpriced)) == (Decimal("0.20"), {"DE": 4})
    assert cost_of(reach, PriceList({"US": Decimal("0.01")}), 1.5).amount == Decimal("0.15")


@pytest.mark.usefixtures("_in_small_pieces")
def test_recipient_n_is_found_in_a_large_workspace_before_and_after_the_count(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nth, "IDS_PER_STEP", 2)
    make_contacts(workspace, 3, agreed=False)
    make_contacts(workspace, 9, first=3)
    broadcast = make_broadcast(workspace, text=TEXT)

    before = [preview(broadcast, n).text.split(",")[0] for n in range(10)]
    _to_its_end(broadcast, with_text=False)
    after = [preview(broadcast, n).text.split(",")[0] for n in range(10)]

    assert before == after == [f"Hi N{number}" for number in range(3, 12)] + ["Hi there"]


@pytest.mark.usefixtures("_in_small_pieces")
def test_who_lies_too_far_behind_is_found_when_the_count_came_there(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_contacts(workspace, 9)
    broadcast = make_broadcast(workspace, text=TEXT)
    monkeypatch.setattr(nth, "IDS_PER_STEP", 2)
    monkeypatch.setattr(nth, "SECONDS_PER_LOOK", -1)  # no time at all

    assert preview(broadcast, 7).contact is None
    _to_its_end(broadcast, with_text=False)
    monkeypatch.setattr(nth, "SECONDS_PER_LOOK", 0.1)
    monkeypatch.setattr(nth, "IDS_PER_STEP", 1)
    marks = AudienceCount.objects.get().marks

    assert marks[-1][1] == 9
    assert preview(broadcast, 7).text.startswith("Hi N7")
