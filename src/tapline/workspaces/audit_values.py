"""What stood in something before and after a change, as people read it. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

Named = Callable[[str], str]

NOTHING = "–"
MOST_ITEMS = 5
MOST_LETTERS = 160
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)")


def tell_values(values: Mapping[str, object], named: Named) -> str:
    """Return names, as `named` calls them, and values in a line: «role: viewer · name: Till»."""
    return " · ".join(f"{named(name)}: {_told(value, named)}" for name, value in values.items())


def _told(value: object, named: Named) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, Mapping):
        told = (f"{named(str(name))} {_told(each, named)}" for name, each in value.items())
        return f"({', '.join(told)})"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed([_told(each, named) for each in value])
    said = str(value)
    if MOMENT.fullmatch(said):
        return f"{timezone.localtime(dt.datetime.fromisoformat(said)):%Y-%m-%d %H:%M}"
    return said if len(said) <= MOST_LETTERS else f"{said[:MOST_LETTERS]} …"


def _listed(items: Sequence[str]) -> str:
    shown = ", ".join(items[:MOST_ITEMS])
    more = len(items) - MOST_ITEMS
    if more <= 0:
        return shown
    return _("%(items)s and %(count)d more") % {"items": shown, "count": more}
