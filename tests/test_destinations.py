"""What a link may lead to, as tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.destinations import (
    CODE,
    MAX_CHARACTERS,
    BadDestination,
    as_typed,
    check_destination,
    check_template,
    fill_destination,
    has_fields,
    is_safe_location,
    with_utm,
)


@pytest.mark.parametrize(
    ("given_url", "normalised"),
    [
        ("https://www.example.com/menu", "https://www.example.com/menu"),
        ("  https://www.example.com/menu\n", "https://www.example.com/menu"),
        ("HTTPS://WWW.Example.COM", "https://www.example.com"),
        ("https://bücher.example/größe", "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe"),
        ("https://www.example.com:443/x", "https://www.example.com/x"),
        ("http://www.example.com:8080/x", "http://www.example.com:8080/x"),
        ("https://www.example.com./x", "https://www.example.com/x"),
        ("https://www.example.com?a=1#b", "https://www.example.com?a=1#b"),
        ("https://www.example.com/a b?q=a b", "https://www.example.com/a%20b?q=a%20b"),
        ("https://www.example.com/100%/%41", "https://www.example.com/100%25/%41"),
        ('https://www.example.com/"<>^`|', "https://www.example.com/%22%3C%3E%5E%60%7C"),
        ("https://www.example.com/a\\b", "https://www.example.com/a%5Cb"),
        ("https://www.example.com/{code}?c={code}", "https://www.example.com/{code}?c={code}"),
        ("https://www.example.com/{other}", "https://www.example.com/%7Bother%7D"),
        ("https://localhost:3000/x", "https://localhost:3000/x"),
        ("http://192.0.2.7/x", "http://192.0.2.7/x"),
        ("http://[2001:DB8::0:1]:8080/x", "http://[2001:db8::1]:8080/x"),
        ("https://a_b.example.com/", "https://a_b.example.com/"),
        ("https://www.example.com/a@b", "https://www.example.com/a@b"),
    ],
)
def test_a_good_destination_is_normalised_and_safe_in_a_header(
    given_url: str, normalised: str
) -> None:
    checked = check_destination(given_url)

    assert checked == normalised
    assert check_destination(checked) == checked
    assert is_safe_location(checked.replace(CODE, "23456789"))


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("", "scheme"),
        ("www.example.com", "scheme"),
        ("www.example.com:80/x", "scheme"),
        ("//www.example.com", "scheme"),
        ("javascript:alert(1)", "javascript"),
        ("JavaScript://www.example.com/%0Aalert(1)", "javascript"),
        ("data:text/html,x", "data"),
        ("ftp://www.example.com", "ftp"),
        ("tel:+12025550123", "tel"),
        ("https:", "host"),
        ("https:/www.example.com", "host"),
        ("https:www.example.com", "host"),
        ("https:///www.example.com", "host"),
        ("https:\\\\www.example.com", "host"),
        ("https://www.example.com\\@evil.example", "backslash"),
        ("https://user@www.example.com", "user"),
        ("https://user:pass@www.example.com", "user"),
        ("https://www.example.com%2F@evil.example", "user"),
        ("https://www.exa mple.com", "host"),
        ("https://www.example.com\x00", "control"),
        ("https://www.example.com/\r\nSet-Cookie: a=b", "control"),
        ("https://www.example.com/\tx", "control"),
        ("https://www.example.com/\x85x", "control"),
        ("https://www..example.com", "host"),
        ("https://-www.example.com", "host"),
        ("https://www.example.com-", "host"),
        ("https://intranet", "host"),
        (f"https://{'a' * 64}.example", "host"),
        (f"https://{'a.' * 127}example", "host"),
        ("https://0x7f.0.0.1/", "host"),
        ("https://127.1/", "host"),
        ("https://2130706433/", "host"),
        ("https://192.0.2.256/", "host"),
        ("https://[::1", "host"),
        ("https://[::g]/", "host"),
        ("https://www.example.com:0/", "port"),
        ("https://www.example.com:65536/", "port"),
        ("https://www.example.com:x/", "port"),
        ("https://{code}.example.com/", "placeholder"),
        ("https://www.example.com/{{ name }}", "merge fields"),
        ("https://www.example.com/" + "x" * MAX_CHARACTERS, "characters"),
        ("https://www.example.com/" + "é" * 400, "characters"),
    ],
)
def test_a_bad_destination_is_refused_with_its_reason(url: str, what: str) -> None:
    with pytest.raises(BadDestination) as refusal:
        check_destination(url)

    assert what in refusal.value.what
    assert refusal.value.why
    assert refusal.value.do


@pytest.mark.parametrize(
    "url",
    [
        "https://go.example.com/2345678",
        "http://GO.example.com",
        "https://go.example.com:8443/x",
        "http://localhost:8080/x",
    ],
)
def test_a_destination_never_leads_back_to_links(url: str) -> None:
    with pytest.raises(BadDestination, match="circles"):
        check_destination(url, own_hosts={"go.example.com", "localhost:8080"})


def test_a_code_has_room_however_long_it_is() -> None:
    # Written, the placeholder has six characters; filled, up to twelve.
    base = "https://www.example.com/"
    longest = base + "x" * (MAX_CHARACTERS - len(base) - 12) + CODE

    filled = check_destination(longest).replace(CODE, "2" * 12)

    assert len(filled) == MAX_CHARACTERS
    assert is_safe_location(filled)
    with pytest.raises(BadDestination):
        check_destination(longest + "x")


@pytest.mark.parametrize(
    ("url", "normalised"),
    [
        ("https://www.example.com/{{ name }}", "https://www.example.com/{{ name }}"),
        (
            "https://www.example.com/é/{{ name | Straße #1? }}?a={{b}}",
            "https://www.example.com/%C3%A9/{{ name | Straße #1? }}?a={{b}}",
        ),
    ],
)
def test_merge_fields_of_a_template_stay_as_they_are(url: str, normalised: str) -> None:
    assert check_template(url) == normalised
    assert has_fields(normalised)


@pytest.mark.parametrize(
    "url",
    [
        "{{ scheme }}://www.example.com/",
        "https://{{ host }}/",
        "https://www.example.com{{ path }}",
        "https://www.example.com:{{ port }}/",
        "https://www.{{ brand }}.example/",
        "https://www.example.com/{{ name",
        "https://www.example.com/name }}",
    ],
)
def test_merge_fields_stand_after_the_host_and_have_an_end(url: str) -> None:
    with pytest.raises(BadDestination):
        check_template(url)


def test_values_cannot_break_out_of_their_place() -> None:
    template = check_template("https://www.example.com/{{ a }}?b={{ b }}#top")
    values = {"{{ a }}": "../x?y#z", "{{ b }}": "1&c=2 é\r\n{code}"}

    filled = fill_destination(template, values.__getitem__)

    assert filled == (
        "https://www.example.com/..%2Fx%3Fy%23z?b=1%26c%3D2%20%C3%A9%0D%0A%7Bcode%7D#top"
    )
    assert is_safe_location(filled)


def test_a_destination_that_grows_too_long_when_filled_is_refused() -> None:
    template = check_template("https://www.example.com/{{ a }}")
    with pytest.raises(BadDestination):
        fill_destination(template, lambda field: "x" * MAX_CHARACTERS)


@pytest.mark.parametrize(
    ("url", "tagged"),
    [
        ("https://x.example", "https://x.example?utm_source=sms&utm_medium=a%26b"),
        ("https://x.example/", "https://x.example/?utm_source=sms&utm_medium=a%26b"),
        ("https://x.example/?", "https://x.example/?utm_source=sms&utm_medium=a%26b"),
        ("https://x.example/?a=1", "https://x.example/?a=1&utm_source=sms&utm_medium=a%26b"),
        ("https://x.example/#top?", "https://x.example/?utm_source=sms&utm_medium=a%26b#top?"),
        ("https://x.example/?UTM_Source=z", "https://x.example/?UTM_Source=z&utm_medium=a%26b"),
        (
            "https://x.example/{{ a | b?c#d }}#top",
            "https://x.example/{{ a | b?c#d }}?utm_source=sms&utm_medium=a%26b#top",
        ),
    ],
)
def test_utm_fields_join_the_query_and_break_nothing(url: str, tagged: str) -> None:
    utm = {"source": "sms", "medium": "a&b", "campaign": "", "strange": "x"}

    assert with_utm(url, utm) == tagged
    assert with_utm(tagged, utm) == tagged


def test_utm_fields_may_hold_the_code() -> None:
    assert (
        with_utm("https://x.example", {"content": CODE}) == "https://x.example?utm_content={code}"
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/x",
        "//evil.example",
        "javascript:alert(1)",
        "https://",
        "https://user@x.example/",
        "https://x.example\\@evil.example",
        "https://x.example/ x",
        "https://x.example/\r\nx",
        "https://x.example/é",
        "https://x.example/{code}",
        'https://x.example/"',
        "https://x.example/" + "x" * MAX_CHARACTERS,
    ],
)
def test_the_second_check_lets_nothing_odd_into_a_header(url: str) -> None:
    assert not is_safe_location(url)


@given(st.text(max_size=60))
def test_whatever_is_accepted_is_safe_in_a_header(rest: str) -> None:
    try:
        checked = check_destination(f"https://www.example.com/{rest}")
    except BadDestination:
        return
    assert is_safe_location(checked.replace(CODE, "23456789"))
    assert checked.startswith("https://www.example.com/")


@given(st.text(max_size=30))
def test_whatever_is_accepted_as_a_host_is_safe_in_a_header(host: str) -> None:
    try:
        checked = check_destination(f"https://{host}.example.com")
    except BadDestination:
        return
    assert is_safe_location(checked.replace(CODE, "23456789"))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (" www.example.com/menu ", "https://www.example.com/menu"),
        ("bücher.example?a=1#b", "https://bücher.example?a=1#b"),
        ("example.com:8443", "https://example.com:8443"),
        ("http://example.com", "http://example.com"),
        ("javascript:alert(1.5)", "javascript:alert(1.5)"),
        ("a@example.com", "a@example.com"),
        ("not a url", "not a url"),
        ("menu", "menu"),
        ("", ""),
    ],
)
def test_what_somebody_types_may_lack_its_beginning(typed: str, read: str) -> None:
    assert as_typed(typed) == read
