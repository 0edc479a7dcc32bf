"""Words and figures as pages write them: `{% load tapline %}`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tapline.numerals import grouped, percent
from tapline.web.error_words import translated
from tapline.web.static_files import bundled_url

register = template.Library()
register.simple_tag(bundled_url, name="bundled")
register.filter(translated)
register.filter(grouped)
register.filter(percent)


@register.filter
def unlocalised(number: float) -> str:
    """Return a number as SVG reads it, whatever the page's language."""
    return str(number)


@register.filter
def ago(moment: datetime | None) -> str:
    """Return how long ago something was, in its largest unit: «2 s ago»."""
    if moment is None:
        return "–"
    return seconds_ago((timezone.now() - moment).total_seconds())


def seconds_ago(seconds: float) -> str:
    """Return «now», «2 s ago», «5 min ago», «3 h ago» or «2 days ago»."""
    if seconds < 1:
        return _("now")
    if seconds < 60:
        return _("%(count)d s ago") % {"count": seconds}
    if seconds < 3600:
        return _("%(count)d min ago") % {"count": seconds // 60}
    if seconds < 86400:
        return _("%(count)d h ago") % {"count": seconds // 3600}
    days = int(seconds // 86400)
    return ngettext("%(count)d day ago", "%(count)d days ago", days) % {"count": days}


@register.filter
def share(part: int, whole: int) -> float:
    """Return part ÷ whole for a bar's length, 0 where there is nothing."""
    return part / whole if whole else 0.0


@register.filter
def localtime_input(moment: datetime | None, zone: str) -> str:
    """Return a time as `<input type=datetime-local>` holds it, on the clock of `zone`."""
    return "" if moment is None else moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


@register.filter
def time_of_day(moment: datetime) -> str:
    """Return «14:05» by the clock that a time is told by. Django's `date` would take its own."""
    return f"{moment:%H:%M}"
