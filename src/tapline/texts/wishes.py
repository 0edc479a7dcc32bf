"""What an inbound text asks for: to be left alone, help, texts again, or nothing of that kind.

A clear wish to be left alone is honoured at once, in the law's words or in plain language. Where
a sensible reader would want to ask, the verdict is UNCLEAR: a person decides, and nobody is told
that they were unsubscribed. Rules, in this order: a word that says it all; what is taken out
because it is not the writer's wish; sentences; doubtful ones; words mistyped.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tapline.texts.plain import plain
from tapline.texts.wish_phrases import CLEAR, DOUBTFUL, NOT_THEIR_WISH
from tapline.texts.wish_words import (
    HELP_WORDS,
    INSISTING,
    POLITE,
    START_WORDS,
    STOP_WORDS,
    STOP_WORDS_ALONE,
    YES_WORDS,
)

# A long text that holds «stop» somewhere is about something else.
MOST_WORDS_IN_DOUBT = 10

# Phones send these when somebody taps a heart on our text; what follows is our own text.
_REACTION = re.compile(
    r"^\s*(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted .{1,12} to"
    r"|removed an? .{3,20} from|me gust[oó]|le gust[oó]|a aimé|a adoré|gefällt|mag|hat .{1,20} auf)"
    r"\s*[\"“”„«‹']",
    re.IGNORECASE,
)
_STOP_SIGNS = frozenset("🛑✋🖐🤚⛔🚫🖕")
_REPEATED = re.compile(r"(\w)\1{2,}")
_KEYS_BESIDE = {
    "s": "qwedcxza", "t": "rfghy56", "o": "iklp90", "p": "ol0",
}  # fmt: skip


class Verdict(enum.StrEnum):
    """CLEAR and UNCLEAR are wishes to be left alone; NONE is everything else."""

    NONE = "none"
    CLEAR = "clear"
    UNCLEAR = "unclear"
    HELP = "help"
    START = "start"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a text asks for, why it is taken so, and in which language, where that shows."""

    verdict: Verdict
    reason: str = ""
    language: str = ""


NOTHING = Wish(Verdict.NONE)


def read_wish(text: str) -> Wish:
    """Return what `text` asks for. Never raises."""
    words = plain(text)
    if not words:
        is_sign = any(sign in text for sign in _STOP_SIGNS)
        return Wish(Verdict.UNCLEAR, "a stop sign") if is_sign else NOTHING
    if _REACTION.match(text):
        return NOTHING
    return _by_word(words) or _by_sentence(words) or _by_mistyped_word(words) or NOTHING


def is_yes(text: str) -> bool:
    """Say whether a text is a yes and nothing else: it means what was asked before it."""
    words = plain(text).split()
    return any(word in YES_WORDS for word in words) and set(words) <= YES_WORDS | POLITE


def _by_word(words: str) -> Wish | None:
    """Look for a word that says it all, alone or with words that change nothing."""
    spoken = [_REPEATED.sub(r"\1", word) for word in words.replace("opt out", "optout").split()]
    joined = "".join(spoken)
    for table, verdict, others in (
        (STOP_WORDS, Verdict.CLEAR, INSISTING),
        (STOP_WORDS_ALONE, Verdict.CLEAR, POLITE),
        (HELP_WORDS, Verdict.HELP, POLITE | {"me"}),
        (START_WORDS, Verdict.START, POLITE | {"again"}),
    ):
        said = [word for word in spoken if word in table]
        if joined in table:
            said = [joined]
        if said and (joined in table or all(word in table or word in others for word in spoken)):
            return Wish(verdict, "a word that says it all", table[said[0]])
    return None


def _by_sentence(words: str) -> Wish | None:
    left = words
    for phrase in NOT_THEIR_WISH:
        left = phrase.taken_from(left)
    for phrase in CLEAR:
        if phrase.found_in(left):
            return Wish(Verdict.CLEAR, phrase.reason, phrase.language)
    if len(left.split()) > MOST_WORDS_IN_DOUBT:
        return None
    for phrase in DOUBTFUL:
        if phrase.found_in(left):
            return Wish(Verdict.UNCLEAR, phrase.reason, phrase.language)
    return None


def _by_mistyped_word(words: str) -> Wish | None:
    """Look for STOP with a wrong key and long words with wrong letters: to be asked about."""
    for word in [each for each in words.split() if each not in POLITE]:
        mistyped = _is_mistyped_stop(word) or any(
            len(known) >= 9 and word not in known and _differ_little(word, known)
            for known in STOP_WORDS
        )
        if not mistyped or len(words.split()) > 3:
            return None
        return Wish(Verdict.UNCLEAR, "a word mistyped", _language_of(word, STOP_WORDS))
    return None


def _is_mistyped_stop(word: str) -> bool:
    """Say whether a word is STOP with two letters swapped, one wrong key, or one letter lost."""
    swapped = {"tsop", "sotp", "stpo"}
    lost = {"sto", "stops", "sstop", "sttop", "stoop", "stopo", "stip", "stob"}
    beside = any(
        word == "stop"[:place] + key + "stop"[place + 1 :]
        for place, letter in enumerate("stop")
        for key in _KEYS_BESIDE[letter]
    )
    return word in swapped or word in lost or beside


def _differ_little(word: str, known: str) -> bool:
    """Say whether two words differ by at most two letters added, lost or changed."""
    if abs(len(word) - len(known)) > 2:
        return False
    row = list(range(len(known) + 1))
    for i, letter in enumerate(word, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(known, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != other))
    return row[-1] <= 2


def _language_of(word: str, table: Mapping[str, str]) -> str:
    return next((table[known] for known in table if _differ_little(word, known)), "")
