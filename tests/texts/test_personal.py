from __future__ import annotations

import pytest

from tapline.texts.personal import (
    FieldInAuthority,
    compile_text,
    render_destination,
    render_message,
)


def test_one_recipient_gets_their_name_and_their_links() -> None:
    template = compile_text("Hi {{ name | you }}: example.com/a and (https://example.com/b).")

    text = render_message(template, {"name": "Ana"}, ["S/1", "S/2"])

    assert text == "Hi Ana: S/1 and (S/2)."
    assert template.urls == ("https://example.com/a", "https://example.com/b")


def test_the_same_address_written_twice_is_one_link() -> None:
    template = compile_text("example.com/a, again: https://example.com/a")

    assert template.urls == ("https://example.com/a",)
    assert render_message(template, {}, ["S"]) == "S, again: S"


def test_a_link_with_fields_is_personal_and_its_values_cannot_leave_their_place() -> None:
    template = compile_text("Yours: https://example.com/{{ city | at home }}?id={{ id }} !")

    assert template.is_personal(0)
    assert template.needed == {"id"}
    assert render_message(template, {}, ["S"]) == "Yours: S !"
    assert (
        render_destination(template.destinations[0], {"city": "a/b?c#d", "id": "ä&x=1"})
        == "https://example.com/a%2Fb%3Fc%23d?id=%C3%A4%26x%3D1"
    )
    assert (
        render_destination(template.destinations[0], {"id": "7"})
        == "https://example.com/at%20home?id=7"
    )


def test_code_placeholders_stay_for_the_edge() -> None:
    template = compile_text("https://example.com/?c={code}")

    assert not template.is_personal(0)
    assert template.urls == ("https://example.com/?c={code}",)


@pytest.mark.parametrize(
    "text",
    [
        "https://{{ shop }}.example.com/",
        "{{ shop }}.example.com/x",
        "https://{{ a | b/c }}.example.com/x",
    ],
)
def test_a_field_in_the_host_name_is_refused(text: str) -> None:
    with pytest.raises(FieldInAuthority):
        compile_text(text)
