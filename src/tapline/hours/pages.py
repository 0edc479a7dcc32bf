"""The page on which a workspace decides about quiet hours, with every rule and its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tapline import config
from tapline.digits import whole_number
from tapline.errors import TaplineError
from tapline.hours.deciding import decide
from tapline.hours.models import HoursSetting
from tapline.hours.reading import BadHours
from tapline.hours.rules import ANSWERS_SOURCE
from tapline.hours.standing import EVERYWHERE_ELSE, Decided, Standing, standing_of
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

WORDS = {
    "service_waits": gettext_lazy("Service texts, such as «your order is ready»"),
    "answers_wait": gettext_lazy("Answers to somebody who wrote to you"),
    "at_night": gettext_lazy("Marketing texts whose place is closed"),
}
# What may be chosen for each, as it is posted, and in words.
CHOICES: dict[str, dict[str, str | Promise]] = {
    "service_waits": {
        "no": gettext_lazy("leave at any hour"),
        "yes": gettext_lazy("wait for open hours"),
    },
    "answers_wait": {
        "no": gettext_lazy("leave at any hour"),
        "yes": gettext_lazy("wait for open hours"),
    },
    "at_night": {
        "wait": gettext_lazy("wait for the recipient's morning"),
        "skip": gettext_lazy("are left out"),
    },
}
NUMBERS = ("most_texts", "cap_days", "give_up_hours")
BASES = {
    "texts": gettext_lazy("texts"),
    "calls": gettext_lazy("calls, the nearest that is written"),
    "convention": gettext_lazy("a convention of the trade"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision to choose: its name, words and options, and what is decided above."""

    name: str
    words: str | Promise
    options: list[tuple[str, str | Promise]]
    chosen: str
    above: str | Promise


@inside(Need.EDIT)
def show(visit: Visit) -> HttpResponse:
    """Show what holds, who decided it, and the rules with their sources."""
    return _page(visit)


@inside(Need.MANAGE, "POST")
def change(visit: Visit) -> HttpResponse:
    """Keep what the form says; what is left empty is decided above."""
    try:
        decide(visit.workspace, actor=visit.actor, **_read(visit))
    except TaplineError as error:
        return _page(visit, error)
    messages.success(visit.request, _("Kept. It holds from now on, for texts that wait as well."))
    return redirect("hours:show", visit.workspace.pk)


@inside(Need.MANAGE, "POST")
def replace(visit: Visit) -> HttpResponse:
    """Put other hours in the place of one region's rule, or take them back."""
    back = {"rule": "", "above": None}
    hours = back.get(visit.form("back"), visit.form("hours"))
    try:
        if hours == "" and not visit.form("back"):
            raise _no_hours()
        decide(visit.workspace, actor=visit.actor, replaced={visit.form("region"): hours})
    except TaplineError as error:
        return _page(visit, error)
    return redirect("hours:show", visit.workspace.pk)


def _page(visit: Visit, error: TaplineError | None = None) -> HttpResponse:
    standing = standing_of(visit.workspace)
    own = HoursSetting.objects.filter(workspace=visit.workspace).first() or HoursSetting()
    context = {
        "room": "hours",
        "standing": standing,
        "filled": _filled(visit, own) if error else own,
        "choices": list(_choices(standing, own)),
        "above": _above(standing),
        "rules": [(each, BASES[each.basis]) for each in standing.rules],
        "replaced": [each for each in standing.rules if each.instead or each.is_own],
        "regions": [each for each in standing.rules if each.region != EVERYWHERE_ELSE],
        "answers_source": ANSWERS_SOURCE,
        "mode": config.current().quiet_hours,
        "error": error,
    }
    return visit.render("hours/hours.html", context, status=422 if error else 200)


def _read(visit: Visit) -> dict[str, Any]:
    """Return what the form says as `decide` takes it."""
    yes_or_no = {"yes": True, "no": False}
    return {
        "own_hours": visit.form("own_hours"),
        "service_hours": visit.form("service_hours"),
        "service_waits": yes_or_no.get(visit.form("service_waits")),
        "answers_wait": yes_or_no.get(visit.form("answers_wait")),
        "at_night": visit.form("at_night"),
        **{name: _number(visit.form(name)) for name in NUMBERS},
    }


def _number(raw: str) -> int | None:
    if not raw:
        return None
    if (number := whole_number(raw, longest=5)) is None:
        raise BadHours(
            _("«%(value)s» is no number.") % {"value": raw[:20]},
            why=_("Texts, days and hours are counted in whole numbers."),
            do=_("Write it in digits, or leave it empty for what is decided above."),
        )
    return number


def _filled(visit: Visit, own: HoursSetting) -> dict[str, str]:
    """Return what was posted, so that nothing has to be typed again."""
    names = ("own_hours", "service_hours", *NUMBERS)
    return {name: visit.request.POST.get(name, getattr(own, name)) for name in names}


def _choices(standing: Standing, own: HoursSetting) -> Iterator[Choice]:
    for name, words in WORDS.items():
        above, options = standing.above[name], CHOICES[name]
        held = _told(options[_as_posted(above.value)], above)
        yield Choice(name, words, list(options.items()), _as_posted(getattr(own, name)), held)


def _told(words: str | Promise, decided: Decided) -> str:
    """Return a decision and whose it is: «wait for open hours (Head office)»."""
    by = decided.by.name if decided.by else _("the default")
    return f"{words} ({by})"


def _as_posted(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value or "")


def _above(standing: Standing) -> dict[str, Any]:
    """Return what is decided outside this workspace, for the form's hints."""
    numbers = {name: _told(str(d.value), d) for name, d in standing.above.items()}
    hours = {
        name: [each for each in getattr(standing, name) if not each.is_own]
        for name in ("own_hours", "service_hours")
    }
    return {**numbers, **hours}


def _no_hours() -> BadHours:
    return BadHours(
        _("There are no hours to put there."),
        why=_("A rule is replaced by other hours."),
        do=_("Write them like: every day 9:00–20:00."),
    )
