"""What the characters that cost parts most often are called, in the reader's language. The others
have Unicode's own English name."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_NAMES: dict[str, str | Promise] = {
    "–": _("en dash"),
    "—": _("em dash"),
    "…": _("ellipsis"),
    "•": _("bullet"),
    "·": _("middle dot"),
    "‘": _("left single quotation mark"),
    "’": _("curly apostrophe"),
    "‚": _("low single quotation mark"),
    "“": _("left double quotation mark"),
    "”": _("right double quotation mark"),
    "„": _("low double quotation mark"),
    "«": _("left pointing quotation mark"),
    "»": _("right pointing quotation mark"),
    "´": _("acute accent"),
    "`": _("grave accent"),
    "\u00a0": _("space that does not break"),
    "\u200b": _("space without width"),
    "\t": _("tab"),
    "™": _("trade mark sign"),
    "®": _("registered sign"),
    "©": _("copyright sign"),
    "€": _("euro sign"),
    "[": _("left square bracket"),
    "]": _("right square bracket"),
    "{": _("left curly bracket"),
    "}": _("right curly bracket"),
    "\\": _("backslash"),
    "|": _("vertical bar"),
    "~": _("tilde"),
    "^": _("circumflex"),
}


def name_of(character: str, otherwise: str) -> str:
    """Return what a character is called; `otherwise` where there is no name of ours."""
    return str(_NAMES.get(character, otherwise))
