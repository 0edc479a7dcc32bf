"""Many codes at once: the same cipher as `ff1.py`, with numpy, one AES call per round and chunk.

Both are tested against each other; 6 million codes a second in bulk, and 0.4 µs a code where an
edge child decodes 170 that came in together (`python -m bench codes`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    cipher = _ManyCipher(ff1, min(CHUNK, len(serials)))
    for start in range(0, len(serials), CHUNK):
        chunk = np.asarray(serials[start : start + CHUNK], np.uint64)
        left, right = _divmod(chunk, ff1.right_size)
        codes[start : start + CHUNK] = _spell(*cipher.encrypt(left, right), length)
    return codes


def decode_many(ff1: FF1, length: int, codes: NDArray[np.bytes_]) -> NDArray[np.int64]:
    """Return the serial of each code, in order; at most 2**63 - 1. Raises `NotACode`."""
    serials = np.empty(len(codes), np.int64)
    cipher = _ManyCipher(ff1, min(CHUNK, len(codes)))
    for start in range(0, len(codes), CHUNK):
        left, right = _read(codes[start : start + CHUNK], length)
        serials[start : start + CHUNK] = _join(*cipher.decrypt(left, right), ff1)
    return serials


class TurnDecoder:
    """Decodes the codes of one turn of an event loop, up to `most` at a time, in one thread.

    What a cipher needs is made once: for few codes that is most of the work.
    """

    def __init__(self, ff1: FF1, length: int, most: int) -> None:
        self._ff1 = ff1
        self._length = length
        self._most = most
        self._cipher = _ManyCipher(ff1, most)
        # What each letter counts in its half: a column for the left one, one for the right.
        self._weights = np.zeros((length, 2), np.uint64)
        for at in range(length):
            is_right = at >= length // 2
            last = length - 1 if is_right else length // 2 - 1
            self._weights[at, int(is_right)] = RADIX ** (last - at)

    def decode(self, codes: Sequence[str]) -> list[int]:
        """Return the serial of each code, as `decode_many` does. All must be codes of the length:
        ask `is_code`."""
        serials: list[int] = []
        for start in range(0, len(codes), self._most):
            letters = np.frombuffer("".join(codes[start : start + self._most]).encode(), np.uint8)
            numbers = _LETTER_VALUES.take(letters).reshape(-1, self._length) @ self._weights
            halves = self._cipher.decrypt(numbers[:, 0].copy(), numbers[:, 1].copy())
            serials += _join(*halves, self._ff1).tolist()
        return serials


class _ManyCipher:
    """FF1 on up to `room` pairs of halves at once. Not to be shared between threads."""

    def __init__(self, ff1: FF1, room: int) -> None:
        # A context of its own: bulk work may run in threads.
        self._aes = Cipher(AES(ff1.key), ECB()).encryptor()  # noqa: S305  # as in ff1.py
        self._blocks = np.empty((room, 2), ">u8")
        self._blocks[:, 0] = ff1.before_rounds >> 64
        self._block_bytes = self._blocks.reshape(-1).view(np.uint8).data
        # The library asks for room for one block more than it fills.
        self._encrypted = bytearray(room * BLOCK_BYTES + BLOCK_BYTES)
        self._words = np.frombuffer(self._encrypted, ">u8", 2 * room).reshape(-1, 2)
        self._noise, self._scratch = np.empty((2, room), np.uint64)
        self._takes_more_than_a_word = ff1.output_bytes > BLOCK_BYTES // 2
        # What a round XORs its half with, and how many values the half it makes can have.
        suffix = ff1.before_rounds & (2**64 - 1)
        self._rounds = [
            (np.uint64(suffix ^ (number << 8 * ff1.number_bytes)), np.uint64(size))
            for number, size in enumerate((ff1.left_size, ff1.right_size) * (ROUNDS // 2))
        ]

    def encrypt(self, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
        """Return the halves of the ciphertexts, in the arrays given."""
        scratch = self._scratch[: len(left)]
        noise_of = self._noise_maker(len(left))
        for constant, size in self._rounds:
            np.add(left, noise_of(right, constant, size), left)
            # Less where that is too much: what was less wraps round to far more.
            np.subtract(left, size, scratch)
            np.minimum(left, scratch, out=left)
            left, right = right, left
        return left, right

    def decrypt(self, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
        """Return the halves of the plaintexts, in the arrays given."""
        scratch = self._scratch[: len(left)]
        noise_of = self._noise_maker(len(left))
        for constant, size in reversed(self._rounds):
            np.subtract(right, noise_of(left, constant, size), right)
            # What fell below zero has wrapped round to far more.
            np.add(right, size, scratch)
            np.minimum(right, scratch, out=right)
            left, right = right, left
        return left, right

    def _noise_maker(self, count: int) -> Callable[[Numbers, np.uint64, np.uint64], Numbers]:
        """Return what gives the AES output modulo a size: what a round adds to the other half.

        Its array is good until the next call. All views are made here, once for ten rounds.
        """
        noise, scratch = self._noise[:count], self._scratch[:count]
        lower_halves, blocks = self._blocks[:count, 1], self._block_bytes[: count * BLOCK_BYTES]
        encrypted, upper, lower = self._encrypted, self._words[:count, 0], self._words[:count, 1]
        encrypt, takes_more = self._aes.update_into, self._takes_more_than_a_word

        def noise_of(half: Numbers, constant: np.uint64, size: np.uint64) -> Numbers:
            np.bitwise_xor(half, constant, noise)
            lower_halves[:] = noise
            encrypt(blocks, encrypted)
            np.copyto(noise, upper)
            _reduce(noise, size, scratch)
            if takes_more:
                _append_word(noise, lower >> np.uint64(32), size, scratch)
            return noise

        return noise_of


def _append_word(numbers: Numbers, words: Numbers, size: np.uint64, scratch: Numbers) -> None:
    """Append 32 bits to numbers modulo `size`, in place: in two steps, so that nothing passes 64
    bits (halves are below 2**34)."""
    for shift in (16, 0):
        piece = (words >> np.uint64(shift)) & np.uint64(0xFFFF)
        np.left_shift(numbers, np.uint64(16), numbers)
        np.bitwise_or(numbers, piece.astype(np.uint64), numbers)
        _reduce(numbers, size, scratch)


def _reduce(numbers: Numbers, size: np.uint64, scratch: Numbers) -> None:
    """Reduce numbers modulo `size` in place. numpy has a fast path for `//` and none for `%`."""
    np.floor_divide(numbers, size, scratch)
    np.multiply(scratch, size, scratch)
    np.subtract(numbers, scratch, numbers)


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
