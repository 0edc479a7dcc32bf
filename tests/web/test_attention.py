"""What of a workspace needs somebody: facts in, items with one action each out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.rates import Went
from tapline.links.models import Domain, Proof
from tapline.replies.threads import Waiting
from tapline.web.attention import Facts, items

NOW = dt.datetime(2026, 11, 2, 12, 0, tzinfo=dt.UTC)
HEALTHY = {"click_log": {"lost": 0}}


def facts(**known: Any) -> Facts:
    quiet = {"edge": HEALTHY, "is_edge_known": True, "waiting": Waiting(0, 0, False)}
    return Facts(**{"workspace_id": 1, "now": NOW, **quiet, **known})


def words(known: Facts) -> list[str]:
    return [item.what for item in items(known)]


def went(number: int, *, hours_ago: float = 24.0, **values: Any) -> Went:
    """Return a broadcast that went as others do: a fifth tapped, a third was machines."""
    started_at = NOW - dt.timedelta(hours=hours_ago)
    broadcast = Broadcast(pk=number, name=f"No {number}", started_at=started_at, domain_id=7)
    usual = {
        "texts": 1000,
        "people": 200,
        "certain": 180,
        "perhaps": 200,
        "by_people": 200,
        "by_machines": 100,
    }
    return Went(broadcast=broadcast, **{**usual, **values})


def domain(**values: Any) -> Domain:
    return Domain(**{"pk": 7, "host": "go.example.com", "proved_at": NOW, "findings": []} | values)


def test_nothing_needs_anybody_where_all_is_well() -> None:
    assert items(facts(domains=[domain()], latest=[went(2), went(1)])) == []


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"edge": None}, "Links may not be answered."),
        ({"edge": {"click_log": {"lost": 2}}}, "2 taps were answered but could not"),
        ({"waiting": Waiting(3, 0, False)}, "3 conversations wait for an answer."),
        ({"waiting": Waiting(0, 1, True)}, "Texts that may mean STOP wait for your word."),
        ({"is_key_exported": False}, "Export the master key."),
        ({"held_keys": 2}, "2 API keys are closed since this instance was restored."),
        ({"held_shares": [7]}, "1 shared report is closed since this instance was restored."),
        ({"restored_at": NOW}, "This instance was restored from a backup."),
        ({"domains": [domain(proof_missing_since=NOW)]}, "The record that proved go.example.com"),
        (
            {"paused": [Broadcast(pk=1, name="Menu", pause_reason="The spend limit is reached.")]},
            "«Menu» has paused.",
        ),
    ],
)
def test_each_kind_of_trouble_is_said_with_one_action(known: dict[str, Any], said: str) -> None:
    [item] = items(facts(**known))

    assert item.what.startswith(said)
    assert item.do
    assert bool(item.url) != bool(item.command)


def test_a_domain_whose_records_lead_elsewhere_is_told_in_the_words_of_the_check() -> None:
    astray = domain()
    astray.findings = [
        {"record": "proof", "state": "good", "what": "The record is there."},
        {"record": "address", "state": "wrong", "what": "It leads to another server."},
    ]

    [item] = items(facts(domains=[astray]))

    assert item.what == "go.example.com does not lead here as it should."
    assert item.why == "It leads to another server."


def test_a_domain_that_somebody_vouched_for_raises_no_alarm_for_its_missing_record() -> None:
    missing = {"record": "proof", "state": "wrong", "what": "There is no TXT record."}
    astray = {"record": "address", "state": "wrong", "what": "It leads to another server."}
    vouched, claimed, lost = (
        domain(proved_by=Proof.OPERATOR, findings=[missing]),
        domain(proved_by=Proof.RECORD, findings=[missing]),
        domain(proved_by=Proof.OPERATOR, findings=[missing, astray]),
    )

    assert items(facts(domains=[vouched])) == []
    assert [item.why for item in items(facts(domains=[claimed]))] == ["There is no TXT record."]
    assert [item.why for item in items(facts(domains=[lost]))] == ["It leads to another server."]


SILENCE = {"people": 0, "certain": 180, "perhaps": 0, "by_people": 0, "by_machines": 0}


@pytest.mark.parametrize(
    ("latest", "is_silent"),
    [
        ([went(1, **SILENCE)], True),
        ([went(1)], False),
        ([went(2, **SILENCE), went(1)], False),  # it answered another broadcast
        ([went(1, texts=99, **SILENCE)], False),  # too few to know
        ([went(1, hours_ago=1, **SILENCE)], False),  # too early to know
        ([went(1, hours_ago=200, **SILENCE)], False),  # long over
    ],
)
def test_a_domain_is_silent_when_many_texts_arrived_and_nobody_asked(
    latest: list[Went], is_silent: bool
) -> None:
    found = words(facts(domains=[domain()], latest=latest))

    assert found == (["Nobody has opened a link on go.example.com."] if is_silent else [])


MACHINES = {"by_people": 100, "by_machines": 300}


@pytest.mark.parametrize(
    ("latest", "is_unusual"),
    [
        ([went(4, **MACHINES), went(3), went(2), went(1)], True),
        ([went(4), went(3), went(2), went(1)], False),
        ([went(3, **MACHINES), went(2), went(1)], False),  # too few to know what is usual
        ([went(each, **MACHINES) for each in (4, 3, 2, 1)], False),  # it always is so here
        ([went(4, by_people=10, by_machines=80), went(3), went(2), went(1)], False),  # small
        ([went(4, hours_ago=200, **MACHINES), went(3), went(2), went(1)], False),  # old news
    ],
)
def test_machines_are_told_of_where_they_opened_far_more_than_usual(
    latest: list[Went], is_unusual: bool
) -> None:
    found = words(facts(latest=latest))

    assert found == (["Machines opened unusually much of «No 4»."] if is_unusual else [])


def test_what_is_urgent_comes_first() -> None:
    both = facts(waiting=Waiting(3, 1, True), edge=None, is_key_exported=False)

    assert [item.is_urgent for item in items(both)] == [True, True, False, False]
