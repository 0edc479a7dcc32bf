"""Numbers as people and spreadsheets write them."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from tapline.contacts.phones import BadNumber, hash_phone, mask, normalise


@pytest.mark.parametrize(
    ("raw", "country", "phone"),
    [
        ("+1 212 555 0123", "US", "+12125550123"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("12125550123", "US", "+12125550123"),
        ("1-212-555-0123", "CA", "+12125550123"),
        ("07700 900123", "GB", "+447700900123"),
        ("7700900123", "GB", "+447700900123"),  # a spreadsheet ate the leading zero
        ("+44 (0)7700 900123", "US", "+447700900123"),
        ("447700900123", "GB", "+447700900123"),
        ("447700900123", "US", "+447700900123"),  # an export lost the plus
        ("00447700900123", "US", "+447700900123"),
        ("00447700900123", "GB", "+447700900123"),
        ("'+447700900123", "US", "+447700900123"),
        ("'07700900123", "GB", "+447700900123"),
        ('="+447700900123"', "US", "+447700900123"),
        ("=+447700900123", "US", "+447700900123"),
        ("12125550123.0", "US", "+12125550123"),
        ("12,125,550,123", "US", "+12125550123"),
        ("2.125.550.123", "US", "+12125550123"),
        ("12'125'550'123", "US", "+12125550123"),
        ("\u00a0212\u00a0555\u00a00123 ", "US", "+12125550123"),
        ("+12125550123", "GB", "+12125550123"),
        ("+447700900123", "US", "+447700900123"),  # full-width, from an IME
        ("٢١٢٥٥٥٠١٢٣", "US", "+12125550123"),
    ],
)
def test_a_number_is_understood_however_it_was_written(raw: str, country: str, phone: str) -> None:
    assert normalise(raw, country) == phone


@pytest.mark.parametrize(
    ("raw", "country", "why"),
    [
        ("", "US", "empty"),
        ("   ", "US", "empty"),
        ("n/a", "US", "too few"),
        ("1.2E+10", "US", "last digits are lost"),
        ("1,2E+10", "US", "last digits are lost"),
        ("4.47701E+11", "GB", "last digits are lost"),
        ("5550123", "US", "area code"),
        ("+1212555", "US", "too few"),
        ("+1212555012345", "US", "too many"),
        ("+999123456789", "US", "country code"),
        ("212-555-0123 x45", "US", "extension"),
        ("2125550123", "XX", "is no country"),
        ("1925200020", "US", "area code"),
        ("12345678901234567890", "US", "too many"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(raw: str, country: str, why: str) -> None:
    with pytest.raises(BadNumber) as caught:
        normalise(raw, country)

    assert why in caught.value.why


def test_the_fast_path_agrees_with_phonenumbers() -> None:
    source = random.Random(7)
    shapes = {
        "US": ["{}" * 10, "1" + "{}" * 10, "+1" + "{}" * 10, "({}{}{}) {}{}{}-{}{}{}{}"],
        "CA": ["{}" * 10, "1 {}{}{} {}{}{}-{}{}{}{}"],
        "GB": ["07" + "{}" * 9, "+447" + "{}" * 9, "07{}{}{} {}{}{}{}{}{}"],
        "FR": ["06" + "{}" * 8, "07" + "{}" * 8, "+336" + "{}" * 8, "+33 7" + " {}{}" * 4],
        "DE": ["015" + "{}" * 8, "017" + "{}" * 9, "+4916" + "{}" * 8, "+4915" + "{}" * 9],
    }
    for country, patterns in shapes.items():
        for pattern in patterns:
            for _ in range(150):
                raw = pattern.format(*(source.randrange(10) for _ in range(10)))
                assert _normalised(raw, country) == _by_phonenumbers(raw, country), (raw, country)


def test_a_hash_is_32_hex_digits_and_tells_numbers_apart() -> None:
    assert len(hash_phone("+12125550123")) == 32
    assert hash_phone("+12125550123") == hash_phone("+12125550123")
    assert hash_phone("+12125550123") != hash_phone("+12125550124")


def test_a_masked_number_does_not_give_the_number_away() -> None:
    assert mask("+12125550123") == "+12…23"
    assert mask("+1234") == "…"


def _normalised(raw: str, country: str) -> str | None:
    try:
        return normalise(raw, country)
    except BadNumber:
        return None


def _by_phonenumbers(raw: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(raw, country)
    except phonenumbers.NumberParseException:
        return None
    verdict = phonenumbers.is_possible_number_with_reason(number)
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    is_possible = verdict == phonenumbers.ValidationResult.IS_POSSIBLE
    # The one rule that phonenumbers lacks: North American area codes begin with 2 to 9.
    return phone if is_possible and not phone.startswith(("+10", "+11")) else None
