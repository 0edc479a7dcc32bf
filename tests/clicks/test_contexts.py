"""What the openings of one broadcast say about each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import numpy as np
import pytest

from tapline.clicks.contexts import Openings, contexts_of, shared_links
from tapline.clicks.evidence import ALONE, NO_CONTEXT, SOONEST_TAP, Context, Walk

NAN = float("nan")


@dataclass
class Sheet:
    """Openings, written one by one."""

    rows: list[dict[str, float]] = field(default_factory=list)

    def add(self, message: int, **values: float) -> None:
        usual = {
            "message": message,
            "link": 1,
            "seconds": 600.0,
            "since_submit": NAN,
            "since_receipt": NAN,
            "network": 1000 + message,
            "look": 1000 + message,
            "device": 1,
            "is_canary": False,
            "may_be_person": True,
            "walked_before": False,
        }
        self.rows.append(usual | values)

    def openings(self, soonest_tap: float = SOONEST_TAP) -> Openings:
        columns = {name: np.array([row[name] for row in self.rows]) for name in self.rows[0]}
        kinds = {"seconds": float, "since_submit": float, "since_receipt": float}
        flags = {"is_canary": bool, "may_be_person": bool, "walked_before": bool}
        typed = {
            name: column.astype((kinds | flags).get(name, np.int64))
            for name, column in columns.items()
        }
        return Openings(**typed, soonest_tap=soonest_tap)

    def contexts(self, soonest_tap: float = SOONEST_TAP) -> list[Context]:
        numbers, contexts = contexts_of(self.openings(soonest_tap))
        return [contexts[number] for number in numbers]


def test_openings_that_have_nothing_to_do_with_each_other_have_no_context() -> None:
    sheet = Sheet()
    for message in range(100):
        sheet.add(message, since_submit=60.0 + message)
    assert set(sheet.contexts()) == {NO_CONTEXT}


def test_how_soon_another_link_of_a_text_was_opened_is_told_in_seconds() -> None:
    sheet = Sheet()
    sheet.add(1, link=1, seconds=10.0, look=7)
    sheet.add(1, link=2, seconds=10.8, look=7)
    sheet.add(2, link=1, seconds=10.0, look=7)
    sheet.add(2, link=2, seconds=31.0, look=7)  # a person who came back to the text
    sheet.add(3, link=1, seconds=10.0, look=7)
    sheet.add(3, link=1, seconds=10.1, look=7)  # a double tap
    sheet.add(4, link=1, seconds=10.0, look=7)
    sheet.add(4, link=2, seconds=10.5, look=8)  # two openers
    sheet.add(5, link=1, seconds=10.0, look=7)
    sheet.add(5, link=2, seconds=10.0, look=7)
    sheet.add(5, link=1, seconds=11.6, look=7)  # perhaps a person, after their phone's scanner
    assert [context.seconds_to_other_link for context in sheet.contexts()] == [
        *(1, 1, None, None, None, None, None, None),
        *(1, 1, 2),
    ]


def test_what_comes_soon_is_told_in_steps_and_wrong_clocks_tell_nothing() -> None:
    sheet = Sheet()
    for message, seconds in enumerate([0.6, -0.2, 4.9, 5.1, -3600.0, NAN]):
        sheet.add(message, since_submit=seconds)
    assert [context.seconds_since_submit for context in sheet.contexts(soonest_tap=5.0)] == [
        0.5,
        0.0,
        4.75,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(("early", "is_told"), [(1, True), (20, False)])
def test_an_opening_before_its_receipt_tells_only_where_receipts_are_punctual(
    early: int, is_told: bool
) -> None:
    sheet = Sheet()
    for message in range(200):
        sheet.add(message, since_receipt=-30.0 if message < early else 40.0)
    assert [context.before_receipt for context in sheet.contexts()] == [
        is_told and message < early for message in range(200)
    ]


def test_a_cluster_says_who_led_how_often_they_came_back_and_how_steadily() -> None:
    sheet = Sheet()
    for message in range(40):
        sheet.add(message, network=5, look=message % 2, since_submit=10.0 + message)
    sheet.add(0, network=5, look=0, since_submit=700.0)

    [even, odd] = [context.cluster for context in sheet.contexts()[:2]]

    assert (even.recipients, even.looks, even.leaders_share) == (40, 2, 1.0)
    assert even.repeats_share == pytest.approx(1 / 41)
    assert even.spread == pytest.approx(46 / 14, abs=0.01)
    assert even.is_leading
    assert odd == even


def test_a_known_walker_is_told_with_what_it_does_here_and_who_else_is_there() -> None:
    sheet = Sheet()
    for message in range(3):
        sheet.add(message, network=5, look=7, walked_before=True)
    sheet.add(2, network=5, look=7, walked_before=True)  # a link that it had opened
    sheet.add(9, network=5, look=8)  # somebody else who is there
    sheet.add(10, network=6, look=7)
    walk = Walk(recipients=3, share=0.8, repeats_share=0.25)
    assert [context.walk for context in sheet.contexts()] == [*[walk] * 4, None, None]


def test_machines_that_name_themselves_are_in_no_cluster() -> None:
    sheet = Sheet()
    for message in range(40):
        sheet.add(message, network=5, look=1, may_be_person=False)
    assert {context.cluster for context in sheet.contexts()} == {ALONE}


def test_an_unknown_network_gathers_nobody() -> None:
    sheet = Sheet()
    for message in range(40):
        sheet.add(message, network=0, look=1, since_submit=60.0)
    assert {context.cluster for context in sheet.contexts()} == {ALONE}


def test_what_opened_a_canary_is_known_again_in_its_network_alone() -> None:
    sheet = Sheet()
    sheet.add(1, network=5, look=1, is_canary=True)
    sheet.add(2, network=5, look=1)
    sheet.add(3, network=5, look=2)
    sheet.add(4, network=6, look=1)
    found = [(context.is_canary, context.cluster.is_canary_opener) for context in sheet.contexts()]
    assert found == [(True, True), (False, True), (False, False), (False, False)]


def test_another_device_elsewhere_shares_the_link_of_the_first() -> None:
    sheet = Sheet()
    sheet.add(1, seconds=10.0, device=1, network=5)
    sheet.add(1, seconds=20.0, device=1, network=6)  # the same phone, away from home
    sheet.add(1, seconds=30.0, device=2, network=5)  # another one, at home
    sheet.add(1, seconds=40.0, device=2, network=7)
    sheet.add(2, seconds=50.0, device=3, network=8)
    everybody = np.ones(5, bool)
    found = shared_links(sheet.openings(), everybody)
    assert found.tolist() == [False, False, False, True, False]


def test_the_order_of_rows_changes_nothing() -> None:
    random = Random(7)
    sheet = Sheet()
    for _ in range(600):
        sheet.add(
            random.randrange(80),
            link=random.randrange(3),
            seconds=random.random() * 900,
            since_submit=random.choice([NAN, random.random() * 900]),
            network=random.randrange(6),
            look=random.randrange(4),
            device=random.randrange(4),
            is_canary=random.random() < 0.01,
        )
    before = sheet.contexts()
    order = list(range(len(sheet.rows)))
    random.shuffle(order)
    shuffled = Sheet([sheet.rows[place] for place in order])
    assert shuffled.contexts() == [before[place] for place in order]
