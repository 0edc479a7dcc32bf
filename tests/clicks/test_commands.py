"""`tapline clicks rejudge` says first what changes, and changes it when it is told to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tapline.clicks.commands import clicks
from tests.clicks.test_second_look import ACME, mend_rules, verdicts
from tests.clicks.world import NOON, elsewhere, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str, feed: str = "") -> Result:
    return CliRunner().invoke(clicks, ["rejudge", *arguments], input=feed)


def run_json(*arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run("--json", *arguments).stdout)
    return told


@pytest.fixture
def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two openings by AcmeShield that older rules took for people, and one by a person."""
    world = elsewhere(make_world(3))
    take_in(world.tap(0, agent=ACME), world.tap(1, agent=ACME), world.tap(2))
    mend_rules(monkeypatch)


@pytest.mark.usefixtures("mended")
def test_it_says_in_words_what_changes_and_asks() -> None:
    told = run(feed="n\n")
    assert told.exit_code == 1
    assert "2  counted as a person, now as a security scanner" in told.stdout
    assert "1  count as before" in told.stdout
    assert verdicts() == {"human": 3}

    told = run(feed="y\n")
    assert told.exit_code == 0
    assert "Changed: 3" in told.stdout
    assert verdicts() == {"human": 1, "scanner": 2}

    assert "nothing to change" in run().stdout


@pytest.mark.usefixtures("mended")
def test_a_program_is_told_first_and_changes_with_yes() -> None:
    differences = [
        {"before": "human", "now": "scanner", "clicks": 2},
        {"before": "human", "now": "human", "clicks": 1},
    ]
    assert run_json() == {"differences": differences, "changed": 0}
    assert verdicts() == {"human": 3}
    assert run_json("--yes") == {"differences": differences, "changed": 3}
    assert verdicts() == {"human": 1, "scanner": 2}
    assert run_json("--yes") == {"differences": [], "changed": 0}


@pytest.mark.usefixtures("mended")
def test_older_openings_can_be_left_out() -> None:
    assert run_json("--since", f"{NOON:%Y-%m-%d}", "--yes")["changed"] == 3
    assert run_json("--since", "2026-11-03")["differences"] == []


@pytest.mark.usefixtures("mended")
def test_openings_before_the_day_stay() -> None:
    assert run_json("--since", "2026-11-03", "--yes")["changed"] == 0
    assert verdicts() == {"human": 3}


def test_a_day_that_is_none_is_refused() -> None:
    told = run("--since", "yesterday")
    assert told.exit_code == 2
    assert "yesterday" in told.stderr
