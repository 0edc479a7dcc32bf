"""A second look corrects what one request alone could not tell; nothing else changes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from tapline.broadcasts.models import BroadcastLink, Message
from tapline.clicks import correcting, judging, reports, rules, second_look
from tapline.clicks.agents import known_agent
from tapline.clicks.arrival import Arrival, arrival_of
from tapline.clicks.evidence import Evidence, Judgement, Verdict
from tapline.clicks.ingest import ingest_once
from tapline.clicks.merge import FILES_PER_MERGE, merge_once
from tapline.clicks.models import WaitingRecount
from tapline.clicks.newest import recent_clicks
from tapline.clicks.parquet import write_file
from tapline.clicks.spans import EVER, spans_of
from tapline.clicks.store import query
from tapline.contacts.models import Contact
from tapline.links.minting import create_link, mint_range
from tapline.providers.accounts import name_of
from tapline.providers.models import ProviderAccount
from tests.clicks.world import NOON, PIXEL, World, elsewhere, make_world, take_in, write_log
from tests.providers.making import make_twilio

pytestmark = pytest.mark.django_db(transaction=True)

ACME = f"{PIXEL} AcmeShield/1.0"
WALKED = 30
MENDED = rules.RULES_VERSION + 1  # the version of rules that a test mends
SUBMITTED = NOON - dt.timedelta(seconds=70)


@dataclass
class Clock:
    """Stands for the module `time`: a thread that does nothing else than look."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return self.now


def rows(columns: str) -> list[tuple[Any, ...]]:
    return query(f"select {columns} from clicks order by clicked_at, message")


def verdicts() -> Counter[str]:
    return Counter(verdict for (verdict,) in rows("verdict"))


def walk(world: World, *, agent: str = PIXEL, count: int = WALKED) -> None:
    """One opener goes through the recipients, one a second."""
    take_in(
        *(
            world.tap(
                number,
                at=NOON + dt.timedelta(seconds=number),
                agent=agent,
                address="198.51.100.9",
            )
            for number in range(count)
        )
    )


def test_a_walker_is_found_when_it_has_walked_far_enough() -> None:
    world = elsewhere(make_world(WALKED + 1))
    take_in(world.tap(WALKED))
    walk(world)
    assert verdicts() == {"human": WALKED + 1}

    second_look.look_again()

    assert verdicts() == {"human": 1, "scanner": WALKED}
    assert reports.summarise(*world.of).human_clickers == 1
    tapped = Message.objects.filter(first_human_click_at__isnull=False)
    assert [message.position for message in tapped] == [WALKED]


def test_phones_behind_one_address_are_people() -> None:
    world = elsewhere(make_world(WALKED))
    take_in(
        *(
            world.tap(
                number,
                at=NOON + dt.timedelta(seconds=number**3 % 20_000),
                agent=PIXEL.replace("Pixel 8", f"SM-A{number}"),
                address="198.51.100.9",
            )
            for number in range(WALKED)
        )
    )
    second_look.look_again()
    assert verdicts() == {"human": WALKED}


def test_a_look_without_news_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = elsewhere(make_world(2))
    take_in(world.tap())
    second_look.look_again()
    monkeypatch.setattr(
        second_look, "judge_broadcast", lambda *_, **__: pytest.fail("looked again")
    )
    second_look.look_again()


def test_a_broadcast_that_took_long_to_look_at_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looked = Clock(), list[int]()

    def judge(_workspace: int, broadcast: int, *_: object, **__: object) -> int:
        looked.append(broadcast)
        clock.now += 3  # seconds
        return 0

    monkeypatch.setattr(second_look, "time", clock)
    monkeypatch.setattr(second_look, "judge_broadcast", judge)
    monkeypatch.setattr(second_look, "REST_PER_SECOND", 10.0)
    world = make_world(3)
    for place, passed in enumerate((0, 29, 2)):
        clock.now += passed
        take_in(world.tap(place))
        second_look.look_again()

    assert looked == [world.broadcast.pk] * 2  # The look after 29 seconds came too soon.


def test_a_receipt_is_news() -> None:
    world = elsewhere(make_world(200))
    Message.objects.filter(position=0).update(state="accepted", delivered_at=None)
    take_in(*(world.tap(number, address=f"198.51.{number}.9") for number in range(200)))
    second_look.look_again()
    assert verdicts() == {"human": 200}

    late = NOON + dt.timedelta(minutes=2)
    Message.objects.filter(position=0).update(state="delivered", delivered_at=late)
    second_look.look_again()

    assert verdicts() == {"human": 199, "unknown": 1}


def test_every_link_of_a_text_at_once_was_no_person() -> None:
    world = elsewhere(make_world(2))
    second = create_link(world.workspace, world.domain, "https://www.example.com/", actor="test")
    BroadcastLink.objects.create(broadcast=world.broadcast, link=second, ordinal=1)
    mint_range(second, 2)
    soon = NOON + dt.timedelta(milliseconds=700)
    later = NOON + dt.timedelta(minutes=4)
    take_in(world.tap(0), world.tap(0, link=second.pk, at=soon), world.tap(0, at=later))

    second_look.look_again()

    assert rows("verdict, reasons") == [
        ("scanner", "links_at_once"),
        ("scanner", "links_at_once"),
        ("human", ""),
    ]
    assert Message.objects.get(position=0).first_human_click_at == later


def test_a_tap_just_after_every_link_was_opened_may_be_a_persons() -> None:
    world = elsewhere(make_world(2))
    second = create_link(world.workspace, world.domain, "https://www.example.com/", actor="test")
    BroadcastLink.objects.create(broadcast=world.broadcast, link=second, ordinal=1)
    mint_range(second, 2)
    moments = [NOON + dt.timedelta(seconds=seconds) for seconds in (0, 0.4, 1.6)]
    links = [world.link.pk, second.pk, world.link.pk]
    taps = [world.tap(0, link=link, at=at) for link, at in zip(links, moments, strict=True)]
    take_in(*taps)

    second_look.look_again()

    assert rows("verdict, reasons") == [
        ("scanner", "links_at_once"),
        ("scanner", "links_at_once"),
        ("unknown", "perhaps_at_once"),
    ]


def test_before_a_text_can_have_arrived_nobody_taps() -> None:
    world = elsewhere(make_world(2))
    take_in(world.tap(0, at=SUBMITTED + dt.timedelta(seconds=1)))
    take_in(world.tap(1, at=SUBMITTED + dt.timedelta(seconds=6)))
    second_look.look_again()
    assert rows("verdict, reasons") == [("scanner", "too_soon"), ("human", "")]


def through_account(world: World, **options: str) -> World:
    """The texts left through an account of the workspace's, which says this of them."""
    account = make_twilio(world.workspace, **options)
    type(world.broadcast).objects.update(provider=name_of(account))
    return world


@pytest.mark.parametrize(
    ("seconds", "said"),
    [("", ["too_soon", "", ""]), ("9,5", ["too_soon"] * 2 + [""]), ("0", [""] * 3)],
)
def test_how_soon_nobody_can_have_tapped_is_what_the_account_says(
    seconds: str, said: list[str]
) -> None:
    world = through_account(make_world(3), soonest_tap_seconds=seconds)
    for position, delay in enumerate((1.0, 9.4, 9.6)):
        take_in(world.tap(position, at=SUBMITTED + dt.timedelta(seconds=delay)))

    second_look.look_again()

    assert [reasons for (reasons,) in rows("reasons")] == said


@pytest.mark.parametrize(("word", "unknown"), [("yes", 1), ("no", 0)])
def test_an_opening_before_its_receipt_is_a_sign_only_where_receipts_tell_arrival(
    word: str, unknown: int
) -> None:
    world = through_account(make_world(100), receipts_tell_arrival=word)
    late = NOON + dt.timedelta(minutes=2)
    Message.objects.filter(position=0).update(delivered_at=late)
    take_in(*(world.tap(number, address=f"198.51.{number}.9") for number in range(100)))

    second_look.look_again()

    assert verdicts()["unknown"] == unknown


def test_an_account_from_before_it_was_asked_says_what_is_usual() -> None:
    world = through_account(make_world(1))
    ProviderAccount.objects.update(options={"account_sid": "of an older version"})
    assert arrival_of(world.broadcast.pk) == Arrival(1.0, 2.0, receipts_tell=True)


def test_a_simulators_clock_may_be_fast() -> None:
    world = make_world(1)  # its provider is the simulator
    take_in(world.tap(0, at=SUBMITTED + dt.timedelta(seconds=1)))
    second_look.look_again()
    assert verdicts() == {"human": 1}


def test_what_opens_the_links_of_seed_contacts_is_a_machine() -> None:
    world = elsewhere(make_world(4))
    Contact.objects.filter(pk=world.messages[0].contact_id or 0).update(is_canary=True)
    take_in(*(world.tap(number, address="198.51.100.9") for number in range(3)))
    take_in(world.tap(3, address="198.51.7.9"))
    second_look.look_again()
    assert rows("reasons") == [
        ("canary_lookalike",),
        ("canary_opener",),
        ("canary_opener",),
        ("",),
    ]


def test_a_link_that_was_passed_on_is_a_persons_and_no_second_recipients() -> None:
    world = elsewhere(make_world(1))
    take_in(world.tap(0))
    take_in(world.tap(0, agent=PIXEL, address="198.51.7.9", at=NOON + dt.timedelta(hours=1)))
    second_look.look_again()
    assert rows("verdict, reasons") == [("human", ""), ("human", "shared")]
    assert reports.summarise(*world.of).human_clickers == 1


def test_the_feed_tells_again_of_what_was_corrected() -> None:
    world = elsewhere(make_world(WALKED + 1))
    take_in(world.tap(WALKED))
    walk(world)
    before, cursor = reports.feed([world.workspace.pk])
    second_look.look_again()

    after, _ = reports.feed([world.workspace.pk], cursor)

    walked = {click["id"] for click in before if click["message"] != world.messages[WALKED].pk}
    assert {click["id"] for click in after} == walked
    assert {(click["verdict"], click["earlier_verdict"]) for click in after} == {
        ("scanner", "human")
    }
    assert {click["earlier_rules_version"] for click in after} == {rules.RULES_VERSION}
    assert reports.feed([world.workspace.pk], after[-1]["sequence"])[0] == []


def test_what_was_corrected_did_not_happen_just_now() -> None:
    world = elsewhere(make_world(WALKED + 1))
    walk(world)
    take_in(world.tap(WALKED, at=NOON + dt.timedelta(minutes=5)))
    second_look.look_again()

    newest = recent_clicks(*world.of, limit=3)

    assert [click.message for click in newest] == [
        world.messages[number].pk for number in (WALKED, WALKED - 1, WALKED - 2)
    ]


def test_clicks_that_come_during_a_correction_are_counted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = elsewhere(make_world(WALKED + 1))
    walk(world)
    tries: list[int] = []

    def meanwhile(*arguments: Any) -> Any:
        if not tries:
            tries.append(take_in_or_wait(world))
        return write_file(*arguments)

    monkeypatch.setattr(correcting, "write_file", meanwhile)
    second_look.look_again()
    assert tries == [0]  # ingest waited
    ingest_once()

    assert verdicts() == {"scanner": WALKED, "human": 1}
    numbers = [number for (number,) in rows("sequence")]
    assert len(set(numbers)) == WALKED + 1


def take_in_or_wait(world: World) -> int:
    write_log([world.tap(WALKED)])
    return ingest_once()


def test_a_merge_during_a_correction_hides_nothing() -> None:
    world = elsewhere(make_world(WALKED * FILES_PER_MERGE))
    for part in range(FILES_PER_MERGE):
        take_in(
            *(
                world.tap(part * 5 + number, address="198.51.100.9", agent=PIXEL)
                for number in range(5)
            )
        )
    [span] = spans_of(*world.of, EVER, NOON)
    with judging.opened(*world.of, span) as database:
        judging.find_changes(database, *world.of)
        assert merge_once()
        assert correcting.change_verdicts(database, *world.of) == 5 * FILES_PER_MERGE
    assert verdicts() == {"scanner": 5 * FILES_PER_MERGE}


def test_a_merge_between_writing_and_listing_loses_the_race(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = elsewhere(make_world(5 * FILES_PER_MERGE))
    for part in range(FILES_PER_MERGE):
        take_in(
            *(
                world.tap(part * 5 + number, address="198.51.100.9", agent=PIXEL)
                for number in range(5)
            )
        )
    merged: list[bool] = []

    def overtaken(*arguments: Any) -> Any:
        written = write_file(*arguments)
        if not merged:
            merged.append(merge_once())
        return written

    monkeypatch.setattr(correcting, "write_file", overtaken)
    second_look.look_again()

    assert merged == [True]
    assert verdicts() == {"scanner": 5 * FILES_PER_MERGE}


def test_killed_between_rows_and_messages_it_finishes_with_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = elsewhere(make_world(WALKED))
    walk(world)
    monkeypatch.setattr(correcting, "finish_recounts", lambda: None)  # where it was killed
    second_look.look_again()
    assert Message.objects.filter(first_human_click_at__isnull=False).count() == WALKED
    assert WaitingRecount.objects.exists()

    monkeypatch.undo()
    second_look.look_again()

    assert not Message.objects.filter(first_human_click_at__isnull=False).exists()


def test_a_mended_rule_counts_old_clicks_again_and_says_first_what_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = elsewhere(make_world(2))
    take_in(world.tap(0, agent=ACME), world.tap(1))
    take_in(world.tap(0, agent=PIXEL, at=NOON + dt.timedelta(minutes=5)))
    take_in(world.tap(1, agent=ACME, at=NOON - dt.timedelta(minutes=5)))
    assert Message.objects.get(position=1).first_human_click_at == NOON - dt.timedelta(minutes=5)

    mend_rules(monkeypatch)
    second_look.look_again()
    assert verdicts() == {"human": 4}  # older verdicts change when asked for, not by themselves
    assert second_look.differences() == {("human", "scanner"): 2, ("human", "human"): 2}
    assert verdicts() == {"human": 4}

    assert second_look.rejudge() == 4

    assert Counter(rows("verdict, reasons, human, rules_version, earlier_verdict")) == {
        ("scanner", "acme", 0, MENDED, "human"): 2,
        ("human", "", 1, MENDED, ""): 2,
    }
    first = dict(Message.objects.values_list("position", "first_human_click_at"))
    assert first == {0: NOON + dt.timedelta(minutes=5), 1: NOON}
    assert second_look.rejudge() == 0


def mend_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    def acme(evidence: Evidence) -> rules.Finding | None:
        return (Verdict.SCANNER, "acme") if "AcmeShield" in evidence.agent else None

    assert known_agent(ACME) is None
    monkeypatch.setattr(rules, "RULES", (acme, *rules.RULES))
    monkeypatch.setattr(rules, "_PERSON", Judgement(Verdict.HUMAN, (), MENDED))
    monkeypatch.setattr(judging, "RULES_VERSION", MENDED)
    monkeypatch.setattr(correcting, "RULES_VERSION", MENDED)


def test_only_clicks_since_a_moment_are_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = elsewhere(make_world(2))
    take_in(world.tap(0, agent=ACME), world.tap(1, agent=ACME, at=NOON + dt.timedelta(days=1)))
    mend_rules(monkeypatch)
    assert second_look.rejudge(NOON + dt.timedelta(hours=1)) == 1
    assert verdicts() == {"human": 1, "scanner": 1}


def test_judging_everything_afresh_comes_to_the_same() -> None:
    world = elsewhere(make_world(WALKED + 5))
    for start in range(0, WALKED, 10):
        take_in(
            *(
                world.tap(number, address="198.51.100.9", at=NOON + dt.timedelta(seconds=number))
                for number in range(start, start + 10)
            )
        )
        second_look.look_again()
    assert second_look.rejudge() == 0
