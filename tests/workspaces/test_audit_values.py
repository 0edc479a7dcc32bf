"""What changed, as people read it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tapline.workspaces.audit_values import tell_values


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"role": "viewer", "sees_people_below": False}, "role: viewer · sees people below: no"),
        ({"zone": "", "at": None, "tags": []}, "zone: – · at: – · tags: –"),
        ({"scopes": ["links:read", "links:write"]}, "scopes: links:read, links:write"),
        ({"scopes": list("abcdefgh")}, "scopes: a, b, c, d, e and 3 more"),
        ({"options": {"base_url": "https://x.example", "on": True}},
         "options: (base url https://x.example, on yes)"),
        ({"count": 0, "text": "a" * 500}, f"count: 0 · text: {'a' * 160} …"),
        ({}, ""),
    ],
)  # fmt: skip
def test_values_are_told_without_the_signs_of_programs(
    values: dict[str, object], told: str
) -> None:
    assert tell_values(values) == told


@pytest.mark.parametrize(
    "at", ["2026-11-30 01:25:36.222679+00:00", "2026-11-30T01:25:36+00:00", "2026-11-30T01:25:36Z"]
)
def test_moments_are_told_on_the_clock_of_the_page(at: str) -> None:
    with timezone.override("America/New_York"):
        assert tell_values({"started_at": at}) == "started at: 2026-11-29 20:25"
