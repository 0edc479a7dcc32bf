"""Whatever is posted under a good signature is stored or answered; under a bad one nothing is."""

from __future__ import annotations

import random
from collections.abc import Sequence
from urllib.parse import parse_qs, quote_from_bytes, urlencode

import pytest

from tapline import config
from tapline.contacts.consent import is_suppressed
from tapline.providers.models import ProviderAccount
from tapline.providers.twilio.signing import HEADER, sign
from tapline.replies.models import LONGEST_NUMBER, Reply
from tests.broadcasts.making import make_workspace
from tests.providers.hooking import post_to
from tests.providers.making import AUTH_TOKEN, OUR_NUMBER, make_number, make_twilio

pytestmark = pytest.mark.django_db

THEM = "+12125550123"
SCRIPTS = {
    "Latin with marks": "¿Qué hay? Ça va? Größe, Łódź, ișșț",
    "Greek": "Καλημέρα",
    "Cyrillic": "Доброе утро",
    "Hebrew, right to left": "שלום, מה שלומך?",
    "Arabic": "صباح الخير",
    "Devanagari": "नमस्ते",
    "Thai": "สวัสดี",
    "Chinese": "你好，請問幾點開門？",
    "Japanese": "こんにちは",
    "Korean": "안녕하세요",
    "Amharic": "ሰላም",
    "outside the first plane": "𝒽𝑒𝓁𝓁𝑜 𠮷",
    "emoji of several": "👨‍👩‍👧‍👦 🏳️‍🌈 🇺🇦",
    "lines": "one\r\ntwo\nthree\u2028four",
    "turned around": "\u202egnp.exe\u202c",
    "markup": "<script>alert(1)</script> {{ secret }} %s ' or 1=1 --",
}

SENDERS = (
    "+12125550123",
    "+442079460123",
    "+61491570006",
    "+999999999999999",
    "+1",
    "+",
    "262966",
    "12345",
    "Pizzeria",
    "whatsapp:+12125550123",
    "sip:ada@example.com",
    "+anonymous",
    "anonymous",
    "",
    " ",
    "\x00",
    "+1212555\u0660123",
    "x" * 500,
)


@pytest.fixture
def account() -> ProviderAccount:
    account = make_twilio(make_workspace())
    make_number(account)
    return account


def post(account: ProviderAccount, body: str, signature: str | None = None) -> int:
    """Post a body as it is to where inbound texts go, signed for its fields."""
    address = f"/hooks/twilio/{account.token}/inbound"
    if signature is None:
        fields = parse_qs(body, keep_blank_values=True)
        signature = sign(AUTH_TOKEN, f"{config.current().web_url}{address}", fields)
    return post_to(address, body, {HEADER: signature}).status


def form(**fields: str) -> str:
    return urlencode({"MessageSid": "SM1", "From": THEM, "To": OUR_NUMBER, "Body": "hi", **fields})


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_texts_in_every_script_are_kept_as_they_are(account: ProviderAccount, text: str) -> None:
    assert post(account, form(Body=text)) == 200

    assert Reply.objects.get().text == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        (" \t ", " \t "),
        ("a" * 1600, "a" * 1600),
        ("語" * 1600, "語" * 1600),
        ("a\x00b", "a\u2400b"),
        ("\x00", "\u2400"),
    ],
)
def test_empty_long_and_unstorable_texts_are_kept(
    account: ProviderAccount, text: str, kept: str
) -> None:
    assert post(account, form(Body=text)) == 200

    assert Reply.objects.get().text == kept


@pytest.mark.parametrize("text", ["hello", "STOP", "HELP"])
def test_texts_from_numbers_everywhere_and_nowhere_are_kept(
    account: ProviderAccount, text: str
) -> None:
    for turn, sender in enumerate(SENDERS):
        assert post(account, form(MessageSid=f"SM{turn}", From=sender, Body=text)) == 200

    replies = Reply.objects.order_by("id")
    assert [reply.text for reply in replies] == [text] * len(SENDERS)
    assert all(len(reply.phone) <= LONGEST_NUMBER for reply in replies)


@pytest.mark.parametrize("to", ["", "+19995550100", "262966", "nobody", "\x00"])
def test_texts_to_numbers_that_are_not_ours_are_not_lost(account: ProviderAccount, to: str) -> None:
    assert post(account, form(To=to)) == 200

    assert Reply.objects.get().workspace == account.workspace


@pytest.mark.parametrize(
    "body",
    [
        "",
        "&&&",
        "=",
        "Body",
        "Body=%",
        "Body=%zz&MessageSid=SM1",
        f"Body={quote_from_bytes(bytes(range(256)))}&MessageSid=SM1&From=%2B12125550123",
        "Body=%ED%A0%80+half+a+pair&MessageSid=SM1",
        "MessageSid=SM1&MessageSid=SM2&From=%2B12125550123&From=%2B12125550124&Body=a&Body=b",
        urlencode({f"Parameter{number}": "x" for number in range(400)}),
        form(MessageSid="x" * 5_000),
        form(MessageSid="S\x00M"),
    ],
)
def test_bodies_that_are_no_text_of_twilios_make_no_trouble(
    account: ProviderAccount, body: str
) -> None:
    assert post(account, body) == 200
    # And nothing is stuck behind them.
    assert post(account, form(MessageSid="SM99", Body="after")) == 200

    assert Reply.objects.filter(text="after").count() == 1


def test_noise_is_taken_or_refused_and_never_fails(account: ProviderAccount) -> None:
    chance = random.Random(4)
    for turn in range(60):
        text = "".join(chr(_any_character(chance)) for _ in range(chance.randrange(40)))
        assert post(account, form(MessageSid=f"SM{turn}", Body=text, From=text[:20])) == 200

    assert Reply.objects.count() == 60


def test_a_stop_played_again_after_start_takes_nothing_back(account: ProviderAccount) -> None:
    stop = form(MessageSid="SM1", Body="STOP")
    start = form(MessageSid="SM2", Body="START")

    assert [post(account, each) for each in (stop, start, stop, stop)] == [200] * 4

    assert not is_suppressed(THEM, account.workspace)
    assert Reply.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [
        {"Body": "START"},
        {"From": "+12125550124"},
        {"MessageSid": "SM2"},
        {"Extra": "1"},
    ],
)
def test_a_signature_covers_every_field(account: ProviderAccount, change: dict[str, str]) -> None:
    address = f"{config.current().web_url}/hooks/twilio/{account.token}/inbound"
    fields = {"MessageSid": ["SM1"], "From": [THEM], "To": [OUR_NUMBER], "Body": ["hi"]}
    signature = sign(AUTH_TOKEN, address, fields)

    assert post(account, form(**change), signature) == 403
    assert post(account, form(), signature) == 200
    assert Reply.objects.count() == 1


def test_a_signature_for_another_address_is_none(account: ProviderAccount) -> None:
    fields = {"MessageSid": ["SM1"], "From": [THEM], "To": [OUR_NUMBER], "Body": ["hi"]}
    base = config.current().web_url
    others: Sequence[str] = (
        f"{base}/hooks/twilio/{account.token}/receipts",
        f"{base}/hooks/twilio/somebody/inbound",
        f"https://elsewhere.example/hooks/twilio/{account.token}/inbound",
    )

    assert [post(account, form(), sign(AUTH_TOKEN, each, fields)) for each in others] == [403] * 3


def _any_character(chance: random.Random) -> int:
    point = chance.choice([chance.randrange(0x80), chance.randrange(0x3000), 0x1F600])
    return 0x20 if 0xD800 <= point < 0xE000 else point
