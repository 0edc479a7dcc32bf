"""The audit is found by person, kind and day, page by page, and leaves as a file."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

import tapline
from tapline.workspaces.audit import record, user_actor
from tapline.workspaces.audit_reading import PER_PAGE
from tapline.workspaces.audit_words import ACTIONS
from tapline.workspaces.members import members_of
from tapline.workspaces.models import AuditEntry, Workspace
from tapline.workspaces.tree import create_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

FILE_ENDINGS = {"csv", "txt"}


@pytest.fixture
def bakery() -> Workspace:
    return create_workspace("Bakery")


@pytest.fixture
def owner(bakery: Workspace) -> Client:
    return member_of(bakery)


def _change(bakery: Workspace, actor: str, action: str = "workspace.changed") -> AuditEntry:
    return record(bakery, actor, action, bakery, {"name": "A"}, {"name": "=B"})


def _page(owner: Client, bakery: Workspace, **query: str) -> str:
    return owner.get(reverse("workspaces:audit", args=[bakery.pk]), query).content.decode()


def test_changes_are_told_in_words_with_who_made_them(owner: Client, bakery: Workspace) -> None:
    _change(bakery, user_actor(members_of(bakery).get().user))

    page = _page(owner, bakery)

    assert "Changed the workspace" in page
    assert f"owner-{bakery.pk}-false@example.com" in page


def test_they_are_found_by_person_kind_and_day(owner: Client, bakery: Workspace) -> None:
    _change(bakery, "api key 7")
    early = _change(bakery, "worker", "domain.proved")
    AuditEntry.objects.filter(pk=early.pk).update(
        at=dt.datetime(2026, 1, 5, 23, tzinfo=dt.UTC), object_kind="domain"
    )
    asked = {
        "who": {"actor": "worker"},
        "kind": {"kind": "domain"},
        "day": {"since": "2026-01-05", "until": "2026-01-05"},
    }

    for query in asked.values():
        page = _page(owner, bakery, **query)
        assert "Proved a domain" in page, query
        assert "Changed the workspace" not in page, query
    assert "Nothing changed that fits." in _page(owner, bakery, until="2026-01-04")


def test_a_day_is_the_workspaces_own(owner: Client, bakery: Workspace) -> None:
    Workspace.objects.filter(pk=bakery.pk).update(zone="Asia/Tokyo")
    entry = _change(bakery, "worker", "domain.proved")
    AuditEntry.objects.filter(pk=entry.pk).update(at=dt.datetime(2026, 1, 5, 23, tzinfo=dt.UTC))

    assert "Proved a domain" in _page(owner, bakery, since="2026-01-06", until="2026-01-06")
    assert "Proved a domain" not in _page(owner, bakery, until="2026-01-05")


def test_pages_follow_each_other_without_gap_or_repeat(owner: Client, bakery: Workspace) -> None:
    AuditEntry.objects.all().delete()
    made = [_change(bakery, f"api key {number}").actor for number in range(PER_PAGE * 2 + 3)]
    seen: list[str] = []
    query: dict[str, str] = {}
    for _ in range(4):  # Three pages are enough.
        page = _page(owner, bakery, **query)
        seen += re.findall(r'<span class="small">(api key \d+)</span>', page)
        _change(bakery, "newer")  # What happens meanwhile moves no page.
        older = re.search(r'href="\?before=(\d+)"', page)
        if not older:
            break
        query = {"before": older[1]}

    assert seen == made[::-1]


def test_it_leaves_as_csv_and_json_with_the_same_filter(owner: Client, bakery: Workspace) -> None:
    _change(bakery, "worker")
    _change(bakery, "api key 7")

    def fetch(kind: str) -> str:
        address = reverse("workspaces:export-audit", args=[bakery.pk, kind])
        return owner.get(address, {"actor": "worker"}).content.decode()

    (row,) = json.loads(fetch("json"))
    (cells,) = csv.DictReader(fetch("csv").splitlines())
    assert (row["actor"], row["after"]) == ("worker", {"name": "=B"})
    assert cells["action"] == "workspace.changed"
    assert json.loads(cells["before"]) == {"name": "A"}


def test_a_strange_file_kind_and_strange_filters_do_no_harm(
    owner: Client, bakery: Workspace
) -> None:
    address = reverse("workspaces:export-audit", args=[bakery.pk, "exe"])

    assert owner.get(address).status_code == 404
    assert "What changed" in _page(owner, bakery, before="x", since="y", actor="\x00")
    assert "What changed" in _page(owner, bakery, since="0001-01-01", until="9999-12-31")


def test_every_action_that_the_product_writes_down_has_words_and_no_words_are_left_over() -> None:
    assert _actions_in_code() == set(ACTIONS)


def _actions_in_code() -> set[str]:
    """Return what is written like an action, of a known kind or with a known verb."""
    kinds, verbs = ({each.split(".")[part] for each in ACTIONS} for part in (0, 1))
    source = Path(tapline.__file__).parent
    files = [each for each in source.rglob("*.py") if each.parent.name != "migrations"]
    files.remove(source / "workspaces" / "audit_words.py")
    found = {
        each.group(1, 2)
        for file in files
        for each in re.finditer(r'"([a-z_]+)\.([a-z_]+)"', file.read_text())
    }
    alike = {each for each in found if each[0] in kinds or each[1] in verbs}
    return {f"{kind}.{verb}" for kind, verb in alike if verb not in FILE_ENDINGS}
