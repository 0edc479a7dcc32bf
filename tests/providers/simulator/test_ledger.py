from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapline.providers.simulator.agents import IPHONES, Kind
from tapline.providers.simulator.ledger import MOST_ATTEMPTS, DueOpening, Ledger, Outcome
from tapline.providers.simulator.people import Fate, InboundText, Opening
from tapline.providers.simulator.truth import tell_truth
from tapline.providers.simulator.wire import Submitted

NOW = 1_780_000_000.0
LATER = NOW + 1_000
TAP = Opening(20, "https://go.example.com/BCDFGHJK", IPHONES[0], "127.20.1.2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "simulator"


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    ledger = Ledger(folder)
    yield ledger
    ledger.close()


def accept(ledger: Ledger, reference: str, fate: Fate, speed: float = 1) -> str:
    message = Submitted(reference, "+12125550101", "+12125550100", "text", 3600, "b")
    return ledger.accept([(message, fate)], now=NOW, speed=speed)[0].id


def begin(ledger: Ledger, now: float = LATER) -> list[DueOpening]:
    return ledger.begin_openings(now=now, limit=10)


def test_a_message_is_accepted_until_it_settles(ledger: Ledger) -> None:
    number = accept(ledger, "r1", Fate(4, "30006", "The number is a landline."))

    (before,) = ledger.look_up(["r1", "never seen"], now=NOW + 3)
    (after,) = ledger.look_up(["r1"], now=NOW + 4)

    assert (before.id, before.status, before.error_code) == (number, "accepted", "")
    assert (after.id, after.status, after.error_code) == (number, "undelivered", "30006")


def test_a_second_acceptance_of_one_reference_comes_to_light(ledger: Ledger) -> None:
    first = accept(ledger, "r1", Fate(4))
    second = accept(ledger, "r1", Fate(4))

    truth = tell_truth(ledger, "b", now=LATER)

    assert first != second
    assert (truth["sent"], truth["sent_twice"]) == (2, 1)
    assert [known.id for known in ledger.look_up(["r1"], now=NOW)] == [first]


def test_texts_are_counted_per_number(ledger: Ledger) -> None:
    accept(ledger, "r1", Fate(4))
    accept(ledger, "r2", Fate(4))

    assert ledger.count_texts_to("+12125550101") == 2
    assert ledger.count_texts_to("+12125550102") == 0


def test_time_runs_as_fast_as_was_asked(ledger: Ledger) -> None:
    accept(ledger, "r1", Fate(600, openings=(TAP,)), speed=60)

    assert ledger.next_receipt_at() == NOW + 10
    assert ledger.due_receipts(now=NOW + 9, limit=5) == []
    assert len(ledger.due_receipts(now=NOW + 10, limit=5)) == 1


def test_receipts_and_replies_wait_until_they_are_taken(ledger: Ledger) -> None:
    accept(ledger, "r1", Fate(4, reply=InboundText(9, "STOP")))
    receipts = ledger.due_receipts(now=LATER, limit=5)
    replies = ledger.due_replies(now=LATER, limit=5)

    assert ledger.due_receipts(now=LATER, limit=5) == receipts
    ledger.receipts_taken(receipts, now=LATER)
    ledger.replies_taken(replies, now=LATER)

    assert [reply.text for reply in replies] == ["STOP"]
    assert ledger.due_receipts(now=LATER, limit=5) == []
    assert ledger.due_replies(now=LATER, limit=5) == []
    assert (ledger.next_receipt_at(), ledger.next_reply_at()) == (None, None)


def test_an_opening_under_way_is_not_begun_twice(ledger: Ledger) -> None:
    accept(ledger, "r1", Fate(4, openings=(TAP,)))

    assert len(begin(ledger)) == 1
    assert begin(ledger) == []


def test_an_opening_is_true_when_the_edge_has_answered_it(ledger: Ledger) -> None:
    accept(ledger, "r1", Fate(4, openings=(TAP,)))
    (opening,) = begin(ledger)
    before = tell_truth(ledger, "b", now=LATER)

    ledger.finish_openings([Outcome(opening.id, 302, True, LATER)])
    after = tell_truth(ledger, "b", now=LATER)

    assert (before["human_clicks"], after["human_clicks"], after["human_clickers"]) == (0, 1, 1)
    assert after["click_rate"] == 1.0


def test_an_opening_that_the_edge_turned_away_is_no_click(ledger: Ledger) -> None:
    accept(ledger, "r1", Fate(4, openings=(TAP,)))
    (opening,) = begin(ledger)

    ledger.finish_openings([Outcome(opening.id, 404, True, LATER)])

    truth = tell_truth(ledger, "b", now=LATER)
    assert (truth["human_clicks"], truth["turned_away"]) == (0, 1)


@pytest.mark.parametrize(("was_sent", "unsure"), [(True, 1), (False, 0)])
def test_an_opening_without_answer_is_tried_again(
    ledger: Ledger, was_sent: bool, unsure: int
) -> None:
    accept(ledger, "r1", Fate(4, openings=(TAP,)))
    (opening,) = begin(ledger)

    ledger.finish_openings([Outcome(opening.id, None, was_sent, LATER + 5)])

    assert begin(ledger, LATER + 4) == []
    assert begin(ledger, LATER + 5) == [opening]
    assert tell_truth(ledger, "b", now=LATER)["unsure"] == unsure


def test_patience_with_a_dead_edge_ends(ledger: Ledger) -> None:
    accept(ledger, "r1", Fate(4, openings=(TAP,)))

    for _ in range(MOST_ATTEMPTS):
        (opening,) = begin(ledger)
        ledger.finish_openings([Outcome(opening.id, None, False, NOW)])

    assert begin(ledger) == []
    assert ledger.next_opening_at() is None


def test_an_opening_that_a_crash_cut_off_is_counted_unsure_and_made_again(
    ledger: Ledger, folder: Path
) -> None:
    accept(ledger, "r1", Fate(4, openings=(TAP,)))
    accept(ledger, "r2", Fate(4, openings=(TAP,)))
    done, cut_off = begin(ledger)
    ledger.finish_openings([Outcome(done.id, 302, True, LATER)])

    restarted = Ledger(folder)
    again = begin(restarted)
    truth = tell_truth(restarted, "b", now=LATER)
    restarted.close()

    assert again == [cut_off]
    assert (truth["human_clicks"], truth["unsure"]) == (1, 1)


def test_ids_of_two_ledgers_never_meet(ledger: Ledger, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "another")

    assert accept(ledger, "r1", Fate(4)) != accept(other, "r1", Fate(4))
    other.close()


def test_the_truth_has_a_count_for_every_kind_and_ends(ledger: Ledger) -> None:
    accept(ledger, "r1", Fate(4))
    early = tell_truth(ledger, "b", now=NOW)
    ledger.receipts_taken(ledger.due_receipts(now=LATER, limit=5), now=LATER)
    late = tell_truth(ledger, "b", now=LATER)

    assert (early["done"], early["delivered"], early["click_rate"]) == (False, 0, 0.0)
    assert (late["done"], late["delivered"], late["click_rate"]) == (True, 1, 0.0)
    assert {kind.value for kind in Kind if kind is not Kind.HUMAN} < set(late)


def test_texts_with_pictures_are_told(ledger: Ledger) -> None:
    accept(ledger, "r1", Fate(4))
    pictured = Submitted(
        "r2", "+12125550101", "+12125550100", "text", 3600, "b", ["https://example.com/a.png"]
    )
    ledger.accept([(pictured, Fate(4))], now=NOW, speed=1)

    assert tell_truth(ledger, "b", now=LATER)["with_pictures"] == 1
    rows = ledger.query("select media from acceptances order by id", {})
    assert rows == [("[]",), ('["https://example.com/a.png"]',)]


def test_a_ledger_of_before_there_were_pictures_goes_on(folder: Path) -> None:
    before = Ledger(folder)
    accept(before, "r1", Fate(4))
    before._db.execute("alter table acceptances drop column media")
    before.close()

    after = Ledger(folder)

    assert tell_truth(after, "b", now=LATER)["with_pictures"] == 0
    assert [each.reference for each in after.look_up(["r1"], now=NOW)] == ["r1"]
    after.close()
