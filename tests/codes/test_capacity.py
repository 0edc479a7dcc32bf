"""How long codes must be."""

from __future__ import annotations

from tapline.codes.capacity import capacity, fitting_length


def test_eight_letters_serve_28_million_and_nine_1350_million() -> None:
    assert 28_000_000 < capacity(8) < 28_500_000
    assert 1_350_000_000 < capacity(9) < 1_360_000_000


def test_codes_stay_short_until_one_guess_in_a_million_would_hit() -> None:
    assert fitting_length({}, capacity(8), shortest=8) == 8
    assert fitting_length({8: 1}, capacity(8), shortest=8) == 9
    assert fitting_length({8: capacity(8), 9: capacity(9)}, 1, shortest=8) == 10


def test_a_full_domain_has_no_fitting_length() -> None:
    assert fitting_length({12: capacity(12)}, capacity(12), shortest=12) is None
