"""What a record of a MaxMind-format file says: country, region, city, network. Pure.

Never coordinates. Two shapes are in use: MaxMind's own, which DB-IP and others write too (names by
language, subdivisions as a list), and flat ones with a text per field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

LONGEST_NAME = 80

Record = Mapping[str, Any]


class Place(NamedTuple):
    """Where an address is, coarsely. Texts are empty where nothing is known.

    Region and city name what they lie in, so that each is one thing: there is a Georgia in the US
    and one that is a country, and a Springfield in many states.
    """

    country: str = ""  # "US", ISO 3166
    region: str = ""  # "Florida, US"
    city: str = ""  # "Miami, Florida, US"
    network_name: str = ""  # "Example Mobile": who runs the network


NOWHERE = Place()


def read_spot(record: Record) -> Place:
    """Return what one record of a file of places says."""
    country = _country(record)
    region = _text(_first(record.get("subdivisions"))) or _text(record.get("region"))
    return Place(
        country,
        _joined(region, country),
        _joined(_text(record.get("city")), region, country),
        read_network_name(_mapping(record.get("traits"))),
    )


def read_network_name(record: Record) -> str:
    """Return who runs a network, as one record says; else the number of its system."""
    for field in ("autonomous_system_organization", "isp", "organization", "as_name", "name"):
        if name := _text(record.get(field)):
            return name
    number = record.get("autonomous_system_number") or record.get("asn")
    return f"AS{number}" if isinstance(number, int) else _text(number)


def _country(record: Record) -> str:
    code = _mapping(record.get("country")).get("iso_code") or record.get("country_code")
    code = code or record.get("country")
    is_code = isinstance(code, str) and len(code) == 2 and code.isascii() and code.isalpha()
    return str(code).upper() if is_code else ""


def _text(value: Any) -> str:
    """Return a name: a text as it is, of names by language the English one, else any."""
    if isinstance(value, Mapping):
        names = _mapping(value.get("names"))
        value = names.get("en") or next(iter(names.values()), "")
    return " ".join(value.split())[:LONGEST_NAME] if isinstance(value, str) else ""


def _joined(name: str, *around: str) -> str:
    return ", ".join(each for each in (name, *around) if each) if name else ""


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _mapping(value: Any) -> Record:
    return value if isinstance(value, Mapping) else {}
