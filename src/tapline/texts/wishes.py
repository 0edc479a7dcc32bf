"""What an inbound text asks for: to be left alone, help, or nothing of that kind."""

from __future__ import annotations

import re

# Revocation by these words alone is certain. Sources: 47 CFR 64.1200(a)(10) (stop, quit, end,
# revoke, opt out, cancel, unsubscribe) and the words that Twilio honours besides.
STOP_WORDS = frozenset(
    {"stop", "stopall", "quit", "end", "revoke", "optout", "cancel", "unsubscribe"}
)
HELP_WORDS = frozenset({"help", "info", "ayuda", "aide", "hilfe"})
_NOT_LETTERS = re.compile(r"[\W_]+")


def is_stop_word(text: str) -> bool:
    """Say whether a reply is a word that means no and nothing else («Stop!», «OPT-OUT»)."""
    return _NOT_LETTERS.sub("", text).casefold() in STOP_WORDS


def is_help_word(text: str) -> bool:
    """Say whether a reply asks for help and nothing else."""
    return _NOT_LETTERS.sub("", text).casefold() in HELP_WORDS
