"""The hours in which marketing texts may arrive, by country and US state, each with its source.

One table. A region is a country (`FR`) or a state (`US-FL`); a state's rule adds to its country's,
so only what is stricter is written down. `basis` says what the source speaks of: texts, calls (then
it is the nearest thing that is written) or a convention of the trade. Not legal advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tapline.hours.windows import Span, Week

Basis: TypeAlias = Literal["texts", "calls", "convention"]

REFERRIZER = "support.referrizer.com, TCPA quiet hours and state-specific rules"
CLICKPOINT = "blog.clickpointsoftware.com/telemarketing-calling-hours-by-state, July 2025"
DROPCOWBOY = "dropcowboy.com/state-compliance, 1 November 2025"
STELLO = "usestello.com/compliance, 8 April 2026"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When texts may arrive in one region, and who says so. `seen` is when the source was read."""

    region: str
    week: Week
    basis: Basis
    source: str
    seen: str = "November 2026"


def _span(hours: str) -> Span:
    """Read "8-20", "9-21:30" or "" (closed all day)."""
    if not hours:
        return None
    opens, closes = (_minutes(each) for each in hours.split("-"))
    return opens, closes


def _minutes(time: str) -> int:
    hour, _, minute = time.partition(":")
    return int(hour) * 60 + int(minute or 0)


def week(
    days: str, *, saturday: str | None = None, sunday: str | None = None, holidays: str = ""
) -> Week:
    """Return a week that has the same hours every day but those that are named."""
    saturday = days if saturday is None else saturday
    sunday = days if sunday is None else sunday
    return Week((*[_span(days)] * 5, _span(saturday), _span(sunday)), holidays)


# Where no rule is known: what platforms keep to by default.
DEFAULT_WEEK = week("8-20")
DEFAULT_SOURCE = "help.getvero.com, SMS quiet hours compliance (8 pm to 8 am is quiet)"

# Why answers may leave at any hour: an immediate reply to what a person asked for is no marketing.
ANSWERS_SOURCE = (
    "FCC, Declaratory Ruling of 10 July 2015 on on-demand texts:"
    " responsemagazine.com/drma/fcc-says-demand-text-messages-do-not-violate-tcpa-8790"
)

_STATES: tuple[Rule, ...] = (
    Rule(
        region="US-AL",
        week=week("8-20", sunday="", holidays="US"),
        basis="calls",
        source=f"Ala. Code § 8-19A-1 ff., Ala. Admin. Code r. 770-X-5-.17: {STELLO}; {CLICKPOINT}",
    ),
    Rule(
        region="US-CA",
        week=week("9-21"),
        basis="calls",
        source=f"Cal. Pub. Util. Code § 2872(c): {STELLO}",
    ),
    Rule(
        region="US-CT",
        week=week("9-20"),
        basis="texts",
        source=f"Conn. Gen. Stat. § 42-288a, SB 1058 of 1 October 2023: {REFERRIZER}; {STELLO}",
    ),
    Rule(
        region="US-FL",
        week=week("8-20"),
        basis="texts",
        source=f"Fla. Stat. § 501.059 (FTSA): {REFERRIZER}; {STELLO}",
    ),
    Rule(
        region="US-IL",
        week=week("9-21"),
        basis="calls",
        source=f"815 ILCS 305, 815 ILCS 413/15: {STELLO}; {CLICKPOINT}",
    ),
    Rule(
        region="US-KY",
        week=week("10-21"),
        basis="calls",
        source=f"KRS 367.46955(3): {STELLO}; {DROPCOWBOY}",
    ),
    Rule(
        region="US-LA",
        week=week("8-20", sunday="", holidays="US"),
        basis="calls",
        source=f"La. R.S. § 45:844.31 ff.: {STELLO}; {CLICKPOINT}",
    ),
    Rule(
        region="US-MA",
        week=week("8-20"),
        basis="calls",
        source=f"Mass. Gen. Laws ch. 159C § 3, 201 CMR 12.00: {STELLO}; {CLICKPOINT}",
    ),
    Rule(
        region="US-MD",
        week=week("8-20"),
        basis="texts",
        source=f"Md. Code Com. Law § 14-3201 ff. (SB 90): {REFERRIZER}; {STELLO}",
    ),
    Rule(
        region="US-MI",
        week=week("9-21"),
        basis="calls",
        source=f"MCL 750.540e: {STELLO}; {DROPCOWBOY}",
    ),
    Rule(
        region="US-MN",
        week=week("9-21"),
        basis="calls",
        source=f"Minn. Stat. § 325E.30: {STELLO}; {DROPCOWBOY}",
    ),
    Rule(
        region="US-MS",
        week=week("8-20", sunday=""),
        basis="calls",
        source=f"{REFERRIZER} (8 to 20); {DROPCOWBOY} (no Sundays)",
    ),
    Rule(
        region="US-NJ",
        week=week("8-20"),
        basis="texts",
        source=f"N.J. Stat. Ann. § 56:8-120 ff., SB 921: {REFERRIZER}",
    ),
    Rule(region="US-NM", week=week("9-21"), basis="calls", source=DROPCOWBOY),
    Rule(region="US-NV", week=week("9-20"), basis="calls", source=DROPCOWBOY),
    Rule(
        region="US-OK",
        week=week("8-20"),
        basis="texts",
        source=f"Okla. Stat. tit. 15, § 775C (HB 3168): {REFERRIZER}; {DROPCOWBOY}",
    ),
    Rule(
        region="US-RI",
        week=week("9-18", saturday="10-17", sunday="10-17"),
        basis="texts",
        source=REFERRIZER,
    ),
    Rule(
        region="US-TX",
        week=week("9-21", sunday="12-21"),
        basis="texts",
        source=f"Tex. Bus. & Com. Code ch. 302, SB 140 of 1 September 2025: {REFERRIZER}",
    ),
    Rule(
        region="US-WA",
        week=week("8-20"),
        basis="calls",
        source="RCW 80.36.390 as amended by HB 1497 (2022); named by help.ascent360.com",
    ),
)

_COUNTRIES: tuple[Rule, ...] = (
    Rule(
        region="AU",
        week=week("9-20", saturday="9-17", sunday="", holidays="AU"),
        basis="calls",
        source="commerce.wa.gov.au/consumer-protection/times-allowed-contact-consumers",
    ),
    Rule(
        region="CA",
        week=week("9-21:30", saturday="10-18", sunday="10-18"),
        basis="calls",
        source="crtc.gc.ca/eng/phone/telemarketing/tobligations/rules-regles.htm",
    ),
    Rule(
        region="DE",
        week=week("8-20"),
        basis="convention",
        source="kb.zap.co.uk/docs/a-guide-to-sms-quiet-hours",
    ),
    Rule(
        region="ES",
        week=week("9-21", saturday="", sunday="", holidays="ES"),
        basis="calls",
        source="Ley General para la Defensa de los Consumidores, art. 96: ruetir.com, May 2023",
    ),
    Rule(
        region="FR",
        week=week("8:30-20", sunday="", holidays="FR"),
        basis="texts",
        source="developers.brevo.com/reference/transactional-sms-1 (8 to 22, no Sundays, no "
        "holidays); Bouygues and SFR take them from 8:30 to 20: element-hq/element-web#7672",
    ),
    *(
        Rule(
            region=region,
            week=week("8-20"),
            basis="convention",
            source="kb.zap.co.uk/docs/a-guide-to-sms-quiet-hours",
        )
        for region in ("GB", "IE", "NL", "NZ")
    ),
    Rule(
        region="US",
        week=week("8-21"),
        basis="texts",
        source=f"47 CFR 64.1200(c)(1), at the recipient's place: {REFERRIZER}",
    ),
)

RULES: dict[str, Rule] = {rule.region: rule for rule in (*_COUNTRIES, *_STATES)}


def weeks_of(region: str, replaced: Mapping[str, Week] | None = None) -> tuple[Week, ...]:
    """Return every week that holds in a region: its country's, or the default, and its own.

    `replaced` has weeks that stand for a rule; a state's leaves its country's as it is.
    """
    weeks = {name: RULES[name].week for name in (region[:2], region) if name in RULES}
    weeks |= {name: its for name, its in (replaced or {}).items() if name in (region[:2], region)}
    return tuple({region[:2]: DEFAULT_WEEK, **weeks}.values())


def rules_of(region: str) -> tuple[Rule, ...]:
    """Return the rules whose weeks hold in a region, the country's first; where none is known, the
    default as a rule."""
    default = Rule(region=region[:2], week=DEFAULT_WEEK, basis="convention", source=DEFAULT_SOURCE)
    found = {region[:2]: RULES.get(region[:2], default)}
    if region in RULES:
        found[region] = RULES[region]
    return tuple(found.values())
