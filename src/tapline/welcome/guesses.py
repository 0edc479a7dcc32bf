"""In which country somebody is, as their browser tells: by time zone, or by what it asks for."""

from __future__ import annotations

import functools
import re
import zoneinfo
from pathlib import Path

from phonenumbers import SUPPORTED_REGIONS

# «de-AT,de;q=0.9»: the first language that names a country.
_WITH_COUNTRY = re.compile(r"\b[a-zA-Z]{2,3}(?:-[a-zA-Z]{4})?-([a-zA-Z]{2})\b")


def country_asked_for(accept_language: str) -> str:
    """Return the country of the first language that names one, by its two letters; else ""."""
    named = (each.upper() for each in _WITH_COUNTRY.findall(accept_language))
    return next((each for each in named if each in SUPPORTED_REGIONS), "")


@functools.cache
def countries_of_zones() -> dict[str, str]:
    """Return time zone → country. Source: the `zone.tab` of the time zone database that this
    machine has; without one, nothing is known."""
    tables = (Path(folder) / "zone.tab" for folder in zoneinfo.TZPATH)
    found = next((each for each in tables if each.is_file()), None)
    return read_zone_table(found.read_text(encoding="utf-8")) if found else {}


def read_zone_table(text: str) -> dict[str, str]:
    """Return zone → country of a `zone.tab`: country, coordinates and zone between tabs."""
    lines = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {fields[2]: fields[0] for fields in lines if len(fields) > 2}
