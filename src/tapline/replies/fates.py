"""What became of a text, in the words of a conversation."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tapline.broadcasts.models import Message, MessageState
from tapline.broadcasts.reasons import reason_for
from tapline.broadcasts.states import STATE_WORDS
from tapline.replies.models import Answer

WENT_WRONG = (MessageState.FAILED, MessageState.CANCELLED, MessageState.LOST)

# Why an answer never became a message: `queueing` writes these.
REFUSED: dict[str, str | Promise] = {
    "expired": gettext_lazy("it was too late to send it"),
    "NoDomain": gettext_lazy("no domain serves links any more"),
    "LinkStopped": gettext_lazy("its link was disabled"),
    "BadDestination": gettext_lazy("its link leads nowhere that may be linked to"),
}


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a text; `why` and `do` where it went wrong."""

    state: str  # as the API says it: a message's state, "waiting" or "refused"
    words: str
    is_bad: bool = False
    why: str = ""
    do: str = ""


def fate_of_answer(answer: Answer) -> Fate:
    """Return what became of an answer, also of one that is no message yet, or never will be."""
    if answer.message is not None:
        return fate_of_message(answer.message)
    if not answer.refused:
        return Fate("waiting", _("waiting"))
    why = REFUSED.get(answer.refused, _("it could not be written"))
    return Fate("refused", _("not sent"), is_bad=True, why=str(why))


def fate_of_message(message: Message) -> Fate:
    """Return what became of one text."""
    words = str(STATE_WORDS[message.state])
    if message.state not in WENT_WRONG:
        return Fate(message.state, words)
    if not message.error_code:
        return Fate(message.state, words, is_bad=True)
    reason = reason_for(message.broadcast, message.error_code)
    return Fate(message.state, words, is_bad=True, why=str(reason.what), do=str(reason.do))
