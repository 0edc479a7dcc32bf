"""A workspace with a domain, made the way the product makes them."""

from __future__ import annotations

from tapline.links.bulk import Line
from tapline.links.domains import create_domain
from tapline.links.minting import create_link
from tapline.links.models import Domain, Link, LinkKind, LinkTable
from tapline.links.tables import check_chunk, take_in
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace

ACTOR = "test"


def make_domain(workspace: Workspace | None = None, host: str = "go.example.com") -> Domain:
    return create_domain(
        workspace or create_workspace("Bakery"), f"https://{host}", proved=True, actor=ACTOR
    )


def make_link(domain: Domain, destination: str = "https://www.example.com/menu") -> Link:
    return create_link(domain.workspace, domain, destination, actor=ACTOR)


def make_template(domain: Domain) -> Link:
    return create_link(
        domain.workspace,
        domain,
        "https://www.example.com/{{ first_name }}",
        kind=LinkKind.TEMPLATE,
        actor=ACTOR,
    )


def make_checked_table(domain: Domain) -> LinkTable:
    """Return a table of two lines that was checked; the second cannot become a link."""
    lines = [Line(1, "https://www.example.com/menu", "Menu", "of-a-table"), Line(2, "nowhere")]
    table = take_in(domain.workspace, domain, "links.csv", lines, actor="test")
    table.refresh_from_db()
    check_chunk(table)
    table.refresh_from_db()
    return table
