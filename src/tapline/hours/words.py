"""Places, hours and moments in people's words."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from django.utils.dateformat import format as date_format
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from tapline.hours.places import Place, known_zone
from tapline.hours.regions import region_names
from tapline.hours.windows import Span, Week

# Countries with a rule of their own; others are told by their two letters.
_COUNTRIES = {
    "AU": gettext_lazy("Australia"),
    "CA": gettext_lazy("Canada"),
    "DE": gettext_lazy("Germany"),
    "ES": gettext_lazy("Spain"),
    "FR": gettext_lazy("France"),
    "GB": gettext_lazy("United Kingdom"),
    "IE": gettext_lazy("Ireland"),
    "NL": gettext_lazy("Netherlands"),
    "NZ": gettext_lazy("New Zealand"),
    "US": gettext_lazy("United States"),
}


def describe_place(place: Place) -> str:
    """Return a place and how it is known: «Florida, by area code 305»."""
    return _("%(place)s, by %(evidence)s") % {
        "place": name_regions(place.regions),
        "evidence": _evidence(place),
    }


def name_region(region: str) -> str:
    """Return the name of a country or state; "" for none."""
    return str(_COUNTRIES.get(region) or region_names().get(region, region))


def name_regions(regions: tuple[str, ...]) -> str:
    """Return the names of regions; of many only how many they are."""
    names = [name_region(region) or _("somewhere") for region in regions]
    if len(names) > 3:
        return _("one of %(count)d places") % {"count": len(names)}
    return _(" or ").join(names)


def _evidence(place: Place) -> str:
    words = {
        "address": _("the address they gave"),
        "postcode": _("postcode %(value)s…"),
        "tap": _("where they last tapped"),
        "zone": _("time zone %(value)s"),
        "area": _("area code %(value)s"),
        "number": _("calling code %(value)s"),
        "workspace": _("the workspace's own time zone %(value)s"),
    }
    return words[place.evidence] % {"value": place.value}


def describe_week(week: Week) -> str:
    """Return a week's hours as they are typed: «Mon–Sat 9:00–21:00, Sun 12:00–21:00»."""
    with override("en"):
        return tell_week(week)


def tell_week(week: Week) -> str:
    """Return a week's hours in the language of the page: «Mo–Sa 9:00–21:00, So geschlossen»."""
    groups: list[tuple[int, int, Span]] = []
    for day, span in enumerate(week.days):
        if groups and groups[-1][2] == span:
            groups[-1] = (groups[-1][0], day, span)
        else:
            groups.append((day, day, span))
    told = [f"{_days(first, last)} {_hours(span)}" for first, last, span in groups]
    return ", ".join([*told, *([_("no public holidays")] if week.holidays else [])])


def local_moment(moment: dt.datetime, zone: str, *, with_year: bool = False) -> str:
    """Return a moment as clocks and calendars there show it: «Wed 4 Mar 08:00», in the
    language of the page."""
    there = moment.astimezone(zoneinfo.ZoneInfo(known_zone(zone)))
    # Translators: how a moment is written, in the letters of Django's date filter.
    return date_format(there, _("D j M Y H:i") if with_year else _("D j M H:i"))


def _days(first: int, last: int) -> str:
    if (first, last) == (0, 6):
        return _("every day")
    names = WEEKDAYS_ABBR[first], WEEKDAYS_ABBR[last]
    return str(names[0]) if first == last else f"{names[0]}–{names[1]}"


def _hours(span: Span) -> str:
    if span is None:
        return _("closed")
    return "–".join(f"{minutes // 60}:{minutes % 60:02}" for minutes in span)
