"""What reports say equals a count by hand over the same clicks."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict

import pytest

from tapline.clicklog.record import Record
from tapline.clicks import reports
from tapline.clicks.devices import describe
from tapline.clicks.evidence import Evidence, Verdict
from tapline.clicks.merge import FILES_PER_MERGE, merge_once
from tapline.clicks.newest import recent_clicks
from tapline.clicks.rules import judge
from tapline.links.models import Campaign, Offer
from tests.clicks.world import IPHONE, NOON, PAGE, PIXEL, WHATSAPP, World, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)

AGENTS = (IPHONE, PIXEL, WHATSAPP, "curl/8.5.0", "Google-Safety", "Acme Fetcher", "")
RECIPIENTS = 40
CROWD = -1  # Those who are only counted: in every total but that of people.


def random_taps(world: World, rng: random.Random, count: int) -> list[Record]:
    return [
        world.tap(
            position := rng.randrange(CROWD, RECIPIENTS),
            serial=position if position >= 0 else RECIPIENTS,
            at=NOON + dt.timedelta(seconds=round(rng.uniform(0, 200_000), 6)),
            agent=rng.choice(AGENTS),
            count=rng.choice((1, 1, 1, 1, 30)),
            headers=PAGE | rng.choice(({}, {"sec-purpose": "prefetch"}))
            if rng.random() < 0.2
            else PAGE,
        )
        for _ in range(count)
    ]


def verdict_of(tap: Record) -> Verdict:
    return judge(
        Evidence(
            method=tap.method,
            agent=tap.agent,
            headers=tap.headers,
            is_operator=False,
            requests=tap.count,
        )
    ).verdict


def moment(tap: Record) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=tap.time_us)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_report_equals_a_count_by_hand(seed: int) -> None:
    rng = random.Random(seed)
    world, other = make_world(RECIPIENTS), make_world(RECIPIENTS)
    taps = random_taps(world, rng, 400)
    # In some files, with another workspace's clicks between, and partly merged.
    for start in range(0, 400, 40):
        take_in(*taps[start : start + 40], *random_taps(other, rng, 10))
        if rng.random() < 0.3:
            merge_once()

    people = [tap for tap in taps if verdict_of(tap) is Verdict.HUMAN]
    tapped = {tap.position for tap in people} - {CROWD}
    of_crowd = sum(tap.position == CROWD for tap in people)
    machines: Counter[str] = Counter()
    for tap in taps:
        machines[verdict_of(tap).value] += tap.count
    undecided = {tap.position for tap in taps if verdict_of(tap) is Verdict.UNKNOWN}

    assert asdict(reports.summarise(*world.of)) == {
        "human_clickers": len(tapped),
        "human_clicks": len(people) - of_crowd,
        "only_counted_taps": of_crowd,
        "unknown_only_messages": len(undecided - tapped - {CROWD}),
        "operator": 0,
        **{name: machines[name] for name in ("preview", "scanner", "prefetch", "tool", "unknown")},
    }
    assert reports.clickers(*world.of) == [
        world.messages[position].pk for position in sorted(tapped)
    ]
    check_over_time(world, people)
    check_shares(world, people)


def check_over_time(world: World, people: list[Record]) -> None:
    minutes: defaultdict[dt.datetime, list[int]] = defaultdict(list)
    firsts: dict[int, float] = {}
    for tap in people:
        minutes[moment(tap).replace(second=0, microsecond=0)].append(tap.position)
        if tap.position == CROWD:
            continue
        delay = (moment(tap) - NOON).total_seconds() + 60
        firsts[tap.position] = min(delay, firsts.get(tap.position, delay))
    spans = Counter(
        next((span for span in reports.TIME_SPANS_SECONDS if span and delay < span), None)
        for delay in firsts.values()
    )

    assert reports.by_minute(*world.of) == [
        reports.MinuteCount(minute, len(positions)) for minute, positions in sorted(minutes.items())
    ]
    assert reports.time_to_tap(*world.of) == [
        (span, spans[span]) for span in reports.TIME_SPANS_SECONDS
    ]


def check_shares(world: World, people: list[Record]) -> None:
    checks: list[tuple[Callable[..., list[reports.Share]], Callable[[Record], object]]] = [
        (reports.by_link, lambda _: world.link.pk),
        (reports.by_device, lambda tap: describe(tap.agent).family),
        (reports.by_device_kind, lambda tap: describe(tap.agent).kind),
        (reports.by_os, lambda tap: describe(tap.agent).os),
        (reports.by_browser, lambda tap: describe(tap.agent).browser),
        (reports.by_hour, lambda tap: moment(tap).hour),
        (reports.by_weekday, lambda tap: moment(tap).weekday()),
    ]
    for ask, value_of in checks:
        positions: defaultdict[object, list[int]] = defaultdict(list)
        for tap in people:
            positions[value_of(tap)].append(tap.position)
        expected = {
            value: (len(set(held) - {CROWD}), len(held)) for value, held in positions.items()
        }

        assert {share.value: (share.people, share.taps) for share in ask(*world.of)} == expected


def test_a_report_without_clicks_is_all_zero() -> None:
    world = make_world(1)

    assert reports.summarise(*world.of) == reports.ClickSummary()
    assert reports.by_minute(*world.of) == []
    assert recent_clicks(*world.of) == []
    assert reports.time_to_tap(*world.of)[0] == (60, 0)


def test_another_workspace_sees_nothing_of_a_broadcast() -> None:
    world, stranger = make_world(1), make_world(1)
    take_in(world.tap())

    assert reports.summarise(stranger.workspace.pk, world.broadcast.pk) == reports.ClickSummary()
    assert reports.clickers(stranger.workspace.pk, world.broadcast.pk) == []
    assert reports.feed([stranger.workspace.pk]) == ([], 0)


def test_who_did_not_tap_can_be_told_from_who_did() -> None:
    world = make_world(3)
    take_in(world.tap(1), world.tap(2, agent=WHATSAPP))
    ids = [message.pk for message in world.messages]

    assert reports.non_clickers(*world.of, ids) == [ids[0], ids[2]]


def test_campaigns_and_offers_have_totals() -> None:
    world = make_world(2)
    world.link.campaign = Campaign.objects.create(workspace=world.workspace, name="Winter")
    world.link.save()
    world.broadcast.offer = Offer.objects.create(workspace=world.workspace, name="Two for one")
    world.broadcast.save()
    take_in(world.tap(0), world.tap(0), world.tap(1), world.tap(1, agent=WHATSAPP))

    assert reports.by_campaign(world.workspace.pk) == [
        reports.Share(world.link.campaign.pk, people=2, taps=3)
    ]
    assert reports.by_offer(world.workspace.pk) == [
        reports.Share(world.broadcast.offer.pk, people=2, taps=3)
    ]


def test_the_feed_gives_every_click_once_also_while_files_are_merged() -> None:
    world = make_world(1)
    cursor, seen = 0, []
    for number in range(FILES_PER_MERGE + 2):
        take_in(*(world.tap(at=NOON + dt.timedelta(seconds=number)) for _ in range(3)))
        merge_once()
        clicks, cursor = reports.feed([world.workspace.pk], cursor, limit=2)
        seen += clicks
    while True:
        clicks, cursor = reports.feed([world.workspace.pk], cursor, limit=7)
        if not clicks:
            break
        seen += clicks

    assert [click["sequence"] for click in seen] == list(range(1, 3 * (FILES_PER_MERGE + 2) + 1))
    assert len({click["id"] for click in seen}) == len(seen)
