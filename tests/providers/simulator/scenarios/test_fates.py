"""The simulator's people follow a scenario, each with its truth."""

from __future__ import annotations

import ipaddress
from collections import Counter
from pathlib import Path

import pytest

from tapline.providers.simulator.agents import Kind
from tapline.providers.simulator.people import Fate
from tapline.providers.simulator.scenarios.fates import CANARY_ENDING, fate_in, find_scenario
from tapline.providers.simulator.scenarios.machines import MACHINES
from tapline.providers.simulator.scenarios.reading import BadScenario, shipped

URLS = ["https://go.example.com/BCDFGHJK", "https://go.example.com/BCDFGHJL"]
NUMBERS = [f"+1{area}55501{line:02d}" for area in range(201, 241) for line in range(2, 100)]
MIXED = find_scenario("mixed")


@pytest.fixture(scope="module")
def fates() -> dict[str, Fate]:
    return {number: fate_in(MIXED, 1, number, 0, URLS) for number in NUMBERS}


def test_every_kind_of_machine_opens_something_under_its_truth(fates: dict[str, Fate]) -> None:
    seen = {
        (opening.opener.name, opening.opener.kind)
        for fate in fates.values()
        for opening in fate.openings
    }

    assert {(name, kind.truth) for name, kind in MACHINES.items()} <= seen
    assert ("double_tap", Kind.HUMAN) in seen


def test_nobody_is_played_who_works_for_the_sender(tmp_path: Path) -> None:
    everybody = tmp_path / "staff.toml"
    shipped_text = (shipped("mixed") / "mixed.toml").read_text(encoding="utf-8")
    everybody.write_text(f"staff = 1.0\nis_test = true\n{shipped_text}", encoding="utf-8")
    scenario = find_scenario(str(everybody))
    kinds = {
        opening.opener.kind
        for number in NUMBERS[:300]
        for opening in fate_in(scenario, 1, number, 0, URLS).openings
    }

    assert Kind.HUMAN in kinds
    assert Kind.OPERATOR not in kinds


def test_the_same_seed_gives_the_same_fates_and_the_next_text_others() -> None:
    again = [fate_in(MIXED, 1, number, 0, URLS) for number in NUMBERS[:100]]

    assert again == [fate_in(MIXED, 1, number, 0, URLS) for number in NUMBERS[:100]]
    assert again != [fate_in(MIXED, 1, number, 1, URLS) for number in NUMBERS[:100]]
    assert again != [fate_in(MIXED, 2, number, 0, URLS) for number in NUMBERS[:100]]


def test_all_addresses_are_of_this_machine(fates: dict[str, Fate]) -> None:
    addresses = {item.address for fate in fates.values() for item in fate.openings}

    assert all(ipaddress.ip_address(address).is_loopback for address in addresses)


def test_a_text_that_fails_is_opened_by_nobody(fates: dict[str, Fate]) -> None:
    failed = [fate for fate in fates.values() if fate.error_code]

    assert 0.02 < len(failed) / len(fates) < 0.045
    assert not any(fate.openings or fate.reply for fate in failed)


def test_carriers_look_before_the_text_arrives_and_people_tap_after(fates: dict[str, Fate]) -> None:
    for fate in fates.values():
        for opening in fate.openings:
            if opening.opener.kind is Kind.HUMAN:
                assert opening.after_seconds > fate.settled_after_seconds
            if opening.opener.name == "carrier_bare" and opening.url == URLS[0]:
                assert opening.after_seconds < max(fate.settled_after_seconds, 0.06)


def test_canaries_are_opened_by_machines_only() -> None:
    numbers = [f"+1{area}{CANARY_ENDING}" for area in range(201, 999)]
    kinds = Counter(
        opening.opener.kind
        for number in numbers
        for opening in fate_in(MIXED, 1, number, 0, URLS).openings
    )

    assert kinds[Kind.SCANNER] > 50
    assert kinds[Kind.HUMAN] == kinds[Kind.OPERATOR] == 0


def test_the_newcomers_own_number_and_texts_without_links_are_left_alone() -> None:
    assert fate_in(MIXED, 1, "+12125550100", 0, URLS).openings == ()
    assert not any(fate_in(MIXED, 1, number, 0, []).openings for number in NUMBERS[:200])


def test_a_scenario_is_found_by_its_name_or_its_file(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_bytes((shipped("mixed") / "mixed.toml").read_bytes().replace(b'"mixed"', b'"own"'))

    assert find_scenario(str(own)).name == "own"
    with pytest.raises(BadScenario, match=r"nowhere.toml is no scenario\. .*There is no such file"):
        find_scenario("nowhere.toml")
