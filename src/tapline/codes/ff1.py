"""How a serial becomes a code and back: FF1, a cipher whose output has the form of its input.

Source: NIST SP 800-38G, algorithms 7 and 8, with AES. Everything FF1 hashes in a round but the
round's number and one half lies before the last AES block, so it is encrypted once, when the
cipher is made; a round then costs one AES block. Decoding one code takes about 5 µs on a quiet
core (`python -m bench codes`), which is why the edge can afford to store no codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from tapline.codes.alphabet import ALPHABET, MAX_LENGTH, MIN_LENGTH, RADIX
from tapline.errors import TaplineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDS = 10
BLOCK_BYTES = 16


class NotACode(TaplineError):
    """The text has not the length or the letters of a code."""


class FF1:
    """FF1 for one key, radix, length and tweak. Numeral strings are given as two numbers: their
    left half (the shorter one where the length is odd) and their right half."""

    def __init__(self, key: bytes, *, radix: int, length: int, tweak: bytes = b"") -> None:
        left_length = length // 2
        right_length = length - left_length
        self.left_size: int = radix**left_length
        self.right_size: int = radix**right_length
        self.number_bytes = ((self.right_size - 1).bit_length() + 7) // 8  # b in the source
        self.output_bytes = 4 * -(-self.number_bytes // 4) + 4  # d in the source
        if self.output_bytes > BLOCK_BYTES:
            raise ValueError(f"radix {radix} and length {length} need more than one AES block")
        self.key = key
        # FF1 is built from single AES blocks; the bare mode is how the library offers them.
        self._aes = Cipher(AES(key), ECB()).encryptor().update  # noqa: S305
        self.before_rounds = self._mac_before_rounds(radix, length, tweak)
        self._shift = 8 * (BLOCK_BYTES - self.output_bytes)
        # What a round XORs its half with, and how many values the half it makes can have.
        self._rounds = tuple(
            (self.before_rounds ^ (number << 8 * self.number_bytes), size)
            for number, size in enumerate((self.left_size, self.right_size) * (ROUNDS // 2))
        )
        self._rounds_backwards = self._rounds[::-1]

    def encrypt(self, left: int, right: int) -> tuple[int, int]:
        """Return the halves of the ciphertext."""
        aes, shift, number = self._aes, self._shift, int.from_bytes
        for constant, size in self._rounds:
            noise = number(aes((constant ^ right).to_bytes(BLOCK_BYTES))) >> shift
            left, right = right, (left + noise) % size
        return left, right

    def decrypt(self, left: int, right: int) -> tuple[int, int]:
        """Return the halves of the plaintext."""
        aes, shift, number = self._aes, self._shift, int.from_bytes
        for constant, size in self._rounds_backwards:
            noise = number(aes((constant ^ left).to_bytes(BLOCK_BYTES))) >> shift
            left, right = (right - noise) % size, left
        return left, right

    def _mac_before_rounds(self, radix: int, length: int, tweak: bytes) -> int:
        """Return the CBC-MAC state, XORed with what the last block holds besides round and half."""
        first_block = (
            b"\x01\x02\x01"
            + radix.to_bytes(3, "big")
            + bytes([ROUNDS, length // 2 % 256])
            + length.to_bytes(4, "big")
            + len(tweak).to_bytes(4, "big")
        )
        padding = bytes((-len(tweak) - self.number_bytes - 1) % BLOCK_BYTES)
        hashed = first_block + tweak + padding + bytes(1 + self.number_bytes)
        state = 0
        for start in range(0, len(hashed) - BLOCK_BYTES, BLOCK_BYTES):
            block = state ^ int.from_bytes(hashed[start : start + BLOCK_BYTES], "big")
            state = int.from_bytes(self._aes(block.to_bytes(BLOCK_BYTES, "big")), "big")
        return state ^ int.from_bytes(hashed[-BLOCK_BYTES:], "big")


# Two characters at a time halve the steps between a number and its text.
PAIR_RADIX = RADIX * RADIX
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_PAIR_VALUES = {pair: value for value, pair in enumerate(_PAIRS)} | {
    single: value for value, single in enumerate(ALPHABET)
}


class CodeCipher:
    """The codes of one generation and length: a bijection between serials and codes."""

    def __init__(self, key: bytes, length: int) -> None:
        if not MIN_LENGTH <= length <= MAX_LENGTH:
            raise ValueError(f"codes have {MIN_LENGTH} to {MAX_LENGTH} characters, not {length}")
        self.length = length
        self.ff1 = FF1(key, radix=RADIX, length=length)
        left_length = length // 2
        self._left_spans = _pair_spans(0, left_length)
        self._right_spans = _pair_spans(left_length, length)

    def encode(self, serial: int) -> str:
        """Return the code of `serial` (0 … 48**length - 1)."""
        if not 0 <= serial < RADIX**self.length:
            raise ValueError(f"no code of length {self.length} stands for serial {serial}")
        left, right = self.ff1.encrypt(*divmod(serial, self.ff1.right_size))
        return _spell(left, self._left_spans) + _spell(right, self._right_spans)

    def decode(self, code: str) -> int:
        """Return the serial of `code`; raises `NotACode`.

        Every text of the right form has a serial; whether it was handed out is for the ranges
        to say. The edge's hot path: about 5 µs.
        """
        if len(code) != self.length:
            raise _not_a_code(code, self.length)
        left = right = 0
        try:
            for span in self._left_spans:
                left = left * PAIR_RADIX + _PAIR_VALUES[code[span]]
            for span in self._right_spans:
                right = right * PAIR_RADIX + _PAIR_VALUES[code[span]]
        except KeyError as error:
            raise _not_a_code(code, self.length) from error
        left, right = self.ff1.decrypt(left, right)
        return left * self.ff1.right_size + right

    def encode_many(self, serials: NDArray[np.int64]) -> NDArray[np.bytes_]:
        """Return the codes of `serials`, as bytes of dtype `S{length}`."""
        # Only bulk work needs numpy; an edge child saves its 20 MB.
        from tapline.codes.bulk import encode_many

        return encode_many(self.ff1, self.length, serials)

    def decode_many(self, codes: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """Return the serials of `codes` (dtype `S{length}`); raises `NotACode`.

        A serial past 2**63 - 1 (only codes of length 12 reach that far, none is ever handed out)
        is given as 2**63 - 1.
        """
        from tapline.codes.bulk import decode_many

        return decode_many(self.ff1, self.length, codes)


def _pair_spans(start: int, end: int) -> tuple[slice, ...]:
    """Return the spans of the characters `start … end - 1`: pairs, after a single one if odd."""
    first_pair = start + (end - start) % 2
    singles = [slice(start, first_pair)] if first_pair > start else []
    return (*singles, *(slice(at, at + 2) for at in range(first_pair, end, 2)))


def _spell(number: int, spans: tuple[slice, ...]) -> str:
    text = ""
    for span in reversed(spans):
        if span.stop - span.start == 1:
            return ALPHABET[number] + text
        number, pair = divmod(number, PAIR_RADIX)
        text = _PAIRS[pair] + text
    return text


def _not_a_code(text: str, length: int) -> NotACode:
    return NotACode(
        f"This text of {len(text)} characters is not a code.",
        why=f"A code of this length has {length} characters, all of them out of {ALPHABET}.",
        do="Copy the link again from the message.",
    )
