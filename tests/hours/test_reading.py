"""Hours are read as people write them, and written back the same way."""

from __future__ import annotations

import pytest
from django.utils import translation

from tapline.hours.reading import BadHours, read_week
from tapline.hours.rules import DEFAULT_WEEK, RULES, week
from tapline.hours.words import describe_week, tell_week

# as it is written, as it is kept
WRITTEN = [
    ("9-20", "every day 9:00–20:00"),
    ("every day 9:00–20:00", "every day 9:00–20:00"),
    ("daily 8:30 - 20", "every day 8:30–20:00"),
    ("Mon–Sat 9:00–21:00, Sun 12:00–21:00", "Mon–Sat 9:00–21:00, Sun 12:00–21:00"),
    ("monday - friday 9-18, SAT 10-14", "Mon–Fri 9:00–18:00, Sat 10:00–14:00, Sun closed"),
    ("Sun 12-21, Mon-Sat 9-21", "Mon–Sat 9:00–21:00, Sun 12:00–21:00"),
    ("Tu 9-12,Th 9-12", "Mon closed, Tue 9:00–12:00, Wed closed, Thu 9:00–12:00, Fri–Sun closed"),
    ("0-24", "every day 0:00–24:00"),
]
UNREADABLE = [
    "at noon",
    "9",
    "9-9",
    "20-8",
    "9:60-20",
    "9-24:01",
    "9-25",
    "Mon",
    "Moonday 9-20",
    "T 9-20",  # Tuesday or Thursday
    "Fri-Mon 9-20",
    "Mon-Fri 9-20, Fri 10-12",
    "closed",
    "every day closed",
    "9-20, no public holidays",  # whose?
    ",",
    "",
    "²-20",
]


@pytest.mark.parametrize(("written", "kept"), WRITTEN)
def test_hours_are_kept_in_one_way_of_writing(written: str, kept: str) -> None:
    assert describe_week(read_week(written)) == kept
    assert read_week(kept) == read_week(written)


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_says_no_hours_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadHours) as refused:
        read_week(text)
    assert refused.value.why
    assert refused.value.do


def test_every_rule_can_be_written_down_and_read_again() -> None:
    for region, rule in RULES.items():
        text = describe_week(rule.week)
        assert read_week(text, rule.week.holidays) == rule.week, region
        assert len(text) <= 200
    assert read_week(describe_week(DEFAULT_WEEK)) == DEFAULT_WEEK


def test_public_holidays_are_those_of_the_place() -> None:
    read = read_week("Mon-Sat 9-19, no public holidays", "FR")
    assert read == week("9-19", sunday="", holidays="FR")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Mon–Fri 9:00–21:00, Sat–Sun closed, no public holidays"),
        ("de", "Mo–Fr 9:00–21:00, Sa–So geschlossen, nicht an Feiertagen"),
        ("es", "lun–vie 9:00–21:00, sáb–dom cerrado, no en festivos"),
    ],
)
def test_hours_are_told_in_the_language_of_the_page_and_kept_as_they_are_typed(
    language: str, told: str
) -> None:
    spanish = RULES["ES"].week

    with translation.override(language):
        assert tell_week(spanish) == told
        assert read_week(describe_week(spanish), spanish.holidays) == spanish
