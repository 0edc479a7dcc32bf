"""How links come to be, and how they get codes for their recipients."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from tapline.destinations import check_destination, check_template, with_utm
from tapline.errors import NotFound, TaplineError
from tapline.links.changes import next_change
from tapline.links.domains import own_hosts
from tapline.links.generations import cipher_of
from tapline.links.models import Campaign, CodeRange, Domain, Link, LinkKind, Offer
from tapline.links.serials import SerialRun, take_serials
from tapline.turns import Turns
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

# Few enough that a turn holds the writer for some 15 ms (python -m bench personal).
PERSONAL_BATCH = 1_500

INSERT_PERSONAL = """
-- One personal link per destination, in their order. It expires and is disabled as its template is
-- at this moment; campaign and offer are looked up there.
insert into links_link (workspace_id, domain_id, kind, parent_id, name, destination,
    expires_at, disabled_at, created_at, change)
select template.workspace_id, template.domain_id, 'personal', template.id, '', wanted.value,
    template.expires_at, template.disabled_at, %(now)s, %(change)s
from links_link template
cross join json_each(%(destinations)s) wanted
where template.id = %(template)s
order by wanted.key
"""

PERSONAL_IDS = """
-- The personal links of one batch, in the order in which they were inserted. (`+` keeps the index
-- on parents out: by it each batch would walk over all that were made before.)
select id from links_link where change = %(change)s and +parent_id = %(template)s order by id
"""

INSERT_RANGES = """
-- A range of one for each personal link: its code.
insert into links_coderange
    (generation_id, domain_id, length, first, count, link_id, first_position, template_id, change)
select value ->> 0, %(domain)s, value ->> 1, value ->> 2, 1, value ->> 3, value ->> 4,
    %(template)s, %(change)s
from json_each(%(ranges)s)
"""


class BadLink(TaplineError):
    """The link cannot be made as asked."""


@dataclass(frozen=True, slots=True)
class _Personal:
    """One personal link to be: its serial, position and destination."""

    run: SerialRun
    serial: int
    position: int
    destination: str


def create_link(
    workspace: Workspace,
    domain: Domain,
    destination: str,
    *,
    kind: str = LinkKind.SHARED,
    parent: Link | None = None,
    name: str = "",
    campaign: Campaign | None = None,
    offer: Offer | None = None,
    utm: Mapping[str, str] | None = None,
    expires_at: dt.datetime | None = None,
    actor: str,
) -> Link:
    """Return a new link, its destination checked and with UTM fields. It has no codes yet.

    A TEMPLATE's destination may hold merge fields. Raises `BadDestination`, and `BadLink` or
    `NotFound` where domain, campaign or offer belong to others.
    """
    refuse_strangers(workspace, domain, campaign, offer)
    check = check_template if kind == LinkKind.TEMPLATE else check_destination
    with transaction.atomic():
        link = Link.objects.create(
            workspace=workspace,
            domain=domain,
            kind=kind,
            parent=parent,
            name=name,
            destination=with_utm(check(destination, own_hosts=own_hosts()), utm or {}),
            campaign=campaign,
            offer=offer,
            expires_at=expires_at,
            change=next_change(),
        )
        record(workspace, actor, "link.created", link, after={"destination": link.destination})
    return link


def mint_range(link: Link, count: int, *, first_position: int = 0) -> list[CodeRange]:
    """Give codes to the positions `first_position … first_position + count - 1` of `link`.

    As `mint_ranges`, for one run of positions.
    """
    return mint_ranges(link, [(first_position, count)])


def mint_ranges(link: Link, runs: Sequence[tuple[int, int]]) -> list[CodeRange]:
    """Give codes to many runs `(first position, count)` of positions; return the new ranges.

    Usually one range per run; more where a code would collide with an older generation's. Must
    not be called inside a transaction, because serials are handed out in one of their own. A
    position that gets codes twice keeps both; the newest is what `CodeBook` tells. Raises
    `NoCodesLeft`.
    """
    _refuse_uncoded(link, LinkKind.TEMPLATE)
    serials = take_serials(link.domain, sum(count for _, count in runs))
    with transaction.atomic():
        change = next_change()
        return CodeRange.objects.bulk_create(
            CodeRange(
                generation=run.generation,
                domain_id=link.domain_id,
                length=run.length,
                first=run.first,
                count=run.count,
                link=link,
                first_position=position,
                change=change,
            )
            for run, position in _pair_up(serials, runs)
        )


def mint_personal(
    template: Link, destinations: Sequence[str], *, first_position: int | Sequence[int]
) -> list[str]:
    """Make a personal link with a code for each destination below `template`; return the codes.

    `destinations` are filled ones (`destinations.fill_destination` of a checked template).
    `first_position` is the position of the first (the others follow), or one for each. Written
    in turns of `PERSONAL_BATCH`; must not be called inside a transaction. Raises `NoCodesLeft`.
    """
    _refuse_uncoded(template, LinkKind.SHARED, LinkKind.PERSONAL)
    positions = (
        range(first_position, first_position + len(destinations))
        if isinstance(first_position, int)
        else first_position
    )
    runs = take_serials(template.domain, len(destinations))
    serials = ((run, run.first + offset) for run in runs for offset in range(run.count))
    personal = [
        _Personal(run, serial, position, destination)
        for (run, serial), position, destination in zip(
            serials, positions, destinations, strict=True
        )
    ]
    for start in range(0, len(personal), PERSONAL_BATCH):
        _write_personal(template, personal[start : start + PERSONAL_BATCH])
    return [code for run in runs for code in _codes_of(run)]


def refuse_strangers(
    workspace: Workspace, domain: Domain, campaign: Campaign | None, offer: Offer | None
) -> None:
    """Raise `NotFound` where a domain, campaign or offer is not the workspace's to use."""
    if domain.workspace_id not in workspace.ancestor_ids or domain.deleted_at is not None:
        raise NotFound(
            "There is no such domain here.",
            why=f"'{workspace.name}' may use its own domains and those above it in the tree.",
            do="Choose one of the domains listed for this workspace.",
        )
    for thing in (campaign, offer):
        if thing is not None and thing.workspace_id not in workspace.ancestor_ids:
            raise NotFound(
                f"There is no such {thing._meta.verbose_name} here.",
                why=f"'{workspace.name}' may use its own and those above it in the tree.",
                do="Choose one that is listed for this workspace.",
            )


def _write_personal(template: Link, batch: Sequence[_Personal]) -> None:
    """Write links and ranges of one batch in one turn."""
    destinations = _packed([each.destination for each in batch])
    with _turns.take(), connection.cursor() as cursor:
        values = {
            "template": template.pk,
            "domain": template.domain_id,
            "change": next_change(),
            "now": connection.ops.adapt_datetimefield_value(timezone.now()),
        }
        cursor.execute(INSERT_PERSONAL, values | {"destinations": destinations})
        cursor.execute(PERSONAL_IDS, values)
        ranges = [
            (each.run.generation.pk, each.run.length, each.serial, link, each.position)
            for each, (link,) in zip(batch, cursor.fetchall(), strict=True)
        ]
        cursor.execute(INSERT_RANGES, values | {"ranges": _packed(ranges)})


def _packed(rows: Sequence[object]) -> str:
    """Return rows as one parameter, which the database unfolds: a statement a row takes longer."""
    return msgspec.json.encode(rows).decode()


def _codes_of(run: SerialRun) -> list[str]:
    serials = np.arange(run.first, run.first + run.count)
    codes: list[str] = (
        cipher_of(run.generation, run.length).encode_many(serials).astype(str).tolist()
    )
    return codes


def _pair_up(
    serials: Iterable[SerialRun], positions: Iterable[tuple[int, int]]
) -> Iterator[tuple[SerialRun, int]]:
    """Cut runs of serials and runs of positions to common pieces: (serials, first position)."""
    supply = iter(serials)
    run, used = next(supply, None), 0
    for position, count in positions:
        at = position
        while at < position + count:
            if run is not None and used == run.count:
                run, used = next(supply), 0
            assert run is not None
            taken = min(run.count - used, position + count - at)
            yield SerialRun(run.generation, run.length, run.first + used, taken), at
            used += taken
            at += taken


def _refuse_uncoded(link: Link, *kinds: str) -> None:
    if link.kind in kinds:
        raise BadLink(
            f"A {link.kind} link gets no codes this way.",
            why="A template's codes belong to its personal links, a shared link's to itself.",
            do="Use mint_personal for templates and mint_range for other links.",
        )


# Of all personal links made in this process, one call after the other.
_turns = Turns()
