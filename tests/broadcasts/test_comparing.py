"""Two broadcasts side by side: the better one is named only where that is beyond chance."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse

from tapline.broadcasts.comparing import Outcome, difference, shares_so_far
from tapline.broadcasts.models import Broadcast, BroadcastState
from tapline.broadcasts.pages_compare import in_words
from tapline.intervals import Sample
from tapline.workspaces.models import Role
from tests.broadcasts.making import make_broadcast
from tests.clicks.world import NOON, make_world, take_in
from tests.web.browsing import member_of


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        ((100, 1_000), (200, 1_000), Outcome.BETTER),
        ((200, 1_000), (100, 1_000), Outcome.WORSE),
        ((100, 1_000), (105, 1_000), Outcome.ALIKE),
        ((0, 49), (49, 49), Outcome.TOO_FEW),
        ((0, 0), (500, 1_000), Outcome.TOO_FEW),
    ],
)
def test_what_can_be_said_of_two(
    one: tuple[int, int], other: tuple[int, int], outcome: Outcome
) -> None:
    assert difference(Sample(*one), Sample(*other)).outcome == outcome


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (200, "«B» did better: by 10.0 points, and likely by 6.9 to 13.1."),
        (20, "«A» did better: by 8.0 points, and likely by 6.0 to 10.1."),
        (105, "Nobody can tell which did better: the true difference lies anywhere between -2.2"),
    ],
)
def test_it_is_said_in_one_sentence_which_did_better(other: int, words: str) -> None:
    found = difference(Sample(100, 1_000), Sample(other, 1_000))

    assert in_words(found, "A", "B").startswith(words)


def test_shares_are_added_up_over_time() -> None:
    assert shares_so_far([1, 2, 1]) == [0.25, 0.75, 1.0]
    assert shares_so_far([0, 0]) == []


@pytest.mark.django_db
def test_the_page_shows_both_and_takes_only_what_was_sent_here() -> None:
    world, elsewhere = make_world(recipients=4), make_world(recipients=1)
    Broadcast.objects.update(state=BroadcastState.SENT, started_at=NOON, finished_at=NOON)
    draft = make_broadcast(world.workspace, name="Draft")
    second = Broadcast.objects.create(
        workspace=world.workspace, name="December", state="sent", created_by="test"
    )
    take_in(world.tap(0), world.tap(1))
    browser = member_of(world.workspace, Role.VIEWER)

    def page(**chosen: int) -> str:
        shown = browser.get(reverse("broadcasts:compare", args=[world.workspace.pk]), chosen)
        assert shown.status_code == 200
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", shown.content.decode())))

    both = page(one=world.broadcast.pk, other=second.pk)
    assert "Click rate 50.0 % 0.0 %" in both
    assert "People who tapped 2 0" in both
    assert "Too few texts arrived" in both
    for other in (draft.pk, elsewhere.broadcast.pk, 10**9):
        assert "Click rate" not in page(one=world.broadcast.pk, other=other)
    twice = page(one=world.broadcast.pk, other=world.broadcast.pk)
    assert "That is the same broadcast twice" in twice
    assert "Click rate" not in twice
