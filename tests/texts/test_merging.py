from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.texts.merging import BadMergeField, parse

RENDERED = [
    ("Hi {{ first_name }}!", {"first_name": "Ana"}, "Hi Ana!"),
    ("Hi {{first_name|there}}!", {}, "Hi there!"),
    ("Hi {{ first_name | there }}!", {"first_name": ""}, "Hi there!"),
    ("Hi {{ first_name | there }}!", {"first_name": "  "}, "Hi there!"),
    ("Hi {{ first_name }}!", {}, "Hi !"),
    ("{{ a }}{{ b }}", {"a": "{{ b }}", "b": "x"}, "{{ b }}x"),  # values are never read again
    ("{code} {x}", {}, "{code} {x}"),
    ("{{ größe }}", {"größe": "L"}, "L"),
    ("{{ a }}", {"a": "x\r\ny\x00z\u202e"}, "x y z"),
]

BROKEN = [
    ("Hi {{ first_name, sale", 4),
    ("Hi {{ first_name }, sale", 4),
    ("Hi first_name }} sale", 15),
    ("Hi {{ }} you", 4),
    ("Hi {{ first name }}", 4),
    ("Hi {{ 1st }}", 4),
    ("{{ a }} {{ b {{ c }}", 9),
    ("Hi {{ a\n}}", 4),
]


@pytest.mark.parametrize(("text", "attributes", "rendered"), RENDERED)
def test_fields_are_filled_in(text: str, attributes: dict[str, str], rendered: str) -> None:
    assert parse(text).render(attributes) == rendered


@pytest.mark.parametrize(("text", "position"), BROKEN)
def test_a_broken_field_is_refused_with_its_place(text: str, position: int) -> None:
    with pytest.raises(BadMergeField) as refusal:
        parse(text)

    assert f"character {position} " in refusal.value.what
    assert "{{ first_name" in refusal.value.do


def test_only_fields_without_fallback_are_needed() -> None:
    template = parse("{{ first_name }} {{ city | here }} {{ first_name }}")

    assert template.needed == {"first_name"}
    assert template.missing({"first_name": "\n", "city": "Ulm"}) == {"first_name"}
    assert template.missing({"first_name": "Ana"}) == frozenset()


@given(st.text())
def test_a_text_is_rendered_as_it_is_or_refused(text: str) -> None:
    try:
        template = parse(text)
    except BadMergeField:
        return
    if not template.fields:
        assert template.render({}) == text
