"""One opening of a text in people's words: what it counts as and why, on what, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tapline.clicks.evidence import Verdict
from tapline.clicks.openings import Opening
from tapline.clicks.reason_words import COUNTS_AS, reason_in_words
from tapline.names import country_name


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """One opening as pages show it."""

    opening: Opening
    counts_as: str
    before: str  # what it counted as before it was corrected; "" where it never was
    why: str
    device: str
    place: str
    destination: str

    @property
    def by_person(self) -> bool:
        return self.opening.verdict == Verdict.HUMAN


def tell_opening(opening: Opening, destinations: Mapping[int, str]) -> OpeningLine:
    """Return an opening in words; `destinations`: link → where it leads."""
    return OpeningLine(
        opening=opening,
        counts_as=str(COUNTS_AS[opening.verdict]),
        before=_before(opening),
        why=reason_in_words(opening.reasons) or _("Nothing speaks against a person."),
        device=_device(opening),
        place=opening.city or opening.region or country_name(opening.country),
        destination=destinations.get(opening.link, ""),
    )


def _before(opening: Opening) -> str:
    """Return what an opening counted as before; nothing where only the reason changed."""
    if opening.earlier_verdict in ("", opening.verdict):
        return ""
    return str(COUNTS_AS[opening.earlier_verdict])


def _device(opening: Opening) -> str:
    """Return what it was opened on as far as it said so: «Pixel 8, Android, Chrome Mobile»."""
    words = (opening.device, opening.os, opening.app or opening.browser)
    return ", ".join(dict.fromkeys(word for word in words if word))
