"""What may be tried beside a broadcast's text: variants, for what share, and who gets none."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.wordings import LETTERS
from tapline.errors import TaplineError

# So that each variant still reaches enough people to tell something.
MOST_VARIANTS = len(LETTERS)
MOST_HELD_OUT = 50


class BadBroadcast(TaplineError):
    """The broadcast cannot be kept as it was written."""


def refuse_bad_split(broadcast: Broadcast) -> None:
    """Raise `BadBroadcast` for variants or shares that cannot be."""
    others = broadcast.variants
    if len(others) > MOST_VARIANTS - 1:
        raise BadBroadcast(
            _("%(count)d texts are too many.") % {"count": len(others) + 1},
            why=_("Each would reach few people, and nothing could be told."),
            do=_("Try %(most)d at most.") % {"most": MOST_VARIANTS},
        )
    if not all(_is_share(each.get("share"), 98) for each in others) or _taken(others) > 99:
        raise BadBroadcast(
            _("The shares of the texts leave nobody for one of them."),
            why=_("Each text needs at least 1 % of the recipients; the first gets the rest."),
            do=_("Give shares in whole per cent that leave at least 1 % for the first text."),
        )
    if len({broadcast.text, *(each["text"] for each in others)}) <= len(others):
        raise BadBroadcast(
            _("Two of the texts are the same."),
            why=_("Nothing can be learned from that."),
            do=_("Change one of them, or leave it out."),
        )
    if broadcast.hold_out and not _is_share(broadcast.hold_out, MOST_HELD_OUT):
        raise BadBroadcast(
            _("The share that gets nothing cannot be like that."),
            why=_("It is a whole number of per cent, up to %(most)d.") % {"most": MOST_HELD_OUT},
            do=_("Choose a smaller one, or 0."),
        )


def even_share(count: int) -> int:
    """Return the share of each further text where `count` texts share evenly."""
    return 100 // count


def _is_share(value: Any, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _taken(others: list[dict[str, Any]]) -> int:
    return sum(each["share"] for each in others)
