"""What a workspace decides holds below it too, until somebody nearer decides otherwise."""

from __future__ import annotations

import datetime as dt

import pytest

from tapline.hours.deciding import decide, policy_of
from tapline.hours.models import HoursSetting
from tapline.hours.policy import Policy
from tapline.hours.reading import BadHours
from tapline.hours.rules import week
from tapline.hours.standing import standing_of
from tapline.workspaces.audit import history
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace

pytestmark = pytest.mark.django_db

ACTOR = "test"


@pytest.fixture
def brand() -> Workspace:
    return create_workspace("Brand")


@pytest.fixture
def shop(brand: Workspace) -> Workspace:
    return create_workspace("Shop", parent=brand)


def test_without_a_decision_the_rules_hold_and_nothing_else(shop: Workspace) -> None:
    assert policy_of(shop) == Policy(zone="UTC", country="US")
    assert not HoursSetting.objects.exists()


def test_the_nearest_decision_counts_each_by_itself(brand: Workspace, shop: Workspace) -> None:
    decide(brand, most_texts=4, cap_days=7, service_waits=True, at_night="skip", actor=ACTOR)
    decide(shop, most_texts=2, actor=ACTOR)
    decide(brand, cap_days=14, actor=ACTOR)  # What the shop left open goes on to come from above.

    policy = policy_of(shop)

    assert (policy.most_texts, policy.cap_days) == (2, 14)
    assert (policy.service_waits, policy.at_night, policy.give_up_hours) == (True, "skip", 48)
    decide(shop, most_texts=None, service_waits=False, actor=ACTOR)
    policy = policy_of(shop)
    assert (policy.most_texts, policy.service_waits) == (4, False)


def test_own_hours_of_all_workspaces_above_add_up(brand: Workspace, shop: Workspace) -> None:
    decide(brand, own_hours="9-20", actor=ACTOR)
    decide(shop, own_hours="Mon-Fri 8-18", service_hours="7-22", actor=ACTOR)

    policy = policy_of(shop)

    assert policy.own == (week("9-20"), week("8-18", saturday="", sunday=""))
    assert policy.for_texts("marketing") is policy
    assert policy.for_texts("service").own == (week("7-22"),)
    assert policy_of(brand).own == (week("9-20"),)


def test_a_replaced_rule_may_be_put_back_below(brand: Workspace, shop: Workspace) -> None:
    decide(brand, replaced={"Florida": "8-21", "france": "Mon-Sat 9-19"}, actor=ACTOR)
    decide(shop, replaced={"US-FL": ""}, actor=ACTOR)

    assert dict(policy_of(brand).replaced) == {"US-FL": week("8-21"), "FR": week("9-19", sunday="")}
    assert dict(policy_of(shop).replaced) == {"FR": week("9-19", sunday="")}
    decide(shop, replaced={"US-FL": None}, actor=ACTOR)
    assert dict(policy_of(shop).replaced) == dict(policy_of(brand).replaced)


def test_a_countrys_hours_hold_in_its_states_and_a_states_leave_the_countrys() -> None:
    evening = dt.datetime(2026, 3, 4, 20, 30, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    night = evening.replace(hour=22)
    narrower = Policy(replaced=(("US", week("9-20")),))
    assert Policy().is_open("area:404", evening)  # Georgia
    assert not narrower.is_open("area:404", evening)
    without_florida = Policy(replaced=(("US-FL", week("0-24")),))
    assert not Policy().is_open("area:305", evening)
    assert without_florida.is_open("area:305", evening)
    assert not without_florida.is_open("area:305", night)  # 21 o'clock is federal
    assert Policy().is_open("number:+81", evening)  # 10:30 in Tokyo, where no rule is known
    assert not Policy(replaced=(("JP", week("12-14")),)).is_open("number:+81", evening)


def test_it_is_told_who_decided_what(brand: Workspace, shop: Workspace) -> None:
    decide(brand, most_texts=4, own_hours="9-20", replaced={"US-FL": "8-21"}, actor=ACTOR)
    decide(shop, cap_days=30, own_hours="10-19", actor=ACTOR)

    standing = standing_of(shop)

    decided = {name: (d.value, d.by, d.is_own) for name, d in standing.decisions.items()}
    assert decided["most_texts"] == (4, brand, False)
    assert decided["cap_days"] == (30, shop, True)
    assert decided["at_night"] == ("wait", None, False)
    assert standing.above["cap_days"].value == 7
    assert [(d.value, d.by) for d in standing.own_hours] == [
        ("every day 9:00–20:00", brand),
        ("every day 10:00–19:00", shop),
    ]
    (florida,) = [rule for rule in standing.rules if rule.region == "US-FL"]
    assert (florida.hours, florida.instead, florida.by) == (
        "every day 8:00–20:00",
        "every day 8:00–21:00",
        brand,
    )
    assert [rule.region for rule in standing.rules if rule.by] == ["US-FL"]
    assert standing.rules[0].region == "US"
    assert standing.rules[-1].region == "*"


def test_each_decision_is_audited_with_what_changed_and_nothing_else(shop: Workspace) -> None:
    decide(shop, most_texts=4, own_hours="9-20", actor=ACTOR)
    decide(shop, most_texts=4, own_hours=None, replaced={"US-TX": "10-20"}, actor="owner")
    decide(shop, most_texts=4, replaced={"US-TX": "10-20"}, actor="owner")  # nothing new

    newest, first = history(shop)

    assert (first.action, first.after) == (
        "hours.changed",
        {"most_texts": 4, "own_hours": "every day 9:00–20:00"},
    )
    assert newest.actor == "owner"
    assert newest.before == {"own_hours": "every day 9:00–20:00", "US-TX": None}
    assert newest.after == {"own_hours": "", "US-TX": "every day 10:00–20:00"}


@pytest.mark.parametrize(
    "changes",
    [
        {"own_hours": "at noon"},
        {"service_hours": "9-9"},
        {"replaced": {"Atlantis": "9-20"}},
        {"replaced": {"US-XX": "9-20"}},
        {"replaced": {"DE": "9-20, no public holidays"}},  # that calendar is not known
        {"most_texts": -1},
        {"most_texts": 1001},
        {"cap_days": 0},
        {"cap_days": 366},
        {"at_night": "sing"},
        {"give_up_hours": 0},
        {"give_up_hours": 14 * 24 + 1},
    ],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(
    shop: Workspace, changes: dict[str, object]
) -> None:
    with pytest.raises(BadHours):
        decide(shop, actor=ACTOR, **changes)  # type: ignore[arg-type]  # wrong on purpose
    assert not HoursSetting.objects.exists()
    assert not history(shop).exists()
