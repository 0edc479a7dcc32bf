"""Hand-chosen public paths such as `/sale`: which ones there can be, and who has them."""

from __future__ import annotations

import re

from django.db import transaction
from django.utils import timezone

from tapline.codes.alphabet import is_code
from tapline.errors import Conflict, NotFound, TaplineError
from tapline.links.changes import next_change
from tapline.links.models import Alias, Domain, Link, LinkKind
from tapline.workspaces.audit import record

# `-` begins the edge's own addresses; browsers and crawlers ask every host for the other two.
RESERVED = ("-", "favicon.ico", "robots.txt")

_PATH = re.compile(r"(?=.{1,100}$)[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")


class BadAlias(TaplineError):
    """The path cannot be an alias."""


class AliasTaken(Conflict):
    """Another link already uses this alias."""


def create_alias(domain: Domain, path: str, link: Link, *, actor: str) -> Alias:
    """Return a new alias: `domain/path` leads where `link` leads. Upper case is lowered.

    Raises `BadAlias`, `AliasTaken`, and `NotFound` for a link that may not use the domain.
    """
    path = check_path(path)
    _check_link(domain, link)
    with transaction.atomic():
        change = next_change()  # Also locks: two who choose one path take turns.
        existing = Alias.objects.filter(domain=domain, path=path).select_related("link").first()
        if existing is not None and existing.deleted_at is None:
            raise taken(existing, link.workspace_id)
        alias = existing or Alias(domain=domain, path=path)
        alias.link, alias.deleted_at, alias.change = link, None, change
        alias.save()
        after = {"path": path, "link": link.pk}
        record(link.workspace, actor, "alias.created", alias, after=after)
    return alias


def delete_alias(alias: Alias, *, actor: str) -> None:
    """Take an alias away; edges forget it within a second, and it may be chosen again."""
    with transaction.atomic():
        alias.deleted_at, alias.change = timezone.now(), next_change()
        alias.save(update_fields=["deleted_at", "change"])
        before = {"path": alias.path, "link": alias.link_id}
        record(alias.link.workspace, actor, "alias.deleted", alias, before=before)


def check_path(raw: str) -> str:
    """Return `raw` as the path of an alias, lowered, without a leading slash. Raises `BadAlias`."""
    path = plain_path(raw)
    if path.split("/")[0] in RESERVED:
        raise _bad_alias(raw, "Tapline itself answers there.")
    if not _PATH.fullmatch(path):
        raise _bad_alias(
            raw, "It may have up to 100 letters a to z, digits, dots, dashes, underscores, slashes."
        )
    if is_code(path):
        raise _bad_alias(raw, "It looks like a code that a recipient may have.")
    return path


def plain_path(raw: str) -> str:
    """Return the path that somebody means by what they typed, whether it can be one or not."""
    return raw.strip().removeprefix("/").lower()


def taken(existing: Alias, workspace_id: int) -> AliasTaken:
    """Return what a workspace is told that wants the path of an alias that is there."""
    why, do = f"It leads to {existing.link.destination}.", "Choose another, or delete that first."
    if existing.link.workspace_id != workspace_id:
        # Where another location's alias leads is not this one's business.
        why, do = "Another workspace uses it on this domain.", "Choose another alias."
    return AliasTaken(f"The alias '{existing.path}' is taken.", why=why, do=do)


def _check_link(domain: Domain, link: Link) -> None:
    if domain.workspace_id not in link.workspace.ancestor_ids or domain.deleted_at is not None:
        raise NotFound(
            "There is no such domain here.",
            why="A link may use the domains of its workspace and of those above it in the tree.",
            do="Choose one of the domains listed for this workspace.",
        )
    if link.kind == LinkKind.TEMPLATE:
        raise _bad_alias(link.name, "The link's destination has merge fields, and nobody to fill.")


def _bad_alias(raw: str, why: str) -> BadAlias:
    return BadAlias(
        f"'{raw[:60]}' cannot be an alias.", why=why, do="Choose a word, such as 'summer-sale'."
    )
