"""What is no plain number is none, whatever else it looks like."""

from __future__ import annotations

import pytest

from tapline.digits import whole_number


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("0", 0),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),  # more than a database takes
        *((raw, None) for raw in ("", " 1", "-1", "1.5", "²", "٣", "one")),
    ],
)
def test_a_number_is_plain_digits(raw: str, number: int | None) -> None:
    assert whole_number(raw) == number


def test_a_number_may_be_shorter_still() -> None:
    assert (whole_number("99", longest=2), whole_number("100", longest=2)) == (99, None)
