"""Codes by the million: the same cipher as `ff1.py`, with numpy, one AES call per round and chunk.

Both are tested against each other; about 4 million codes a second (`python -m bench codes`).
"""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from tapline.codes.alphabet import ALPHABET, RADIX
from tapline.codes.ff1 import BLOCK_BYTES, FF1, PAIR_RADIX, ROUNDS, NotACode

# Small enough that blocks, halves and tables of one chunk stay in the processor's second cache.
CHUNK = 8192
LARGEST_SERIAL = 2**63 - 1
INVALID = np.uint64(255)

Numbers = NDArray[np.uint64]

_LETTERS = np.frombuffer(ALPHABET.encode(), np.uint8)
_LETTER_PAIRS = np.array([first + second for first in ALPHABET for second in ALPHABET], "S2")
_LETTER_VALUES = np.full(256, INVALID, np.uint64)
_LETTER_VALUES[_LETTERS] = np.arange(RADIX, dtype=np.uint64)


def encode_many(ff1: FF1, length: int, serials: NDArray[np.int64]) -> NDArray[np.bytes_]:
    """Return the code of each serial, in order; raises `ValueError` for one that has none."""
    if len(serials) and not 0 <= int(serials.min()) <= int(serials.max()) < RADIX**length:
        raise ValueError(f"some of these serials have no code of length {length}")
    codes = np.empty(len(serials), f"S{length}")
    cipher = _ManyCipher(ff1)
    for start in range(0, len(serials), CHUNK):
        chunk = np.asarray(serials[start : start + CHUNK], np.uint64)
        left, right = _divmod(chunk, ff1.right_size)
        codes[start : start + CHUNK] = _spell(*cipher.encrypt(left, right), length)
    return codes


def decode_many(ff1: FF1, length: int, codes: NDArray[np.bytes_]) -> NDArray[np.int64]:
    """Return the serial of each code, in order; at most 2**63 - 1. Raises `NotACode`."""
    serials = np.empty(len(codes), np.int64)
    cipher = _ManyCipher(ff1)
    for start in range(0, len(codes), CHUNK):
        left, right = _read(codes[start : start + CHUNK], length)
        serials[start : start + CHUNK] = _join(*cipher.decrypt(left, right), ff1)
    return serials


class _ManyCipher:
    """FF1 on many pairs of halves at once."""

    def __init__(self, ff1: FF1) -> None:
        self._ff1 = ff1
        # A context of its own: bulk work may run in threads.
        self._aes = Cipher(AES(ff1.key), ECB()).encryptor()  # noqa: S305  # as in ff1.py
        self._prefix = ff1.before_rounds >> 64
        self._suffix = ff1.before_rounds & (2**64 - 1)
        self._blocks = np.empty((CHUNK, 2), ">u8")
        # The library asks for room for one block more than it fills.
        self._encrypted = bytearray(CHUNK * BLOCK_BYTES + BLOCK_BYTES)

    def encrypt(self, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
        for number in range(ROUNDS):
            size = self._half_size(number)
            left, right = right, _divmod(left + self._noise(number, right, size), size)[1]
        return left, right

    def decrypt(self, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
        for number in reversed(range(ROUNDS)):
            size = self._half_size(number)
            missing = np.uint64(size) - self._noise(number, left, size)
            left, right = _divmod(right + missing, size)[1], left
        return left, right

    def _half_size(self, number: int) -> int:
        return self._ff1.right_size if number % 2 else self._ff1.left_size

    def _noise(self, number: int, half: Numbers, size: int) -> Numbers:
        """Return what round `number` adds to the other half: the AES output modulo `size`."""
        blocks = self._blocks[: len(half)]
        constant = np.uint64(self._suffix ^ (number << 8 * self._ff1.number_bytes))
        blocks[:, 0] = self._prefix
        blocks[:, 1] = half ^ constant
        self._aes.update_into(blocks.data.cast("B"), self._encrypted)
        words = np.frombuffer(self._encrypted, ">u8", 2 * len(half)).reshape(-1, 2)
        upper = _divmod(words[:, 0].astype(np.uint64), size)[1]
        if self._ff1.output_bytes == 8:
            return upper
        # Twelve bytes: four more, taken in two steps so that no product passes 64 bits
        # (halves are below 2**34).
        lower = words[:, 1] >> np.uint64(32)
        for shift in (16, 0):
            piece = (lower >> np.uint64(shift)) & np.uint64(0xFFFF)
            upper = _divmod((upper << np.uint64(16)) | piece.astype(np.uint64), size)[1]
        return upper


def _divmod(numbers: Numbers, size: int) -> tuple[Numbers, Numbers]:
    """Divide by one number. numpy has a fast path for `//` and none for `%` and `divmod`."""
    divisor = np.uint64(size)
    quotient = numbers // divisor
    return quotient, numbers - quotient * divisor


def _spell(left: Numbers, right: Numbers, length: int) -> NDArray[np.bytes_]:
    letters = np.empty((len(left), length), np.uint8)
    _spell_half(left, letters[:, : length // 2])
    _spell_half(right, letters[:, length // 2 :])
    return letters.view(f"S{length}").reshape(-1)


def _spell_half(half: Numbers, letters: NDArray[np.uint8]) -> None:
    """Write the letters of `half` from the last one on, two at a time."""
    at = letters.shape[1]
    while at >= 2:
        half, pair = _divmod(half, PAIR_RADIX)
        spelt = _LETTER_PAIRS.take(pair.view(np.int64))
        letters[:, at - 2 : at] = spelt.view(np.uint8).reshape(-1, 2)
        at -= 2
    if at:
        letters[:, 0] = _LETTERS.take(half.view(np.int64))


def _read(codes: NDArray[np.bytes_], length: int) -> tuple[Numbers, Numbers]:
    # A copy in the exact width: shorter texts end in zero bytes, which are no letters.
    letters = np.ascontiguousarray(codes, f"S{length}").view(np.uint8).reshape(-1, length)
    values = _LETTER_VALUES.take(letters.T)
    if codes.dtype.itemsize > length or (values == INVALID).any():
        raise NotACode(
            "Some of these texts are not codes.",
            why=f"Each must have {length} characters, all of them out of {ALPHABET}.",
            do="Check where the codes come from.",
        )
    return _number(values[: length // 2]), _number(values[length // 2 :])


def _number(values: Numbers) -> Numbers:
    number: Numbers = values[0].copy()
    for column in values[1:]:
        number = number * np.uint64(RADIX) + column
    return number


def _join(left: Numbers, right: Numbers, ff1: FF1) -> NDArray[np.int64]:
    # Above this left half the product would pass 63 bits.
    too_large = left >= np.uint64(LARGEST_SERIAL // ff1.right_size)
    joined = left * np.uint64(ff1.right_size) + right
    return np.where(too_large, np.uint64(LARGEST_SERIAL), joined).astype(np.int64)
