"""What a comparison of variants says, in words that claim no more than the numbers do."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tapline.broadcasts.variant_odds import Kind
from tapline.broadcasts.variants import VariantReport
from tapline.numerals import grouped, points


def in_words(report: VariantReport) -> tuple[str, str]:
    """Return what can be said, and why, in a sentence or two each."""
    return _WORDS[report.outcome.kind](report)


def _better(report: VariantReport) -> tuple[str, str]:
    return (
        _("%(letter)s did better.") % {"letter": _best(report)},
        _lead(report) + " " + _("It holds whoever the uncertain openings were."),
    )


def _unclear(report: VariantReport) -> tuple[str, str]:
    return (
        _("%(letter)s is ahead, but it is not certain.") % {"letter": _best(report)},
        _lead(report)
        + " "
        + _("If the uncertain openings of the others were all people, it would not hold."),
    )


def _alike(report: VariantReport) -> tuple[str, str]:
    return (
        _("They did alike."),
        _("No difference of a point or more is left. Take the one that you like better."),
    )


def _early(report: VariantReport) -> tuple[str, str]:
    more = report.outcome.more_needed
    if more is None:
        return _("Too early to tell."), _("No difference is seen so far.")
    needed = ngettext(
        "To tell the difference seen now, each text needs about %(count)s more recipient.",
        "To tell the difference seen now, each text needs about %(count)s more recipients.",
        more,
    ) % {"count": grouped(more)}
    waiting = "" if report.is_over else _("Taps still come in.") + " "
    return _("Too early to tell."), waiting + needed


def _best(report: VariantReport) -> str:
    return report.variants[report.outcome.best].letter


def _lead(report: VariantReport) -> str:
    difference = report.outcome.difference
    return _("Its click rate is surely between %(low)s and %(high)s points above the next.") % {
        "low": points(difference.low),
        "high": points(difference.high),
    }


_WORDS: dict[Kind, Callable[[VariantReport], tuple[str, str]]] = {
    Kind.BETTER: _better,
    Kind.UNCLEAR: _unclear,
    Kind.ALIKE: _alike,
    Kind.EARLY: _early,
}
