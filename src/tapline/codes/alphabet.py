"""Which characters and lengths a code has, and whether a text could be one."""

from __future__ import annotations

import re

# Fixed for ever: codes on phones are written in it. No vowels (no words), no look-alikes (no 0 O
# 1 l I …), and all of it in the GSM-7 alphabet.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZbcdfghjkmnpqrstvwxyz"
RADIX = len(ALPHABET)
MIN_LENGTH = 6
MAX_LENGTH = 12

_could_be_code = re.compile(f"[{ALPHABET}]{{{MIN_LENGTH},{MAX_LENGTH}}}").fullmatch


def is_code(text: str) -> bool:
    """Say whether `text` has the length and the letters of a code, whoever handed it out."""
    return _could_be_code(text) is not None
