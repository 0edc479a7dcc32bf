"""What conversations tell of a contact's history: texts both ways, and what opened their links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.utils.translation import gettext as _

from tapline.broadcasts.models import Message
from tapline.broadcasts.opening_words import OpeningLine, tell_opening
from tapline.clicks.openings import of_messages
from tapline.contacts.history import Kind, Moment, Opened
from tapline.contacts.marks import Mark
from tapline.contacts.models import Contact
from tapline.contacts.telling import moment_in_words
from tapline.links.models import Link
from tapline.replies.conversation import (
    Item,
    answers_of,
    broadcasts_of,
    replies_of,
    taps_of,
)
from tapline.replies.models import Thread

OPENINGS_PER_TEXT = 20


def tell_texts(contact: Contact, before: Mark | None, limit: int) -> list[Moment]:
    """Return texts both ways and first taps, as `history.Source` does."""
    known = Thread.objects.filter(workspace=contact.workspace_id, phone=contact.phone).first()
    thread = known or Thread(workspace=contact.workspace, phone=contact.phone)
    thread.contact = contact  # Somebody may have written before they became a contact.
    sources = (broadcasts_of, taps_of, *((replies_of, answers_of) if known else ()))
    return [_moment(item) for source in sources for item in source(thread, before, limit)]


def tell_openings(contact: Contact, moments: list[Moment]) -> list[Moment]:
    """Add to taps the openings that count as a person's, to texts those of everything else."""
    texts = {each.pk: each for each in moments if each.kind in (Kind.TEXT, Kind.TAP)}
    rows = Message.objects.filter(pk__in=texts, contact=contact, workspace=contact.workspace_id)
    sent = {message.pk: message for message in rows}
    known = {pk: each.broadcast_id for pk, each in sent.items() if not each.only_counted}
    opened = of_messages(contact.workspace_id, known, OPENINGS_PER_TEXT)
    links = _destinations(contact, {each.link for found in opened.values() for each in found})
    lines = {pk: [tell_opening(each, links) for each in found] for pk, found in opened.items()}
    zone = contact.workspace.zone
    return [
        _with_openings(each, sent[each.pk], lines.get(each.pk, []), zone)
        if each.pk in sent and each.kind in (Kind.TEXT, Kind.TAP)
        else each
        for each in moments
    ]


def _destinations(contact: Contact, links: set[int]) -> dict[int, str]:
    rows = Link.objects.filter(workspace=contact.workspace_id, pk__in=links)
    return dict(rows.values_list("pk", "destination"))


def _with_openings(
    moment: Moment, message: Message, lines: Iterable[OpeningLine], zone: str
) -> Moment:
    is_tap = moment.kind == Kind.TAP
    opened = tuple(_opened(line, zone) for line in lines if line.by_person == is_tap)
    if is_tap:
        return replace(moment, opened=opened)
    counted = (_("their taps are only counted"),) if message.only_counted else ()
    return replace(moment, opened=opened, facts=moment.facts + counted, place=message.place or "")


def _opened(line: OpeningLine, zone: str) -> Opened:
    at = moment_in_words(line.opening.clicked_at, zone)
    facts = (at, line.device, line.place, line.destination)
    return Opened(
        counts_as=line.counts_as,
        why=line.why,
        facts=" · ".join(fact for fact in facts if fact),
        is_person=line.by_person,
    )


def _moment(item: Item) -> Moment:
    fate = item.fate
    facts = (fate.words, fate.why, fate.do) if fate else (item.note,)
    return Moment(
        kind=Kind(item.kind),
        pk=item.pk,
        at=item.at,
        what=_what(item),
        quote=item.text,
        facts=tuple(fact for fact in facts if fact),
        is_bad=bool(fate and fate.is_bad),
        broadcast_id=item.broadcast_id,
        broadcast=item.name,
    )


def _what(item: Item) -> str:
    kind = Kind(item.kind)
    if kind == Kind.REPLY:
        return _("They wrote")
    if kind == Kind.ANSWER:
        return _("%(name)s answered") % {"name": item.by} if item.by else _("Answered by itself")
    return _("Got a text") if kind == Kind.TEXT else _("Tapped")
