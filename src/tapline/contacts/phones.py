"""How a number as people write it becomes E.164, and how numbers are hashed and masked.

A number counts when it is *possible*: its country code exists and its length fits that country.
It need not be *valid* (in a block that is in use today): blocks open every month, so a table a
year old would refuse real customers, and the ranges reserved for fiction are never in use. A wrong
number costs one text and comes back as a failed receipt; a refused customer is lost.
"""

from __future__ import annotations

import functools
import hashlib
import re

import phonenumbers
from django.utils.translation import gettext_noop
from phonenumbers import NumberParseException, ValidationResult

from tapline import config
from tapline.errors import TaplineError
from tapline.instance.keys import Purpose, derive, load_or_create_master_key

HASH_BYTES = 16

# phonenumbers takes about 40 µs a number, 40 s of a million. These shapes are most of what files
# hold and take 1 µs; tests/contacts/test_phones.py proves that both ways give the same answer.
_INTERNATIONAL = re.compile(r"\+(?:1[2-9]\d{9}|447\d{9}|33[67]\d{8}|491[5-7]\d{8,9})", re.ASCII)
_NORTH_AMERICAN = ("+1", re.compile(r"1?([2-9]\d{9})", re.ASCII))
_NATIONAL: dict[str, tuple[str, re.Pattern[str]]] = {
    "US": _NORTH_AMERICAN,
    "CA": _NORTH_AMERICAN,
    "GB": ("+44", re.compile(r"0(7\d{9})", re.ASCII)),
    "FR": ("+33", re.compile(r"0([67]\d{8})", re.ASCII)),
    "DE": ("+49", re.compile(r"0(1[5-7]\d{8,9})", re.ASCII)),
}
_DECORATION = {ord(character): None for character in " -().\u00a0"}

# North American area codes begin with 2 to 9; phonenumbers looks at lengths alone.
_E164 = re.compile(r"\+(?:1[2-9]\d{9}|[2-9]\d{6,14})", re.ASCII)
# What spreadsheets do to numbers.
_FORMULA = re.compile(r'="?([^"]*)"?')
_SCIENTIFIC = re.compile(r"\+?\d+(?:[.,]\d+)?[eE]\+?\d+", re.ASCII)
_DECIMAL_TAIL = re.compile(r"(\+?\d{6,})[.,]0+", re.ASCII)
_THOUSANDS = re.compile(r"\+?\d{1,3}(?:([,.'’\u00a0\u202f])\d{3})(?:\1\d{3})+", re.ASCII)

_WHY = {
    ValidationResult.TOO_SHORT: gettext_noop("It has too few digits for its country."),
    ValidationResult.TOO_LONG: gettext_noop("It has too many digits for its country."),
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: gettext_noop("Its area code is missing."),
    ValidationResult.INVALID_LENGTH: gettext_noop("Numbers of its country have another length."),
    ValidationResult.INVALID_COUNTRY_CODE: gettext_noop("No country has its country code."),
}


class BadNumber(TaplineError):
    """This is not a number that a text can be sent to."""


def normalise(raw: str, default_country: str) -> str:
    """Return `raw` as E.164 ("+12125550123"); raises `BadNumber`.

    A number without country code belongs to `default_country` (ISO 3166, two letters). Where it
    cannot, but can be a full number that lost its `+`, it is read as that.
    """
    digits = raw.translate(_DECORATION)
    if _INTERNATIONAL.fullmatch(digits):
        return digits
    national = _NATIONAL.get(default_country)
    if national and (match := national[1].fullmatch(digits)):
        return national[0] + match[1]
    return _normalise_thoroughly(raw, default_country)


def country_of(phone: str) -> str:
    """Return the country (ISO 3166) of an E.164 number, the main one of those that share its
    calling code where the number tells no more."""
    number = phonenumbers.parse(phone)
    return phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )


def hash_phone(phone: str) -> str:
    """Return the keyed hash of an E.164 number: 32 hex digits, for ever the same on an instance."""
    return hashlib.blake2b(phone.encode(), digest_size=HASH_BYTES, key=_hash_key()).hexdigest()


def mask(phone: str) -> str:
    """Return a number as logs and pages may show it: its first and last two digits."""
    return f"{phone[:3]}…{phone[-2:]}" if len(phone) > 7 else "…"


def looks_like_number(raw: str) -> bool:
    """Say whether a cell can hold a phone number at all: tells number columns from others."""
    text = undo_spreadsheet(raw)
    digits = sum(character.isdigit() for character in text)
    others = sum(character.isalpha() for character in text)
    return 7 <= digits <= 17 and (others == 0 or bool(_SCIENTIFIC.fullmatch(text)))


def undo_spreadsheet(raw: str) -> str:
    """Return `raw` without what spreadsheets put around numbers: quotes, formulas, separators."""
    text = raw.strip().lstrip("'’`").strip()
    if match := _FORMULA.fullmatch(text):
        text = match[1].strip().lstrip("'")
    if match := _DECIMAL_TAIL.fullmatch(text):
        text = match[1]
    if match := _THOUSANDS.fullmatch(text):
        text = text.replace(match[1], "")
    return text


def _normalise_thoroughly(raw: str, default_country: str) -> str:
    text = undo_spreadsheet(raw)
    if _SCIENTIFIC.fullmatch(text):
        raise _digits_lost(raw)
    phone, why = _parse(text, default_country)
    if phone is None:
        # An export that dropped the `+`, or kept a 00 that this country does not dial.
        digits = re.sub(r"\D", "", text).removeprefix("00")
        if len(digits) >= 11 and not digits.startswith("0") and not re.search(r"[^\W\d_]", text):
            phone, _ = _parse(f"+{digits}", default_country)
    if phone is None:
        raise _bad(raw, why)
    return phone


def _parse(text: str, country: str) -> tuple[str | None, str]:
    """Return the number as E.164, or None and why not."""
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException as error:
        return None, _parse_failure(error, country)
    if number.extension:
        return None, gettext_noop("It has an extension, and texts reach no extensions.")
    verdict = phonenumbers.is_possible_number_with_reason(number)
    if verdict != ValidationResult.IS_POSSIBLE:
        return None, _WHY.get(verdict, gettext_noop("It cannot exist."))
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return (
        (phone, "")
        if _E164.fullmatch(phone)
        else (None, gettext_noop("No area code is like that."))
    )


def _parse_failure(error: NumberParseException, country: str) -> str:
    if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
        if country not in phonenumbers.SUPPORTED_REGIONS:
            return _reason(f"It has no country code, and '{country}' is no country.")
        return gettext_noop("No country has its country code.")
    if error.error_type == NumberParseException.TOO_LONG:
        return gettext_noop("It has too many digits.")
    return gettext_noop("It has too few digits, or none.")


def _reason(sentence: str) -> str:
    """Return a sentence with values in it: by this call `web.error_patterns` finds what it says."""
    return sentence


def _bad(raw: str, why: str) -> BadNumber:
    shown = raw.strip()[:40]
    return BadNumber(
        f"'{shown}' is not a phone number." if shown else "The phone number is missing.",
        why=why if shown else gettext_noop("The cell is empty."),
        do="Write it with its country code, like +1 212 555 0123.",
    )


def _digits_lost(raw: str) -> BadNumber:
    return BadNumber(
        f"'{raw.strip()[:40]}' is not a whole phone number.",
        why="A spreadsheet rounded it and its last digits are lost.",
        do="Format the column as text in the spreadsheet, paste the numbers anew, and export it.",
    )


@functools.cache
def _hash_key() -> bytes:
    master = load_or_create_master_key(config.current().master_key_path)
    return derive(master, Purpose.PHONE_HASHES)
