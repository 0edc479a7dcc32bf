from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tapline.clicks.evidence import Evidence
from tapline.clicks.rules import judge
from tapline.providers.simulator import agents
from tapline.providers.simulator.agents import Kind, Opener, prefetched
from tapline.providers.simulator.people import DAY, Fate, fate_of, phone_of

URL = "https://go.example.com/BCDFGHJK"
NUMBERS = [f"+1{area}55501{line:02d}" for area in range(201, 241) for line in range(1, 100)]


@pytest.fixture(scope="module")
def fates() -> dict[str, Fate]:
    return {number: fate_of(1, number, 0, [URL]) for number in NUMBERS}


def test_the_same_seed_gives_the_same_people(fates: dict[str, Fate]) -> None:
    again = {number: fate_of(1, number, 0, [URL]) for number in NUMBERS[:200]}

    assert again == {number: fates[number] for number in NUMBERS[:200]}


def test_another_seed_or_the_next_text_gives_others(fates: dict[str, Fate]) -> None:
    before = [fates[number] for number in NUMBERS[:200]]

    assert [fate_of(2, number, 0, [URL]) for number in NUMBERS[:200]] != before
    assert [fate_of(1, number, 1, [URL]) for number in NUMBERS[:200]] != before


def test_a_number_keeps_its_phone_and_address_from_text_to_text() -> None:
    for number in NUMBERS[:300]:
        phone = phone_of(1, number)
        for turn in (0, 1):
            openings = fate_of(1, number, turn, [URL]).openings
            own = {opening.address for opening in openings if opening.opener == phone.browser}
            assert own <= {phone.address}


@pytest.mark.parametrize(
    ("what", "low", "high"),
    [
        ("failed", 0.02, 0.04),
        ("tapped", 0.19, 0.26),
        ("tapped more than once", 0.03, 0.09),
        ("tapped on two devices", 0.005, 0.025),
        ("tapped a day later", 0.007, 0.030),
        ("previewed", 0.17, 0.28),
        ("scanned", 0.04, 0.08),
        ("prefetched", 0.004, 0.02),
        ("fetched by a tool", 0.003, 0.015),
        ("replied", 0.010, 0.030),
    ],
)
def test_each_behaviour_has_its_share(
    fates: dict[str, Fate], what: str, low: float, high: float
) -> None:
    shares = Counter(word for fate in fates.values() for word in set(_words(fate)))

    assert low < shares[what] / len(fates) < high


def _words(fate: Fate) -> Iterator[str]:
    kinds = {opening.opener.kind for opening in fate.openings}
    taps = [opening for opening in fate.openings if opening.opener.kind is Kind.HUMAN]
    if fate.error_code:
        yield "failed"
    if taps:
        yield "tapped"
    if len(taps) > 1:
        yield "tapped more than once"
    if len({tap.opener.name for tap in taps}) > 1:
        yield "tapped on two devices"
    if taps and max(tap.after_seconds for tap in taps) > 0.8 * DAY:
        yield "tapped a day later"
    if fate.reply:
        yield "replied"
    names = {
        Kind.PREVIEW: "previewed",
        Kind.SCANNER: "scanned",
        Kind.PREFETCH: "prefetched",
        Kind.TOOL: "fetched by a tool",
    }
    yield from (names[kind] for kind in kinds if kind in names)


def test_a_message_that_fails_is_never_opened_or_answered(fates: dict[str, Fate]) -> None:
    failed = [fate for fate in fates.values() if fate.error_code]

    assert failed
    assert all(not fate.openings and fate.reply is None for fate in failed)


def test_nothing_is_opened_before_it_is_delivered(fates: dict[str, Fate]) -> None:
    for fate in fates.values():
        assert all(item.after_seconds > fate.settled_after_seconds for item in fate.openings)


def test_a_text_without_links_is_opened_by_nobody() -> None:
    assert all(not fate_of(1, number, 0, []).openings for number in NUMBERS[:300])


def test_a_scanner_opens_every_link_of_the_text() -> None:
    urls = [f"{URL}{number}" for number in range(3)]
    fates = [fate_of(1, number, 0, urls) for number in NUMBERS]
    scans = [
        {opening.url for opening in fate.openings if opening.opener.kind is Kind.SCANNER}
        for fate in fates
    ]

    assert {len(scan) for scan in scans} == {0, 3}


def test_the_newcomers_own_number_is_delivered_and_left_alone() -> None:
    fate = fate_of(1, "+12125550100", 0, [URL])

    assert (fate.error_code, fate.openings, fate.reply) == ("", (), None)


ALL_OPENERS = (
    *agents.IPHONES,
    *agents.ANDROIDS,
    *agents.SECOND_DEVICES,
    *agents.GOOGLE_PREVIEWS,
    *agents.SCANNERS,
    *agents.TOOLS,
    agents.IMESSAGE,
    agents.WHATSAPP,
    prefetched(agents.ANDROIDS[0]),
)


@pytest.mark.parametrize("opener", ALL_OPENERS, ids=lambda opener: opener.name)
def test_the_rules_judge_each_opener_as_what_it_is(opener: Opener) -> None:
    headers = {name.lower(): value for name, value in opener.headers}
    verdict = judge(
        Evidence(
            method=opener.method,
            agent=headers["user-agent"],
            headers=headers,
            is_operator=False,
        )
    ).verdict

    # A person whose browser hides itself is the one whom this version's rules cannot know.
    expected = "unknown" if opener.name == "Android, Privacy Browser" else opener.kind
    assert verdict == expected
