"""The page on which a workspace decides about quiet hours, by clicks, calls and commands."""

from __future__ import annotations

import datetime as dt
import json
from html import unescape

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tapline.errors import TaplineError
from tapline.hours.commands import hours
from tapline.hours.deciding import decide, policy_of
from tapline.hours.rules import RULES, week
from tapline.hours.words import local_moment
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.web.api_client import caller_of, error_of
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand() -> Workspace:
    return create_workspace("Head office")


@pytest.fixture
def shop(brand: Workspace) -> Workspace:
    return create_workspace("Shop", parent=brand)


def _page(browser: Client, workspace: Workspace) -> str:
    answer = browser.get(reverse("hours:show", args=[workspace.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_rule_is_shown_as_switched_on_with_its_source(shop: Workspace) -> None:
    page = _page(member_of(shop), shop)
    assert "every rule holds as it stands" in page
    for rule in RULES.values():
        assert rule.source in unescape(page)
    assert "Mon–Sat 9:00–21:00, Sun 12:00–21:00" in page  # Texas


def test_an_owner_decides_and_the_audit_says_so(shop: Workspace) -> None:
    owner = member_of(shop)
    form = {
        "own_hours": "Mon-Fri 9-18",
        "at_night": "skip",
        "service_waits": "yes",
        "answers_wait": "",
        "most_texts": "4",
        "cap_days": "",
        "give_up_hours": "",
    }

    answer = owner.post(reverse("hours:change", args=[shop.pk]), form)

    assert answer.status_code == 302
    policy = policy_of(shop)
    assert (policy.at_night, policy.service_waits, policy.most_texts) == ("skip", True, 4)
    assert policy.own == (week("9-18", saturday="", sunday=""),)
    assert history(shop)[0].action == "hours.changed"
    page = _page(owner, shop)
    assert 'value="Mon–Fri 9:00–18:00, Sat–Sun closed"' in page
    assert '<option value="skip" selected>' in page


def test_what_is_decided_above_is_shown_with_who_decided_it(
    brand: Workspace, shop: Workspace
) -> None:
    decide(brand, own_hours="9-20", service_waits=True, most_texts=3, actor="test")
    decide(brand, replaced={"US-FL": "8-21"}, actor="test")

    page = _page(member_of(shop), shop)

    assert "every day 9:00–20:00 holds as well, decided by Head office" in page
    assert "as decided above: wait for open hours (Head office)" in page
    assert "as decided above: leave at any hour (the default)" in page
    assert "Empty: 3 (Head office)" in page
    assert "Back to the rule" in page


def test_a_rule_is_replaced_and_taken_back(brand: Workspace, shop: Workspace) -> None:
    owner, address = member_of(shop), reverse("hours:replace", args=[shop.pk])

    owner.post(address, {"region": "Florida", "hours": "8-21"})
    assert dict(policy_of(shop).replaced) == {"US-FL": week("8-21")}
    assert "<s class=" in _page(owner, shop)
    owner.post(address, {"region": "US-FL", "back": "above"})
    assert policy_of(shop).replaced == ()
    decide(brand, replaced={"US-FL": "8-21"}, actor="test")
    owner.post(address, {"region": "US-FL", "back": "rule"})
    assert policy_of(shop).replaced == ()
    assert policy_of(brand).replaced


def test_what_cannot_be_read_is_said_and_does_not_have_to_be_typed_again(shop: Workspace) -> None:
    owner = member_of(shop)
    change, replace = (reverse(f"hours:{name}", args=[shop.pk]) for name in ("change", "replace"))

    for address, form in (
        (change, {"own_hours": "at noon", "most_texts": "7"}),
        (change, {"most_texts": "²"}),
        (change, {"cap_days": "0"}),
        (replace, {"region": "Atlantis", "hours": "9-20"}),
        (replace, {"region": "FR", "hours": ""}),
    ):
        answer = owner.post(address, form)
        assert answer.status_code == 422, form
        for value in form.values() if address == change else ():
            assert f'value="{value}"' in answer.content.decode()
    assert not history(shop).filter(action="hours.changed").exists()


def test_senders_read_and_managers_decide(shop: Workspace) -> None:
    sender = member_of(shop, Role.SENDER)
    assert "Managers decide." in _page(sender, shop)
    for name in ("change", "replace"):
        form = {"region": "US-FL", "hours": "0-24", "own_hours": ""}
        assert sender.post(reverse(f"hours:{name}", args=[shop.pk]), form).status_code == 403
    assert policy_of(shop).replaced == ()


def test_programs_read_and_decide(brand: Workspace, shop: Workspace) -> None:
    decide(brand, at_night="skip", actor="test")
    caller = caller_of(shop)

    changed = caller.patch(
        "/hours", {"own_hours": "9-20", "most_texts": 4, "replaced": {"FR": "Mon-Sat 9-19"}}
    )

    assert changed == caller.get("/hours")
    decisions = {each["name"]: each for each in changed["decisions"]}
    assert decisions["at_night"]["decided_by"] == "Head office"
    assert decisions["most_texts"] == {
        "name": "most_texts",
        "value": 4,
        "decided_by": "Shop",
        "is_own": True,
    }
    assert changed["own_hours"][0]["hours"] == "every day 9:00–20:00"
    (france,) = [rule for rule in changed["rules"] if rule["region"] == "FR"]
    assert france["instead"] == "Mon–Sat 9:00–19:00, Sun closed"
    caller.patch("/hours", {"own_hours": None})
    assert policy_of(shop).own == ()
    assert policy_of(shop).most_texts == 4  # What a call leaves out stays.
    answer = caller.call("PATCH", "/hours", {"own_hours": "noon"})
    assert answer.status_code == 422
    assert "noon" in error_of(answer)["why"]


def test_reading_needs_less_than_deciding(shop: Workspace) -> None:
    reader = caller_of(shop, ["hours:read"])
    assert reader.get("/hours")["rules"]
    assert reader.call("PATCH", "/hours", {"most_texts": 1}).status_code == 403


def test_the_command_line_shows_and_decides(shop: Workspace) -> None:
    def run(*words: str) -> str:
        outcome = CliRunner().invoke(hours, [*words, "--workspace", "Shop"], catch_exceptions=False)
        assert outcome.exit_code == 0, outcome.output
        return outcome.output

    decided = json.loads(
        run("set", "--own", "9-20", "--cap", "4/14", "--service", "wait", "--at-night", "skip",
            "--give-up", "24", "--replace", "US-FL=8-21", "--replace", "FR=", "--json")
    )  # fmt: skip
    told = {each["name"]: each["value"] for each in decided["decisions"]}
    assert told == {
        "service_waits": True,
        "answers_wait": False,
        "most_texts": 4,
        "cap_days": 14,
        "at_night": "skip",
        "give_up_hours": 24,
    }
    assert dict(policy_of(shop).replaced) == {"US-FL": week("8-21")}
    run("set", "--cap", "above", "--own", "", "--service", "above", "--replace", "US-FL=above")
    policy = policy_of(shop)
    assert (policy.most_texts, policy.cap_days, policy.own, policy.replaced) == (0, 7, (), ())
    assert policy.at_night == "skip"
    shown = run("show")
    assert "Rhode Island" in shown
    assert "everywhere else" in shown


def test_the_command_line_says_what_is_no_number(shop: Workspace) -> None:
    with pytest.raises(TaplineError, match="«many» is no number"):
        CliRunner().invoke(
            hours, ["set", "--workspace", "Shop", "--cap", "many/7"], catch_exceptions=False
        )


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "Sun 29 Nov 21:00"), ("de", "So 29. Nov 21:00"), ("es", "dom 29 nov 21:00")],
)
def test_a_moment_is_told_in_the_language_of_the_page(language: str, told: str) -> None:
    with translation.override(language):
        assert (
            local_moment(dt.datetime(2026, 11, 29, 20, 0, tzinfo=dt.UTC), "Europe/Berlin") == told
        )
