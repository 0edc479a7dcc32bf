"""Whose taps are only counted, so that nobody can say afterwards who it was that tapped.

A workspace names countries, or everybody; what is named above it in the tree holds here too. A
country means its calling code: numbers do not tell the United States from Canada.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from phonenumbers import SUPPORTED_REGIONS, country_code_for_region

from tapline.errors import TaplineError
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

EVERYBODY = "*"


class BadCountry(TaplineError):
    """A country was named that is none."""


@dataclass(frozen=True, slots=True)
class OnlyCounted:
    """Which recipients are only counted: sorted ISO 3166 codes, or `EVERYBODY` alone."""

    countries: tuple[str, ...] = ()

    @property
    def is_everybody(self) -> bool:
        return self.countries == (EVERYBODY,)

    @property
    def prefixes(self) -> list[str]:
        """The beginnings of their numbers, each once, such as "+49"."""
        if self.is_everybody:
            return ["+"]
        return sorted({f"+{country_code_for_region(each)}" for each in self.countries})

    def covers(self, phone: str) -> bool:
        """Say whether the recipient with this number (E.164) is only counted."""
        return phone.startswith(tuple(self.prefixes))

    def sql(self, column: str) -> str:
        """Return `covers` as a condition on a column of numbers, without parameters."""
        tests = [f"substr({column}, 1, {len(each)}) = '{each}'" for each in self.prefixes]
        return f"({' or '.join(tests)})" if tests else "false"


def only_counted(workspace: Workspace) -> OnlyCounted:
    """Return who is only counted in `workspace`: what it names, and what those above it name."""
    named = Workspace.objects.filter(pk__in=workspace.ancestor_ids)
    return _joined(
        each for countries in named.values_list("only_counted", flat=True) for each in countries
    )


def only_counted_above(workspace: Workspace) -> OnlyCounted:
    """Return what the workspaces above name: it cannot be taken back here."""
    named = Workspace.objects.filter(pk__in=workspace.ancestor_ids).exclude(pk=workspace.pk)
    return _joined(
        each for countries in named.values_list("only_counted", flat=True) for each in countries
    )


def set_only_counted(workspace: Workspace, countries: Sequence[str], *, actor: str) -> None:
    """Name the countries (ISO 3166, any case), or `EVERYBODY`, of this workspace.

    It holds for texts that are prepared or written from now on; what was sent before stays as it
    is. Raises `BadCountry`.
    """
    wanted = _joined(each.strip().upper() for each in countries)
    for each in wanted.countries:
        if each != EVERYBODY and each not in SUPPORTED_REGIONS:
            raise _no_country(each)
    with transaction.atomic():
        fresh = Workspace.objects.select_for_update().get(pk=workspace.pk)
        before, fresh.only_counted = fresh.only_counted, list(wanted.countries)
        fresh.save(update_fields=["only_counted"])
        record(
            fresh,
            actor,
            "workspace.only_counted_changed",
            fresh,
            before={"only_counted": before},
            after={"only_counted": fresh.only_counted},
        )
    workspace.only_counted = fresh.only_counted


def _joined(countries: Iterable[str]) -> OnlyCounted:
    named = {each for each in countries if each}
    return OnlyCounted((EVERYBODY,) if EVERYBODY in named else tuple(sorted(named)))


def _no_country(word: str) -> BadCountry:
    return BadCountry(
        f"'{word}' is no country.",
        why="Countries are named by the two letters of ISO 3166.",
        do="Write DE for Germany, FR for France; * means everybody.",
    )
