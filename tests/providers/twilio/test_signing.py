"""Twilio's signature: its documented examples, and its own library, agree with ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from tapline.providers.twilio.signing import is_genuine, sign

# Twilio's documented example, numbers included (twilio.com/docs/usage/security and the tests of
# its libraries). Nothing is ever sent to these numbers.
TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = {
    "CallSid": ["CA1234567890ABCDE"],
    "Digits": ["1234"],
    "From": ["+14158675309"],
    "To": ["+18005551212"],
    "Caller": ["+14158675309"],
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_documented_example_is_genuine() -> None:
    assert sign(TOKEN, URL, FORM) == SIGNATURE
    assert is_genuine(TOKEN, URL, FORM, SIGNATURE)


def test_a_field_that_comes_several_times_counts_each_value_once() -> None:
    form = {"Sid": ["CA123"], "SidAccount": ["AC123"], "Digits": ["5678", "1234", "1234"]}

    assert sign(TOKEN, URL, form) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        (URL.replace(".com", ".com:1234"), SIGNATURE),
        (
            URL.replace(".com", ".com:1234").replace("https", "http"),
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        ),
        (URL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (URL.replace("https", "http"), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ],
)
def test_the_port_may_or_may_not_be_part_of_what_was_signed(url: str, signature: str) -> None:
    assert is_genuine(TOKEN, url, FORM, signature)


@pytest.mark.parametrize(
    ("token", "url", "form", "signature"),
    [
        ("another", URL, FORM, SIGNATURE),
        (TOKEN, URL + "&baz=3", FORM, SIGNATURE),
        (TOKEN, URL, FORM | {"Digits": ["1235"]}, SIGNATURE),
        (TOKEN, URL, FORM | {"More": [""]}, SIGNATURE),
        (TOKEN, URL, FORM, SIGNATURE[:-2] + "9="),
        (TOKEN, URL, FORM, ""),
        (TOKEN, URL, FORM, "é" * 28),
    ],
)
def test_anything_else_is_forged(
    token: str, url: str, form: dict[str, list[str]], signature: str
) -> None:
    assert not is_genuine(token, url, form, signature)


class Form(dict[str, list[str]]):
    """A form as Twilio's library reads those of web frameworks."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@given(
    form=st.dictionaries(texts, st.lists(texts, min_size=1, max_size=3), max_size=6),
    token=st.text(st.characters(codec="ascii"), min_size=1, max_size=32),
    port=st.sampled_from(["", ":443", ":8443"]),
)
def test_twilios_own_library_agrees(form: dict[str, list[str]], token: str, port: str) -> None:
    url = f"https://texts.example.com{port}/hooks/twilio/x/receipts?reference=a-1"
    theirs = RequestValidator(token)

    ours = sign(token, url, form)

    assert ours == theirs.compute_signature(url, Form(form))
    assert theirs.validate(url, Form(form), ours)
    assert is_genuine(token, url, form, ours)
