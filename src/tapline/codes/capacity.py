"""How many codes of one length may be live before a guess hits one too often."""

from __future__ import annotations

from tapline.codes.alphabet import MAX_LENGTH, RADIX

GUESSES_PER_HIT = 1_000_000


def capacity(length: int) -> int:
    """Return how many codes of `length` a domain may hand out, all generations together.

    One guess in a million then hits: 28 million codes of length 8, 1.35 billion of length 9.
    """
    return int(RADIX**length) // GUESSES_PER_HIT


def fitting_length(handed_out: dict[int, int], count: int, shortest: int) -> int | None:
    """Return the first length from `shortest` on that can take `count` more codes.

    `handed_out` maps a length to the serials already handed out there. None: no length can.
    """
    for length in range(shortest, MAX_LENGTH + 1):
        if handed_out.get(length, 0) + count <= capacity(length):
            return length
    return None
