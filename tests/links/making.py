"""A workspace with a domain, made the way the product makes them."""

from __future__ import annotations

from tapline.links.domains import create_domain
from tapline.links.minting import create_link
from tapline.links.models import Domain, Link, LinkKind
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
