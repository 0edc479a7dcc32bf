"""Whether a text says how to get no more of them, and a line that says so in few characters."""

from __future__ import annotations

import re

# «Reply STOP», «Antworte STOPP», «responde BAJA»; or what it does, in words.
_WORD = r"(?:stop|stopp|stopall|unsubscribe|end|quit|cancel|optout|baja|alto|cancelar|abmelden)"
_ASKS = (
    r"(?:reply|respond|text|txt|send|type|responde|responda|envía|envia|manda|escribe|antworte"
    r"|antworten\s+sie|antwort|sende|senden\s+sie|schreib|schreibe|mit)"
)
_SAYS_HOW = re.compile(
    rf"\b{_ASKS}\b[\s:\"'«„“]{{1,3}}(?:(?:with|con|mit|the\s+word|la\s+palabra)\s+)?[\"'«„“]?{_WORD}\b"
    rf"|\bopt[\s-]?out\b|\bunsubscribe\b|\bdarte\s+de\s+baja\b|\bdarse\s+de\s+baja\b"
    r"|\babbestellen\b|\babmelden\b|\bdesuscri\w+",
    re.IGNORECASE,
)
# Written large it is the word to send, whatever stands around it: «STOP=end», «STOP to end».
_WRITTEN_LARGE = re.compile(r"\b(?:STOP|STOPP|STOPALL|BAJA|ALTO)\b")
# A sign on a door is not: «NON STOP», «STOP BY».
_ANOTHER_STOP = re.compile(r"\bNON[\s-]?STOP\b|\bSTOP\s+(?:BY|IN|PAYING|WAITING|SCROLLING)\b")

LINES = {
    "en": "Reply STOP to opt out.",
    "es": "Responde STOP para darte de baja.",
    "de": "Antworte STOP zum Abmelden.",
}


def says_how_to_opt_out(text: str) -> bool:
    """Say whether `text` tells its reader how to get no more texts, in English, Spanish, German."""
    plain = _ANOTHER_STOP.sub(" ", text)
    return bool(_WRITTEN_LARGE.search(plain) or _SAYS_HOW.search(plain))


def opt_out_line(language: str) -> str:
    """Return a line that says how to opt out, in `language` (`de-AT` is German) or English."""
    return LINES.get(language.split("-")[0].lower(), LINES["en"])
