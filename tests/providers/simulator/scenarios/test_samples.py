"""Scenarios give the same requests for the same seed, and each kind behaves as its name says."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tapline.clicklog.record import KEPT_HEADERS
from tapline.providers.simulator.agents import Kind
from tapline.providers.simulator.scenarios.machines import MACHINES
from tapline.providers.simulator.scenarios.reading import (
    BadScenario,
    read_scenario,
    read_scenarios,
    shipped,
)
from tapline.providers.simulator.scenarios.samples import (
    BadLine,
    Corpus,
    Sample,
    make_corpus,
    read_corpus,
    write_corpus,
)
from tapline.providers.simulator.scenarios.scenario import Scenario

SETS = ("development", "held_out")
SMALL = 600


def scenario(name: str, folder: str = "development") -> Scenario:
    return read_scenario(shipped(folder) / f"{name}.toml")


def small(made: Scenario, recipients: int = SMALL) -> Corpus:
    some = msgspec.structs.replace(made, recipients=min(recipients, made.recipients))
    return make_corpus(some, made.seeds[0])


@pytest.fixture(scope="module")
def corpora() -> dict[str, list[Corpus]]:
    return {name: [small(made) for made in read_scenarios(shipped(name))] for name in SETS}


def samples_of(corpora: Sequence[Corpus], kind: str) -> list[Sample]:
    return [sample for corpus in corpora for sample in corpus.samples if sample.kind == kind]


def test_the_same_seed_gives_the_same_requests_and_another_seed_others() -> None:
    made = msgspec.structs.replace(scenario("everyday"), recipients=200)

    assert make_corpus(made, 1) == make_corpus(made, 1)
    assert make_corpus(made, 1).samples != make_corpus(made, 2).samples


def test_the_held_out_set_shares_no_seed_and_no_machines_form_with_the_development_set() -> None:
    seeds = [
        {seed for made in read_scenarios(shipped(name)) for seed in made.seeds} for name in SETS
    ]
    versions = [
        {
            (machine.kind, machine.seconds, machine.versions)
            for made in read_scenarios(shipped(name))
            for machine in made.machines
        }
        for name in SETS
    ]

    assert not seeds[0] & seeds[1]
    assert not versions[0] & versions[1]


def test_every_kind_of_machine_is_in_both_sets(corpora: dict[str, list[Corpus]]) -> None:
    for name in SETS:
        seen = {sample.kind for corpus in corpora[name] for sample in corpus.samples}
        in_files = {
            machine.kind for made in read_scenarios(shipped(name)) for machine in made.machines
        }
        assert in_files == set(MACHINES)
        assert seen & set(MACHINES) >= set(MACHINES) - {"scattered_browser", "security_delayed"}


def test_what_cannot_be_known_is_marked_so(corpora: dict[str, list[Corpus]]) -> None:
    unknowable = {
        sample.kind
        for name in SETS
        for corpus in corpora[name]
        for sample in corpus.samples
        if not sample.knowable and sample.agent != "PrivacyBrowser/1.0"
    }

    assert unknowable <= {"scattered_browser", "security_delayed"}


def test_nobody_taps_what_a_canary_got() -> None:
    corpus = small(scenario("carrier_delayed"))
    canaries = {text.message for text in corpus.texts.values() if text.role == "canary"}
    openers = {sample.truth for sample in corpus.samples if sample.message in canaries}

    assert len(canaries) == 6
    assert openers
    assert Kind.HUMAN not in openers


def test_five_hundred_different_phones_share_one_address() -> None:
    corpus = make_corpus(scenario("nat"), 11)
    behind = [sample for sample in corpus.samples if sample.kind == "nat_tap"]

    assert len({sample.address for sample in behind}) == 1
    assert len({sample.recipient for sample in behind}) > 500
    assert len({sample.agent for sample in behind}) > 20


def test_an_office_shares_its_address_and_mostly_its_phone() -> None:
    corpus = make_corpus(msgspec.structs.replace(scenario("offices"), recipients=1500), 11)
    agents: defaultdict[str, list[str]] = defaultdict(list)
    for sample in corpus.samples:
        if sample.kind == "office_tap":
            agents[sample.address].append(sample.agent)

    assert len(agents) == 12
    most_seen = [max(map(seen.count, seen)) / len(seen) for seen in agents.values()]
    assert sum(most_seen) / len(most_seen) > 0.5


def test_a_scanner_that_holds_texts_up_opens_them_before_they_arrive() -> None:
    corpus = small(scenario("carrier_at_once"))
    early = [sample for sample in corpus.samples if sample.kind == "carrier_browser"]

    assert len(early) > 100
    for sample in early:
        told = corpus.texts[sample.message].delivered_at
        assert told is None or at(sample) < told
    assert len({sample.address for sample in early}) <= 6


def test_a_security_app_opens_every_link_within_a_second_from_the_phones_address() -> None:
    corpus = small(scenario("two_links"), 2000)
    by_message: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in corpus.samples:
        if sample.kind == "security_every_link":
            by_message[sample.message].append(sample)

    assert len(by_message) > 20
    for opened in by_message.values():
        assert {sample.link for sample in opened} == {1, 2}
        assert opened[-1].time_us - opened[0].time_us < 1_000_000
        assert len({sample.address for sample in opened}) == 1


def test_a_person_taps_only_what_has_arrived(corpora: dict[str, list[Corpus]]) -> None:
    for corpus in corpora["development"]:
        taps = [sample for sample in corpus.samples if sample.truth is Kind.HUMAN]
        assert all(at(tap) > tap.submitted_at for tap in taps)


def test_receipts_go_missing_come_late_and_tell_another_time() -> None:
    corpus = small(scenario("receipts"))
    texts = list(corpus.texts.values())
    told = [(text, text.delivered_at) for text in texts if text.delivered_at]

    assert 0.2 < 1 - len(told) / len(texts) < 0.4
    assert any(
        text.receipt_at and text.receipt_at - moment > dt.timedelta(hours=1)
        for text, moment in told
    )
    assert any(moment < text.submitted_at for text, moment in told)
    before_the_receipts_time = [
        sample
        for sample in corpus.samples
        if sample.truth is Kind.HUMAN and sample.delivered_at and at(sample) < sample.delivered_at
    ]
    assert before_the_receipts_time


@pytest.mark.parametrize("folder", SETS)
def test_a_scanners_browser_is_one_that_people_hold_too(
    corpora: dict[str, list[Corpus]], folder: str
) -> None:
    people = {
        sample.agent
        for corpus in corpora[folder]
        for sample in corpus.samples
        if sample.truth is Kind.HUMAN
    }
    scanners = {sample.agent for sample in samples_of(corpora[folder], "carrier_mobile")}

    assert scanners
    assert scanners <= people


def test_a_prefetch_comes_from_the_browser_that_then_opens_the_page() -> None:
    corpus = small(scenario("everyday"), 2000)
    prefetches = {s.message: s for s in corpus.samples if s.kind == "android_prefetch"}
    followed = [
        (prefetches[tap.message].agent, tap.agent)
        for tap in corpus.samples
        if tap.kind in ("home_tap", "nat_tap")
        and tap.message in prefetches
        and "sec-ch-ua" in tap.headers
    ]

    assert len(followed) >= 5
    assert all(fetched == tapped for fetched, tapped in followed)


def test_over_plain_http_no_browser_sends_sec_headers() -> None:
    corpus = small(scenario("plain_http"))

    assert corpus.samples
    assert not any(name.startswith("sec-") for sample in corpus.samples for name in sample.headers)


def test_lines_hold_only_headers_that_the_edge_logs(corpora: dict[str, list[Corpus]]) -> None:
    logged = {name.lower() for name in KEPT_HEADERS}

    for corpus in corpora["held_out"]:
        assert all(set(sample.headers) <= logged for sample in corpus.samples)


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    corpus = small(scenario("two_links"), 100)

    write_corpus(corpus, tmp_path / "two.jsonl")
    read = read_corpus(tmp_path / "two.jsonl")

    assert list(read.samples) == list(corpus.samples)
    opened = {sample.message for sample in corpus.samples}
    assert {name: corpus.texts[name].recipient for name in opened} == {
        name: text.recipient for name, text in read.texts.items()
    }


GOOD = {
    "time_us": 1_762_000_000_000_000,
    "host": "go.example.com",
    "domain": 1,
    "path": "BCDFGHJK",
    "outcome": "redirect",
    "status": 302,
    "method": "GET",
    "address": "192.0.2.7",
    "truth": "human",
    "message": "m1",
    "recipient": "r1",
    "submitted_at": "2026-11-02T15:00:00Z",
    "delivered_at": None,
}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"truth": "robot"}, "Invalid enum value 'robot'"),
        ({"submitted_at": "yesterday"}, "Invalid RFC3339"),
        ({"submitted_at": "2026-11-02T15:00:00"}, "no time zone"),
        ({"message": ""}, "must not be empty"),
        ({"time_us": "soon"}, r"Expected `int`, got `str` - at `\$.time_us`"),
        ({"role": "boss"}, "Invalid enum value 'boss'"),
    ],
)
def test_a_bad_line_is_named_with_its_file_number_and_reason(
    tmp_path: Path, changes: dict[str, object], why: str
) -> None:
    path = tmp_path / "theirs.jsonl"
    lines = [GOOD, {}, GOOD | changes]
    path.write_bytes(b"\n".join(msgspec.json.encode(line) if line else b"" for line in lines))

    with pytest.raises(BadLine, match=rf"theirs\.jsonl, line 3 cannot be used\. .*{why}"):
        read_corpus(path)


@pytest.mark.parametrize("name", ["truth", "message", "recipient", "submitted_at", "delivered_at"])
def test_a_line_without_a_field_is_told_which(tmp_path: Path, name: str) -> None:
    path = tmp_path / "theirs.jsonl"
    path.write_bytes(msgspec.json.encode({key: GOOD[key] for key in GOOD if key != name}))

    with pytest.raises(BadLine, match=f"line 1 .*missing required field `{name}`"):
        read_corpus(path)


def test_fields_that_are_unknown_here_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "theirs.jsonl"
    path.write_bytes(msgspec.json.encode(GOOD | {"their_own": 1}))

    assert [sample.truth for sample in read_corpus(path).samples] == [Kind.HUMAN]


HEAD = 'name = "x"\nabout = ""\nseeds = [1]\nrecipients = 1\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("recipients = ", "Invalid value"),
        ('name = "x"\nabout = ""\nseeds = [1]', "missing required field `recipients`"),
        (HEAD + "people_ = 1", "unknown field"),
        (
            HEAD + '[[machines]]\nkind = "crow"\nshare = 1.0\nseconds = [1, 2]',
            "no machine «crow»",
        ),
    ],
)
def test_a_bad_scenario_is_named_with_its_reason(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BadScenario, match=rf"mine\.toml is no scenario\. .*{why}"):
        read_scenario(path)


def at(sample: Sample) -> dt.datetime:
    return dt.datetime.fromtimestamp(sample.time_us / 1_000_000, dt.UTC)
