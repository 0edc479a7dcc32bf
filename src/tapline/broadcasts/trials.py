"""Test sends: every text of a draft to some of one's own people, whose taps count as theirs."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from tapline.broadcasts.composing import create_broadcast
from tapline.broadcasts.lifecycle import start
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.splitting import BadBroadcast
from tapline.broadcasts.wordings import letter, texts_of, wordings_of
from tapline.contacts.models import Contact, ContactQuerySet
from tapline.workspaces.models import Workspace

MOST_TESTERS = 20


def testers(workspace: Workspace) -> ContactQuerySet:
    """Return the contacts that are marked as one's own people."""
    return Contact.objects.in_workspace(workspace).filter(is_staff=True).order_by("pk")


def send_test(broadcast: Broadcast, contacts: Sequence[int], *, actor: str) -> list[Broadcast]:
    """Send each text of a draft to some of one's own people, at once; return the test broadcasts.

    Their openings count as the operator's. Raises `BadBroadcast` where nobody is chosen or may be
    texted, a test asks what a broadcast asks, and `NotReady` where a check finds an error.
    """
    chosen = list(testers(broadcast.workspace).filter(pk__in=contacts).values_list("pk", flat=True))
    if not chosen or len(chosen) > MOST_TESTERS:
        raise BadBroadcast(
            _("Nobody is chosen for the test."),
            why=_("It goes to contacts that are marked as one of us, %(most)d at most.")
            % {"most": MOST_TESTERS},
            do=_("Mark your own contact on its page, and choose it."),
        )
    if not testers(broadcast.workspace).filter(pk__in=chosen).textable(broadcast.purpose).exists():
        raise BadBroadcast(
            _("None of those chosen may be texted."),
            why=_("They did not agree to such texts, or opted out: a test asks it, too."),
            do=_("Write down on your own contact's page that you agree."),
        )
    with transaction.atomic():  # One that is refused leaves no draft behind.
        return [
            start(_copy(broadcast, text, place, chosen, actor), actor=actor)
            for place, text in enumerate(texts_of(broadcast))
        ]


def _copy(
    broadcast: Broadcast, text: str, place: int, contacts: list[int], actor: str
) -> Broadcast:
    name = _("Test of %(name)s") % {"name": broadcast.name[:130]}
    return create_broadcast(
        broadcast.workspace,
        name=f"{name} ({_which(broadcast, place)})" if place or broadcast.variants else name,
        text=text,
        audience={"contacts": contacts},
        domain=broadcast.domain,
        campaign=broadcast.campaign,
        offer=broadcast.offer,
        purpose=broadcast.purpose,
        provider=broadcast.provider,
        sender_number=broadcast.sender_number,
        utm=broadcast.utm,
        media=broadcast.media,
        is_test=True,
        validity_seconds=broadcast.validity_seconds,
        at_night=broadcast.at_night,
        give_up_hours=broadcast.give_up_hours,
        actor=actor,
    )


def _which(broadcast: Broadcast, place: int) -> str:
    return wordings_of(broadcast).languages[place] if broadcast.translations else letter(place)
