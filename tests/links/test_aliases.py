"""Hand-chosen paths."""

from __future__ import annotations

import pytest

from tapline.errors import NotFound
from tapline.links.aliases import AliasTaken, BadAlias, create_alias, delete_alias
from tapline.links.minting import create_link
from tapline.links.models import Alias
from tapline.workspaces.models import AuditEntry
from tapline.workspaces.tree import create_workspace
from tests.links.making import ACTOR, make_domain, make_link, make_template

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/Sale", "sale"),
        ("summer-sale", "summer-sale"),
        ("2026/may", "2026/may"),
        ("234567a", "234567a"),  # a vowel: no code has one
        ("bcdfg", "bcdfg"),  # shorter than any code
        ("bcdfghjkmnpqr", "bcdfghjkmnpqr"),  # longer than any code
    ],
)
def test_a_path_is_lowered_and_leads_to_its_link(raw: str, path: str) -> None:
    domain = make_domain()

    alias = create_alias(domain, raw, make_link(domain), actor=ACTOR)

    assert alias.path == path
    assert AuditEntry.objects.get(action="alias.created").after["path"] == path


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "/",
        "bcdfgh",
        "BCDFGH",
        "23456789",
        "bcdfghjkmnpq",
        "-",
        "-/health",
        "robots.txt",
        "favicon.ico",
        ".well-known/x",
        "a//b",
        "a/",
        "a b",
        "a?b",
        "a%20b",
        "café",
        "<script>",
        "a" * 101,
        "sale\x00",
        "../x",
    ],
)
def test_paths_that_look_like_codes_or_belong_to_tapline_are_refused(raw: str) -> None:
    domain = make_domain()
    link = make_link(domain)

    with pytest.raises(BadAlias):
        create_alias(domain, raw, link, actor=ACTOR)


def test_a_taken_path_names_where_it_leads_and_is_free_once_deleted() -> None:
    domain = make_domain()
    first, second = make_link(domain), make_link(domain, "https://www.example.com/other")
    alias = create_alias(domain, "sale", first, actor=ACTOR)

    with pytest.raises(AliasTaken, match=r"www\.example\.com/menu"):
        create_alias(domain, "SALE", second, actor=ACTOR)
    delete_alias(alias, actor=ACTOR)
    again = create_alias(domain, "sale", second, actor=ACTOR)

    assert Alias.objects.get() == again
    assert (again.link, again.deleted_at) == (second, None)
    assert again.change > alias.change
    assert AuditEntry.objects.filter(action="alias.deleted").count() == 1


def test_a_taken_path_does_not_say_where_another_location_leads() -> None:
    domain = make_domain()
    north = create_workspace("North", parent=domain.workspace)
    south = create_workspace("South", parent=domain.workspace)
    theirs = create_link(north, domain, "https://www.example.com/secret", actor=ACTOR)
    ours = create_link(south, domain, "https://www.example.com/ours", actor=ACTOR)
    create_alias(domain, "sale", theirs, actor=ACTOR)

    with pytest.raises(AliasTaken, match="Another workspace") as refused:
        create_alias(domain, "sale", ours, actor=ACTOR)

    assert "secret" not in str(refused.value)


def test_an_alias_needs_one_page_for_everybody_and_a_domain_of_its_tree() -> None:
    domain = make_domain()
    elsewhere = make_domain(host="elsewhere.example.com")

    with pytest.raises(BadAlias):
        create_alias(domain, "sale", make_template(domain), actor=ACTOR)
    with pytest.raises(NotFound):
        create_alias(elsewhere, "sale", make_link(domain), actor=ACTOR)
