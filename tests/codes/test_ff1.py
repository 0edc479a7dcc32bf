"""FF1 against NIST's samples, and codes as a bijection."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.codes.alphabet import ALPHABET, MAX_LENGTH, MIN_LENGTH, RADIX, is_code
from tapline.codes.bulk import CHUNK, LARGEST_SERIAL, TurnDecoder
from tapline.codes.ff1 import FF1, CodeCipher, NotACode
from tapline.codes.keys import generation_key

NIST_KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
KEY = generation_key(b"codes key", 1, "first")

lengths = st.integers(MIN_LENGTH, MAX_LENGTH)


@pytest.mark.parametrize(
    ("radix", "tweak", "plain", "cipher"),
    [
        # Source: NIST, «FF1 samples» for SP 800-38G, samples 1 to 3 (AES-128).
        (10, "", "0123456789", "2433477484"),
        (10, "39383736353433323130", "0123456789", "6124200773"),
        (36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    ],
)
def test_ff1_gives_what_nist_published(radix: int, tweak: str, plain: str, cipher: str) -> None:
    ff1 = FF1(NIST_KEY, radix=radix, length=len(plain), tweak=bytes.fromhex(tweak))
    half = len(plain) // 2
    plain_halves = int(plain[:half], radix), int(plain[half:], radix)
    cipher_halves = int(cipher[:half], radix), int(cipher[half:], radix)

    assert ff1.encrypt(*plain_halves) == cipher_halves
    assert ff1.decrypt(*cipher_halves) == plain_halves


def test_a_domain_too_large_for_one_block_is_refused() -> None:
    with pytest.raises(ValueError, match="more than one AES block"):
        FF1(NIST_KEY, radix=36, length=60)


@given(length=lengths, data=st.data())
def test_every_serial_has_one_code_and_back(length: int, data: st.DataObject) -> None:
    cipher = CodeCipher(KEY, length)
    serial = data.draw(st.integers(0, RADIX**length - 1))
    code = data.draw(st.text(ALPHABET, min_size=length, max_size=length))

    assert is_code(cipher.encode(serial))
    assert cipher.decode(cipher.encode(serial)) == serial
    assert cipher.encode(cipher.decode(code)) == code


@given(length=lengths, data=st.data())
def test_bulk_and_single_agree_on_any_serials(length: int, data: st.DataObject) -> None:
    cipher = CodeCipher(KEY, length)
    largest = min(RADIX**length - 1, LARGEST_SERIAL)
    serials = data.draw(st.lists(st.integers(0, largest), max_size=20))

    codes = cipher.encode_many(np.array(serials, np.int64))

    assert [code.decode() for code in codes.tolist()] == [cipher.encode(one) for one in serials]


@given(length=lengths, data=st.data())
def test_bulk_and_single_agree_on_any_codes(length: int, data: st.DataObject) -> None:
    cipher = CodeCipher(KEY, length)
    text = st.text(ALPHABET, min_size=length, max_size=length)
    codes = data.draw(st.lists(text, max_size=20))

    serials = cipher.decode_many(np.array([code.encode() for code in codes], f"S{length}"))

    for serial, code in zip(serials.tolist(), codes, strict=True):
        single = cipher.decode(code)
        # Bulk caps what 63 bits cannot hold; both are then far from any serial handed out.
        assert serial == single or (serial == LARGEST_SERIAL and single > 2**62)


@given(length=lengths, data=st.data())
def test_codes_decoded_together_again_and_again_are_as_one_by_one(
    length: int, data: st.DataObject
) -> None:
    cipher = CodeCipher(KEY, length)
    decoder = TurnDecoder(cipher.ff1, length, 4)
    texts = st.text(ALPHABET, min_size=length, max_size=length)

    for _ in range(2):
        codes = data.draw(st.lists(texts, max_size=10))
        assert decoder.decode(codes) == [min(cipher.decode(code), LARGEST_SERIAL) for code in codes]


@pytest.mark.parametrize("length", [8, 11, 12])
def test_bulk_comes_back_over_several_chunks(length: int) -> None:
    cipher = CodeCipher(KEY, length)
    serials = np.arange(2 * CHUNK + 7)

    codes = cipher.encode_many(serials)

    assert len(set(codes.tolist())) == len(serials)
    assert cipher.decode_many(codes).tolist() == serials.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "234567",
        "234567892",
        "2345678a",
        "2345678é",
        "２３４５６７８９",
        "2345678\n",
        "\x00" * 8,
    ],
)
def test_what_is_no_code_is_refused_with_what_why_and_do(text: str) -> None:
    with pytest.raises(NotACode) as refusal:
        CodeCipher(KEY, 8).decode(text)

    assert refusal.value.what
    assert ALPHABET in refusal.value.why
    assert refusal.value.do


@pytest.mark.parametrize("codes", [[b"2345678a"], [b"234567"], [b"234567892"], [b""]])
def test_bulk_refuses_what_is_no_code(codes: list[bytes]) -> None:
    with pytest.raises(NotACode):
        CodeCipher(KEY, 8).decode_many(np.array(codes))


@pytest.mark.parametrize("serial", [-1, RADIX**8])
def test_a_serial_without_a_code_is_refused(serial: int) -> None:
    cipher = CodeCipher(KEY, 8)

    with pytest.raises(ValueError, match="serial"):
        cipher.encode(serial)
    with pytest.raises(ValueError, match="serials"):
        cipher.encode_many(np.array([0, serial]))


@pytest.mark.parametrize("length", [0, 5, 13])
def test_codes_have_six_to_twelve_letters(length: int) -> None:
    with pytest.raises(ValueError, match="6 to 12"):
        CodeCipher(KEY, length)


def test_domains_generations_and_lengths_have_ciphers_of_their_own() -> None:
    keys = {
        generation_key(b"codes key", 1, "first"),
        generation_key(b"codes key", 1, "second"),
        generation_key(b"codes key", 2, "first"),
        generation_key(b"another codes key", 1, "first"),
    }

    assert len(keys) == 4
    assert CodeCipher(KEY, 8).encode(7)[:6] != CodeCipher(KEY, 6).encode(7)


def test_the_codes_of_a_key_never_change() -> None:
    # Texts on phones carry them for years: a change here breaks every link ever sent.
    assert KEY.hex() == "3e0376819b9f9a5487b11b20007c013b"
    assert [CodeCipher(KEY, length).encode(1) for length in (6, 8, 9, 12)] == [
        "tHgx53",
        "YcSBcVqV",
        "Gfzb4sWbQ",
        "HFt2FF4rwNMQ",
    ]


def test_single_codes_need_no_numpy() -> None:
    program = (
        "import sys; from tapline.codes.ff1 import CodeCipher;"
        "CodeCipher(bytes(16), 8).decode('23456789'); print('numpy' in sys.modules)"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "False"
