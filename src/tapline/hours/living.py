"""Which contacts live in a country or state, as a condition of SQL: for segments.

The strongest evidence counts, as in `clues`: what their address says, else where they last tapped,
else their number. Zones are left out, since one lies over many states.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from phonenumbers import SUPPORTED_REGIONS, country_code_for_region

from tapline.contacts.question_places import PlaceBook
from tapline.hours.clues import COUNTRY_FIELDS, STATE_FIELDS, country_words, stated_sql, tap_sql
from tapline.hours.places import country_of_prefix
from tapline.hours.regions import TERRITORIES, area_codes, region_names
from tapline.names import country_name

# What an address says decides alone; then the tap; then the number.
LIVES_IN = "coalesce({stated}, {tapped}, {number})"
STATED = "{field} in ({words})"
TAPPED = "{tap} in ('tap:{code}') or {tap} glob 'tap:{code}-*'"
AMERICAN = "(substr(c.phone, 1, 2) = '+1' and substr(c.phone, 3, 3) in ({codes}))"


def lives_in_sql(code: str) -> str | None:
    """Return the condition on the contact alias `c`: do they live in `DE` or `US-FL`?

    None for what is no country or state. Never null; holds no parameters.
    """
    if code in region_names():
        words = {code[3:].lower(), region_names()[code].lower()}
        return _condition(code, STATE_FIELDS, words, _american({code}))
    if code in SUPPORTED_REGIONS:
        return _condition(code, COUNTRY_FIELDS, country_words(code), _number(code))
    return None


def place_codes() -> list[str]:
    """Return every country, and every state of the US and Canada."""
    return [*SUPPORTED_REGIONS, *(code for code in region_names() if code not in TERRITORIES)]


def name_place(code: str) -> str:
    """Return what a country or state is called in the reader's language; "" for neither."""
    if code in region_names():
        return _("%(state)s, %(country)s") % {"state": region_names()[code], "country": code[:2]}
    return country_name(code) if code in SUPPORTED_REGIONS else ""


PLACE_BOOK = PlaceBook(codes=place_codes, name=name_place, condition=lives_in_sql)


def _condition(code: str, fields: tuple[str, ...], words: Iterable[str], number: str) -> str:
    stated = stated_sql("c", fields, "lower")
    return LIVES_IN.format(
        stated=STATED.format(field=stated, words=_listed(words)),
        tapped=f"({TAPPED.format(tap=tap_sql('c'), code=code)})",
        number=number,
    )


def _american(regions: set[str]) -> str:
    codes = [code for code, its in area_codes().items() if regions & set(its)]
    return AMERICAN.format(codes=_listed(codes)) if codes else "false"


def _number(country: str) -> str:
    """Return the condition that a number alone tells of a country; of those that share a calling
    code, the largest has it."""
    calling = country_code_for_region(country)
    if calling == 1:
        known = {region for its in area_codes().values() for region in its}
        states = {each for each in known if each.startswith(f"{country}-")}
        return _american(states - set(TERRITORIES) | {country, f"US-{country}"})
    if country in ("KZ", "RU"):  # +7, of which Kazakhstan has 6 and 7
        sign = "in" if country == "KZ" else "not in"
        return f"(substr(c.phone, 1, 2) = '+7' and substr(c.phone, 3, 1) {sign} ('6', '7'))"
    prefix = f"+{calling}"
    if country_of_prefix(prefix) != country:
        return "false"
    return f"substr(c.phone, 1, {len(prefix)}) = '{prefix}'"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))
