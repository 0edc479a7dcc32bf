"""How SQL tells a contact's place: the strongest evidence there is, as a key (see `places`).

Each connection gets two small temporary tables, made from the tables in `regions` and from
`phonenumbers`, so that the data is always the one that this version of Tapline came with.
"""

from __future__ import annotations

import functools
import zoneinfo

from django.db.backends.utils import CursorWrapper
from phonenumbers import SUPPORTED_REGIONS

from tapline.hours.places import dialled_ranges
from tapline.hours.regions import postcodes, region_names

# How people name columns; an import turns headers into such names.
COUNTRY_FIELDS = ("country", "country_code", "land", "pays", "pais")
STATE_FIELDS = ("state", "region", "province", "state_code", "bundesland")
POSTCODE_FIELDS = ("zip", "zip_code", "zipcode", "postcode", "postal_code", "post_code", "plz")

# Countries as people write them; the two letters of ISO 3166 are known besides.
_COUNTRY_WORDS = {
    "US": "usa|u.s.|u.s.a.|united states|united states of america|vereinigte staaten|etats-unis",
    "CA": "canada|can|kanada",
    "GB": "uk|u.k.|united kingdom|great britain|england|scotland|wales|northern ireland",
    "DE": "germany|deutschland|allemagne|alemania|deu",
    "FR": "france|frankreich|francia|fra",
    "ES": "spain|españa|espana|spanien|espagne|esp",
    "IT": "italy|italia|italien|italie|ita",
    "NL": "netherlands|the netherlands|nederland|holland|niederlande",
    "AT": "austria|österreich|osterreich|aut",
    "CH": "switzerland|schweiz|suisse|svizzera|che",
    "BE": "belgium|belgique|belgië|belgie|belgien",
    "PT": "portugal|prt",
    "IE": "ireland|irl",
    "AU": "australia|aus",
    "NZ": "new zealand|nzl",
    "MX": "mexico|méxico|mex",
    "BR": "brazil|brasil|bra",
    "IN": "india|ind",
}

MAKE_TABLES = (
    (
        "create temporary table if not exists hours_clue ("
        " kind text, word text, value text, primary key (kind, word))"
    ),
    "create temporary table if not exists hours_dialled (start text primary key, place text)",
)

# Said of most contacts: nothing that stands in any of the columns. Asked in one look, which takes a
# fifth of the time of asking for each (python -m bench prepare).
PLACE = """case when json_extract({contact}.attributes, {all_fields}) = '{all_null}'
  then {unstated} else {stated} end"""

# Without an address: the zone, and where they last tapped or else the number.
UNSTATED = """(
    coalesce('zone:' || (select value from temp.hours_clue
                         where kind = 'zone' and word = nullif({contact}.zone, '')) || ' ', '')
    || coalesce({tap}, {number}))"""

TAP = "(select place from hours_tapplace where contact_id = {contact}.id)"

# Who says in which country they live, and taps in another, is on a journey.
TAP_IN_COUNTRY = """(select place from hours_tapplace
                   where contact_id = {contact}.id
                     and (told.country is null or substr(place, 5, 2) = told.country))"""

NUMBER = """case when substr({contact}.phone, 1, 2) = '+1'
    then 'area:' || substr({contact}.phone, 3, 3)
    else coalesce((select place from temp.hours_dialled
                   where start <= {contact}.phone order by start desc limit 1), '') end"""

STATED = """(
  -- What an address says: state and postcode, postcode, country; else what is known without one.
  select coalesce(
    'address:' || told.region || coalesce('/' || told.postcode, ''),
    'postcode:' || told.postcode,
    -- A number of North America says more than that its owner lives in the US or Canada.
    'address:' || case when told.country in ('US', 'CA') and told.is_american then null
                  else told.country end,
    {unstated_at_home})
  from (
    select said.country, said.is_american,
      case when said.has_states then
        (select value from temp.hours_clue where kind = 'state' and word = said.state) end
        as region,
      case when said.has_states then
        (select value from temp.hours_clue
         where kind = 'postcode' and word = {begin_of_postcode}) end as postcode
    from (
      select at.country, at.state, at.postcode, at.is_american,
        at.country in ('US', 'CA') or (at.is_american and not at.names_country) as has_states
      from (
        select
          (select value from temp.hours_clue
           where kind = 'country' and word = {country}) as country,
          {country} is not null as names_country,
          {state} as state,
          {postcode} as postcode,
          substr({contact}.phone, 1, 2) = '+1' as is_american
      ) at
    ) said
  ) told)"""

# Spreadsheets drop a leading zero; Canadian postcodes begin with a letter.
_BEGIN_OF_POSTCODE = """case
          when said.postcode glob '[0-9][0-9][0-9][0-9]' then '0' || substr(said.postcode, 1, 2)
          when said.postcode glob '[0-9]*' then substr(said.postcode, 1, 3)
          else substr(said.postcode, 1, 1) end"""


def place_sql(contact: str = "c") -> str:
    """Return an expression: the key of the place of the contact alias `contact`.

    Run `make_tables` on the same connection before. Holds no parameters.
    """
    stated = STATED.format(
        contact=contact,
        unstated_at_home=_unstated(contact, TAP_IN_COUNTRY),
        country=stated_sql(contact, COUNTRY_FIELDS, "lower"),
        state=stated_sql(contact, STATE_FIELDS, "lower"),
        postcode=stated_sql(contact, POSTCODE_FIELDS, "upper"),
        begin_of_postcode=_BEGIN_OF_POSTCODE,
    )
    fields = COUNTRY_FIELDS + STATE_FIELDS + POSTCODE_FIELDS
    return PLACE.format(
        contact=contact,
        all_fields=", ".join(f"'$.{name}'" for name in fields),
        all_null=f"[{','.join(['null'] * len(fields))}]",
        unstated=unstated_sql(contact),
        stated=stated,
    )


def unstated_sql(contact: str = "c") -> str:
    """Return an expression: the key of the place as it is without an address."""
    return _unstated(contact, TAP)


def tap_sql(contact: str = "c") -> str:
    """Return an expression: the key of where they last tapped; null where that is not known."""
    return TAP.format(contact=contact)


def number_sql(contact: str = "c") -> str:
    """Return an expression: the key of the place that the number alone tells."""
    return NUMBER.format(contact=contact)


def make_tables(cursor: CursorWrapper) -> None:
    """Fill the connection's temporary tables, unless they are there."""
    for statement in MAKE_TABLES:
        cursor.execute(statement)
    cursor.execute("select exists (select 1 from temp.hours_dialled)")
    if not cursor.fetchone()[0]:
        cursor.executemany("insert into temp.hours_clue values (%s, %s, %s)", _clues())
        cursor.executemany("insert into temp.hours_dialled values (%s, %s)", dialled_ranges())


def country_words(code: str) -> set[str]:
    """Return how people write a country, in small letters: its two letters of ISO 3166 too."""
    return {code.lower(), *_COUNTRY_WORDS.get(code, "").split("|")} - {""}


def _unstated(contact: str, tap: str) -> str:
    return UNSTATED.format(
        contact=contact, tap=tap.format(contact=contact), number=number_sql(contact)
    )


def stated_sql(contact: str, fields: tuple[str, ...], case: str) -> str:
    """Return an expression: what the attributes say in the first of `fields` that is filled, all
    in one `case` ("lower", "upper"); null where none is."""
    values = [
        f"nullif(trim(json_extract({contact}.attributes, '$.{name}')), '')" for name in fields
    ]
    return f"{case}(coalesce({', '.join(values)}))"


@functools.cache
def _clues() -> tuple[tuple[str, str, str], ...]:
    """Return (kind, word, what it means)."""
    rows = {("country", code.lower()): code for code in SUPPORTED_REGIONS}
    for code, words in _COUNTRY_WORDS.items():
        rows |= {("country", word): code for word in words.split("|")}
    for region, name in region_names().items():
        rows |= {("state", region[3:].lower()): region, ("state", name.lower()): region}
    rows |= {("postcode", begin): begin for begin in postcodes()}
    rows |= {("zone", name): name for name in zoneinfo.available_timezones()}
    return tuple((kind, word, value) for (kind, word), value in rows.items())
