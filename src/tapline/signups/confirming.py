"""How the second yes is asked for and heard (double opt-in): from the phone itself, by text.

The question is one text, which asks and advertises nothing. Whoever typed in somebody else's
number causes at most a few of them: a number is asked once an hour and three times a day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from tapline.contacts.phones import hash_phone
from tapline.replies.answering import answer_by_itself, can_get_texts, write_first
from tapline.replies.automatic import words_of
from tapline.replies.models import Answer, AnswerKind, Reply, Thread, ThreadState
from tapline.signups.agreeing import keep_yes
from tapline.signups.models import SignUp, SignUpState
from tapline.texts.wishes import Verdict, is_yes

# A yes that comes later is an answer to something else.
CONFIRMED_WITHIN = dt.timedelta(days=7)
ASKED_WITHIN = dt.timedelta(hours=1)  # after this the question does not leave any more
ASKED_PER_HOUR, ASKED_PER_DAY = 1, 3
EXPIRED_AT_ONCE = 500

# All letters are in GSM-7: one accent outside it would double the price.
QUESTION = {
    "en": "{brand}: reply YES to get our texts. If you did not ask for them, ignore this.",
    "es": "{brand}: responda SI para recibir nuestros mensajes. Si no los quiere, ignore este.",
    "fr": "{brand} : répondez OUI pour recevoir nos messages. Sinon, ignorez ce message.",
    "de": "{brand}: Mit JA bekommen Sie unsere Nachrichten. Sonst ignorieren Sie dies einfach.",
}
WELCOME = {
    "en": "{brand}: you are in. Reply STOP to end, HELP for help.",
    "es": "{brand}: hecho. Responda STOP para terminar, AYUDA para ayuda.",
    "fr": "{brand} : c'est fait. Répondez STOP pour finir, AIDE pour l'aide.",
    "de": "{brand}: Sie sind dabei. STOP beendet, HILFE hilft.",
}


def ask(taken: SignUp, now: dt.datetime) -> Answer | None:
    """Ask a sign-up's number for its yes, inside the transaction that keeps the sign-up.

    Returns None where it must not be asked: it cannot get texts, or was asked often enough.
    """
    contact = taken.contact
    assert contact is not None
    if not can_get_texts(contact.phone) or _asked_enough(contact.phone, taken, now):
        return None
    thread, _ = Thread.objects.get_or_create(
        workspace=taken.form.workspace,
        phone=contact.phone,
        defaults={
            "contact": contact,
            "phone_hash": hash_phone(contact.phone),
            "state": ThreadState.DONE,  # Nobody has to answer a question of ours.
            "last_at": now,
        },
    )
    return write_first(thread, AnswerKind.SIGN_UP, _say(QUESTION, taken), within=ASKED_WITHIN)


def hear(replies: Sequence[Reply]) -> list[bool]:
    """Take a yes as the confirmation of what its phone's owner signed up for, and say so.

    Called with the texts that people write to us, in the transaction that stores them. Says of each
    whether there was anything to confirm.
    """
    return [_confirm(reply) for reply in replies]


def _confirm(reply: Reply) -> bool:
    # START is the word that undoes an opt-out, so it says yes as well.
    if reply.wish != Verdict.START and not is_yes(reply.text):
        return False
    waiting = list(
        SignUp.objects.select_related("form__scope", "form__workspace", "version__wording")
        .select_related("contact__workspace")
        .filter(
            state=SignUpState.WAITING,
            form__workspace=reply.workspace,
            contact__phone=reply.phone,
            at__gt=reply.received_at - CONFIRMED_WITHIN,
            at__lte=reply.received_at,
        )
        .order_by("-id")
    )
    for taken in waiting:
        taken.state, taken.confirmed_at = SignUpState.AGREED, reply.received_at
        taken.save(update_fields=["state", "confirmed_at"])
        at = min(reply.received_at, timezone.now())
        keep_yes(taken, at, confirmed_by="text", confirmed_with=reply.text[:80])
    if waiting:
        answer_by_itself(reply, AnswerKind.SIGN_UP, _say(WELCOME, waiting[0]))
    return bool(waiting)


def expire_waiting() -> bool:
    """Let sign-ups go that nobody confirmed in time; say if there were any."""
    with transaction.atomic():
        old = SignUp.objects.filter(
            state=SignUpState.WAITING, at__lt=timezone.now() - CONFIRMED_WITHIN
        )
        some = list(old.values_list("pk", flat=True)[:EXPIRED_AT_ONCE])
        SignUp.objects.filter(pk__in=some).update(state=SignUpState.EXPIRED)
    return bool(some)


def _asked_enough(phone: str, taken: SignUp, now: dt.datetime) -> bool:
    asked = Answer.objects.filter(
        thread__phone=phone,
        thread__workspace__path__startswith=f"/{taken.form.workspace.ancestor_ids[0]}/",
        kind=AnswerKind.SIGN_UP,
        reply=None,
        made_at__gt=now - dt.timedelta(days=1),
    )
    last_hour = asked.filter(made_at__gt=now - dt.timedelta(hours=1))
    return last_hour.count() >= ASKED_PER_HOUR or asked.count() >= ASKED_PER_DAY


def _say(words: dict[str, str], taken: SignUp) -> str:
    brand = words_of(taken.form.workspace).brand
    return words.get(taken.form.language, words["en"]).format(brand=brand)
