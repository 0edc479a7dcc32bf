"""What changed, as people read it."""

from __future__ import annotations

import pytest
from django.utils import timezone, translation

from tapline.broadcasts.models import Broadcast
from tapline.hours.deciding import ADDED_UP, DEFAULTS
from tapline.providers.numbers import SenderDetails
from tapline.replies.automatic import WORDS
from tapline.workspaces.audit_fields import FIELDS, NAMED_BY_PEOPLE, field_words
from tapline.workspaces.audit_values import tell_values
from tapline.workspaces.audit_words import ACTIONS
from tapline.workspaces.changing import FIELDS as OF_WORKSPACES

# What a broadcast keeps for itself: no change by anybody is told of it.
KEPT_FOR_ITSELF = {"id", "token", "workspace", "spent", "next_position", "prepared_to_contact"}
KEPT_FOR_ITSELF |= {"state_before_pause", "created_by", "created_at", "kind"}


def named(name: str) -> str:
    return field_words("workspace.changed", name)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"role": "viewer", "sees_people_below": False}, "role: viewer · sees people below: no"),
        ({"zone": "", "at": None, "tags": []}, "time zone: – · at: – · tags: –"),
        ({"scopes": ["links:read", "links:write"]}, "may: links:read, links:write"),
        ({"scopes": list("abcdefgh")}, "may: a, b, c, d, e and 3 more"),
        ({"options": {"base_url": "https://x.example", "on": True}},
         "settings: (address https://x.example, on yes)"),
        ({"count": 0, "text": "a" * 500}, f"count: 0 · text: {'a' * 160} …"),
        ({}, ""),
    ],
)  # fmt: skip
def test_values_are_told_without_the_signs_of_programs(
    values: dict[str, object], told: str
) -> None:
    assert tell_values(values, named) == told


@pytest.mark.parametrize(
    "at", ["2026-11-30 01:25:36.222679+00:00", "2026-11-30T01:25:36+00:00", "2026-11-30T01:25:36Z"]
)
def test_moments_are_told_on_the_clock_of_the_page(at: str) -> None:
    with timezone.override("America/New_York"):
        assert tell_values({"started_at": at}, named) == "started at: 2026-11-29 20:25"


@pytest.mark.parametrize(
    ("language", "told"), [("de", "Rolle: – · begonnen am: –"), ("es", "papel: – · iniciado el: –")]
)
def test_fields_are_called_by_words_of_the_language(language: str, told: str) -> None:
    with translation.override(language):
        assert tell_values({"role": None, "started_at": None}, named) == told


def test_every_field_that_is_written_down_by_its_name_has_words() -> None:
    of_broadcasts = {each.name for each in Broadcast._meta.concrete_fields} - KEPT_FOR_ITSELF
    of_numbers = set(SenderDetails.__dataclass_fields__)

    assert not {*of_broadcasts, *of_numbers, *OF_WORKSPACES, *WORDS, *DEFAULTS, *ADDED_UP} - set(
        FIELDS
    )


def test_names_that_people_gave_stay_as_they_are() -> None:
    with translation.override("de"):
        assert field_words("contact.changed", "state") == "state"
        assert field_words("contact.changed", "favourite_dish") == "favourite dish"
        assert field_words("contact.changed", "tags") == "Tags"
        assert field_words("style_words.set", "text") == "text"
    assert set(NAMED_BY_PEOPLE) <= set(ACTIONS)
