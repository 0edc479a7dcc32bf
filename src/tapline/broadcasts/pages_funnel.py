"""How a report tells how many recipients came how far: from the audience to a tap."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from tapline.broadcasts.reports import Report
from tapline.numerals import percent


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is called, how many took it, and what share of the step before in words."""

    words: str
    count: int
    share: str = ""


def funnel(report: Report) -> list[Step]:
    """Return the steps from recipients to people who tapped.

    Delivered is left out where no receipt ever came, and people who tapped where all recipients
    are only counted: nobody knows either number.
    """
    steps = [
        Step(_("Recipients"), report.recipients),
        Step(
            _("Sent"),
            report.sent,
            _share(_("%(share)s of the recipients"), report.sent, report.recipients),
        ),
    ]
    if report.rate_base == "delivered":
        told = _share(_("%(share)s of those sent"), report.delivered, report.sent)
        steps.append(Step(_("Delivered"), report.delivered, told))
    if not report.names_nobody:
        steps.append(Step(_("People who tapped"), report.human_clickers, _tapped(report)))
    return steps


def _tapped(report: Report) -> str:
    """Return the click rate in the words of a step; who is only counted is in neither number."""
    if not report.sent:
        return ""
    words = (
        _("%(share)s of those delivered")
        if report.rate_base == "delivered"
        else _("%(share)s of those sent")
    )
    return words % {"share": percent(report.click_rate)}


def _share(words: str, part: int, whole: int) -> str:
    return words % {"share": percent(min(1.0, part / whole))} if whole else ""
