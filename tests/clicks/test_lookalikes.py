from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import math
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tapline import config
from tapline.broadcasts.models import Message
from tapline.broadcasts.reports import build_report
from tapline.clicks import second_look
from tapline.clicks.lookalikes import Lookalikes, measure, upper_count, upper_share
from tapline.contacts.models import Contact
from tests.clicks.world import WHATSAPP, World, elsewhere, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)

ASSUMED = 0.005  # the setting's default


@pytest.mark.parametrize(
    ("yes", "no", "most"),
    # Where the Beta distribution has a quantile in closed form, or tables tell it.
    [
        (1, 1, 0.95),
        (1, 9, 1 - 0.05 ** (1 / 9)),
        (3, 1, 0.95 ** (1 / 3)),
        (0.5, 0.5, 0.99384),
        (2, 8, 0.42914),
    ],
)
def test_an_upper_share_is_the_quantile_of_a_beta_distribution(
    yes: float, no: float, most: float
) -> None:
    assert upper_share(yes, no) == pytest.approx(most, abs=0.0005)


def test_without_seed_contacts_the_assumption_stands_and_they_replace_it() -> None:
    assert Lookalikes(0, 0, ASSUMED).most == pytest.approx(0.0192, abs=0.0005)
    assert Lookalikes(20, 0, ASSUMED).most < Lookalikes(0, 0, ASSUMED).most
    assert Lookalikes(1000, 0, ASSUMED).most < 0.002
    assert 0.05 < Lookalikes(1000, 50, ASSUMED).most < 0.065
    assert Lookalikes(0, 0, 0.0).most == 0
    assert Lookalikes(3, 3, 0.0).most < 0.2, "three phones are too few to damn all of them"


@given(
    seeds=st.integers(0, 2000),
    share=st.floats(0, 1),
    assumed=st.floats(0, 1),
    people=st.integers(0, 10_000),
    untapped=st.integers(0, 10_000),
)
@example(seeds=0, share=0.0, assumed=1 - 2**-53, people=0, untapped=64)
def test_what_is_certain_is_never_more_than_what_was_counted(
    seeds: int, share: float, assumed: float, people: int, untapped: int
) -> None:
    known = Lookalikes(seeds, seeds * share, assumed)
    least = known.people_at_least(people, people + untapped)
    assert 0 <= known.most <= 1
    assert 0 <= least <= people


@pytest.mark.parametrize("texts", [1, 5, 60, 200])
@pytest.mark.parametrize(("yes", "no"), [(0.5, 99.5), (1, 19), (7.5, 993.0), (3, 0.7)])
def test_an_upper_count_is_the_quantile_of_a_beta_binomial(
    texts: int, yes: float, no: float
) -> None:
    chances = [
        math.comb(texts, count)
        * math.exp(log_beta(yes + count, no + texts - count) - log_beta(yes, no))
        for count in range(texts + 1)
    ]
    below = list(itertools.accumulate(chances))
    expected = next(count for count, chance in enumerate(below) if chance >= 0.95)
    assert upper_count(texts, yes, no) == expected


def log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)


def test_of_a_few_texts_none_is_taken_off_and_of_many_the_share() -> None:
    known = Lookalikes(0, 0, ASSUMED)
    assert known.people_at_least(3, 8) == 3
    assert known.people_at_least(0, 1000) == 0
    assert 1_000_000 * known.most * 0.99 < 300_000 - known.people_at_least(300_000, 1_300_000)


def test_fewer_texts_than_people_take_nothing_off() -> None:
    """A receipt may still be on its way when the tap is there."""
    assert Lookalikes(0, 0, ASSUMED).people_at_least(5, 3) == 5


# --- what seed contacts measure -------------------------------------------------------------------


def make_seeds(world: World, count: int) -> None:
    contacts = [message.contact_id or 0 for message in world.messages[:count]]
    Contact.objects.filter(pk__in=contacts).update(is_canary=True)


def test_what_only_a_seeds_role_tells_from_a_person_is_measured() -> None:
    world = elsewhere(make_world(10))
    make_seeds(world, 4)
    take_in(world.tap(0, address="198.51.7.9"), world.tap(1, agent=WHATSAPP, address="198.51.8.9"))

    second_look.look_again()

    assert measure(world.workspace.pk) == Lookalikes(4, 1.0, ASSUMED)


def test_a_seeds_texts_are_one_case_however_many_they_are() -> None:
    world = elsewhere(make_world(4))
    make_seeds(world, 1)
    Message.objects.filter(position=1).update(contact=world.messages[0].contact_id)
    take_in(world.tap(0, address="198.51.7.9"))
    second_look.look_again()
    assert measure(world.workspace.pk) == Lookalikes(1, 0.5, ASSUMED)


@pytest.mark.parametrize("change", [{"state": "failed"}, {"submitted_at": None}])
def test_texts_that_never_came_measure_nothing(change: dict[str, object]) -> None:
    world = elsewhere(make_world(4))
    make_seeds(world, 2)
    Message.objects.filter(position=0).update(**change)
    assert measure(world.workspace.pk).seeds == 1


def test_old_texts_tests_and_other_workspaces_measure_nothing() -> None:
    world, other = elsewhere(make_world(4)), make_world(2, is_test=True)
    make_seeds(world, 2)
    make_seeds(other, 2)
    long_ago = world.messages[0].submitted_at or dt.datetime.now(dt.UTC)
    Message.objects.filter(pk=world.messages[0].pk).update(
        submitted_at=long_ago - dt.timedelta(days=700)
    )
    assert (measure(world.workspace.pk).seeds, measure(other.workspace.pk).seeds) == (1, 0)


def test_judging_afresh_measures_the_same() -> None:
    world = elsewhere(make_world(6))
    make_seeds(world, 3)
    take_in(*(world.tap(number, address=f"198.51.{number}.9") for number in (0, 2, 4)))
    second_look.look_again()
    before = measure(world.workspace.pk)
    second_look.rejudge()
    assert measure(world.workspace.pk) == before == Lookalikes(3, 2.0, ASSUMED)


def test_a_look_that_was_killed_before_it_measured_is_made_up_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = elsewhere(make_world(6))
    make_seeds(world, 3)
    take_in(world.tap(0, address="198.51.7.9"))
    killed = mock.Mock(side_effect=KeyboardInterrupt)
    with monkeypatch.context() as patched:
        patched.setattr(second_look, "note_seed_openings", killed)
        with pytest.raises(KeyboardInterrupt):
            second_look.look_again()
    assert measure(world.workspace.pk) == Lookalikes(3, 0, ASSUMED)

    second_look.look_again()

    assert measure(world.workspace.pk) == Lookalikes(3, 1.0, ASSUMED)


def test_a_report_takes_them_off_the_lower_end_of_its_range() -> None:
    world = elsewhere(make_world(200))
    make_seeds(world, 20)
    take_in(*(world.tap(number, address=f"198.51.{number}.9") for number in range(100, 140)))
    second_look.look_again()

    report = build_report(world.broadcast)

    most = Lookalikes(20, 0, ASSUMED).most
    assert (report.human_clickers, report.people_at_most) == (40, 40)
    assert report.people_at_least == Lookalikes(20, 0, ASSUMED).people_at_least(40, 200) < 40
    assert (report.click_rate, report.click_rate_low) == (0.2, report.people_at_least / 200)
    assert (report.lookalike_seeds, report.lookalike_share) == (20, most)


def test_who_assumes_none_gets_none_until_seeds_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = dataclasses.replace(config.current(), lookalike_percent=0.0)
    monkeypatch.setattr(config, "current", lambda: settings)
    world = elsewhere(make_world(10))
    take_in(world.tap(4))
    assert build_report(world.broadcast).people_at_least == 1
