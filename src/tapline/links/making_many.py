"""Many links at once: their rows in a few statements, all in the caller's one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tapline.destinations import check_destination
from tapline.links.aliases import AliasTaken, check_path, taken
from tapline.links.changes import next_change
from tapline.links.codebook import CodeBook
from tapline.links.generations import cipher_of
from tapline.links.minting import refuse_strangers
from tapline.links.models import Alias, Campaign, CodeRange, Domain, KeyGeneration, Link, Offer
from tapline.links.serials import take_serials
from tapline.workspaces.models import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One link that is to be made, checked by `check_wanted`. Without an alias it gets a code."""

    destination: str
    alias: str = ""
    name: str = ""
    campaign: Campaign | None = None
    offer: Offer | None = None
    expires_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was handed out and leads nowhere yet."""

    generation: KeyGeneration
    length: int
    serial: int
    letters: str


@dataclass(frozen=True, slots=True)
class Made:
    """What one wanted link became: its id and address, or nothing where its alias was taken."""

    link_id: int | None
    short_link: str = ""
    refusal: AliasTaken | None = None


def check_wanted(destination: str, alias: str, own_hosts: Collection[str]) -> tuple[str, str]:
    """Return both as they are kept. Raises `BadDestination` and `BadAlias`."""
    return (
        check_destination(destination, own_hosts=own_hosts),
        check_path(alias) if alias else "",
    )


def taken_aliases(domain: Domain, paths: Iterable[str]) -> dict[str, Alias]:
    """Return path → alias for those of `paths` that lead somewhere on `domain` already."""
    return {path: each for path, each in _aliases(domain, paths).items() if not each.deleted_at}


def take_codes(domain: Domain, count: int) -> list[Code]:
    """Hand out `count` codes. Not inside a transaction (see `serials`); raises `NoCodesLeft`."""
    codes: list[Code] = []
    for run in take_serials(domain, count) if count else []:
        serials = range(run.first, run.first + run.count)
        letters = cipher_of(run.generation, run.length).encode_many(np.array(serials))
        codes += [
            Code(run.generation, run.length, serial, text)
            for serial, text in zip(serials, letters.astype(str).tolist(), strict=True)
        ]
    return codes


def make_many(
    workspace: Workspace, domain: Domain, wanted: Sequence[Wanted], codes: Iterable[Code]
) -> list[Made]:
    """Make a link for each of `wanted` and say what became of each, in their order.

    Inside the caller's transaction, which also writes the audit. `codes` has one for each without
    an alias. No two of `wanted` may name one alias. Raises `NotFound` for another's domain.
    """
    refuse_strangers(workspace, domain, None, None)
    change = next_change()  # Also locks: two who choose one path take turns.
    known = _aliases(domain, [each.alias for each in wanted if each.alias])
    supply = iter(codes)
    refused = {path: each for path, each in known.items() if not each.deleted_at}
    free = [each for each in wanted if each.alias not in refused]
    links = Link.objects.bulk_create(_link(workspace, domain, each, change) for each in free)
    pairs = list(zip(free, links, strict=True))
    _keep_aliases(domain, known, pairs, change)
    coded = {link.pk: next(supply) for each, link in pairs if not each.alias}
    CodeRange.objects.bulk_create(
        _range(domain, link, code, change) for link, code in coded.items()
    )
    made = (
        Made(link.pk, CodeBook.url(domain, each.alias or coded[link.pk].letters))
        for each, link in pairs
    )
    return list(_in_order(workspace, wanted, refused, made))


def _in_order(
    workspace: Workspace,
    wanted: Iterable[Wanted],
    refused: dict[str, Alias],
    made: Iterator[Made],
) -> Iterator[Made]:
    for each in wanted:
        if each.alias in refused:
            yield Made(None, refusal=taken(refused[each.alias], workspace.pk))
        else:
            yield next(made)


def _aliases(domain: Domain, paths: Iterable[str]) -> dict[str, Alias]:
    """Return path → alias, deleted ones too, for those of `paths` that were chosen once."""
    rows = Alias.objects.filter(domain=domain, path__in=list(paths)).select_related("link")
    return {each.path: each for each in rows}


def _keep_aliases(
    domain: Domain, known: dict[str, Alias], pairs: Iterable[tuple[Wanted, Link]], change: int
) -> None:
    aliases = [
        Alias(
            pk=known[each.alias].pk if each.alias in known else None,
            domain=domain,
            path=each.alias,
            link=link,
            change=change,
        )
        for each, link in pairs
        if each.alias
    ]
    Alias.objects.bulk_create(each for each in aliases if each.pk is None)
    again = [each for each in aliases if each.pk is not None and each.path in known]
    Alias.objects.bulk_update(again, ["link", "change", "deleted_at"])


def _link(workspace: Workspace, domain: Domain, wanted: Wanted, change: int) -> Link:
    return Link(
        workspace=workspace,
        domain=domain,
        name=wanted.name,
        destination=wanted.destination,
        campaign=wanted.campaign,
        offer=wanted.offer,
        expires_at=wanted.expires_at,
        change=change,
    )


def _range(domain: Domain, link_id: int, code: Code, change: int) -> CodeRange:
    return CodeRange(
        generation=code.generation,
        domain=domain,
        length=code.length,
        first=code.serial,
        count=1,
        link_id=link_id,
        change=change,
    )
