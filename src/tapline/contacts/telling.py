"""By what way somebody's word came, and who wrote it down, as a person would say it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tapline.contacts.roles import ContactRole
from tapline.workspaces.audit import names_of_actors

# What the ledger calls the way: what pages call it.
WAYS: dict[str, Callable[[], str]] = {
    "api": lambda: _("another system told us"),
    "form": lambda: _("on a sign-up form"),
    "import": lambda: _("as an imported file says"),
    "keyword": lambda: _("by texting a keyword"),
    "page": lambda: _("noted on this page"),
    "provider": lambda: _("their carrier or phone told the provider"),
    "reply": lambda: _("by a reply"),
}

FIELDS: dict[str, Callable[[], str]] = {
    "language": lambda: _("Language"),
    "role": lambda: _("Counts as"),
    "tags": lambda: _("Tags"),
    "zone": lambda: _("Time zone"),
}


def way_in_words(source: str) -> str:
    """Return the way of a consent or an opt-out in words; what a member wrote stays as it is."""
    words = WAYS.get(source)
    return words() if words else _("told by: %(source)s") % {"source": source}


def doers(actors: Iterable[str]) -> Mapping[str, str]:
    """Return actor → who wrote something down, in words; empty for what happens by itself."""
    return {actor: _doer(actor, name) for actor, name in names_of_actors(actors).items()}


def _doer(actor: str, name: str) -> str:
    if actor in ("worker", ""):
        return ""
    if actor.startswith("api key "):
        return _("by another system")
    return _("by %(name)s") % {"name": name}


def changed_in_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return «name: before → after» for each thing that differs."""
    names = sorted({*before, *after}, key=lambda name: (name in FIELDS, name))
    return [
        _("%(name)s: %(old)s → %(new)s")
        % {
            "name": FIELDS[name]() if name in FIELDS else name,
            "old": _plain(name, before.get(name)),
            "new": _plain(name, after.get(name)),
        }
        for name in names
        if before.get(name) != after.get(name)
    ]


def _plain(name: str, value: object) -> str:
    if value in (None, "", []):
        return "–"
    if name == "role" and value in ContactRole.values:
        return str(ContactRole(value).label).split(":")[0]
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def moment_in_words(at: dt.datetime, zone: str) -> str:
    """Return a time on the clock of `zone`, as «12 May 2026, 14:05»."""
    local = at.astimezone(ZoneInfo(zone))
    return _("%(day)s, %(time)s") % {
        "day": date_format(local, "DATE_FORMAT"),
        "time": f"{local:%H:%M}",
    }
