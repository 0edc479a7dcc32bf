"""How a broadcast is written, and what one recipient would get."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle, islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tapline.broadcasts.audience import read_audience
from tapline.broadcasts.models import Broadcast, BroadcastState, SavedText
from tapline.broadcasts.nth import Found, nth_recipient
from tapline.broadcasts.splitting import BadBroadcast as BadBroadcast
from tapline.broadcasts.splitting import refuse_bad_split
from tapline.broadcasts.wordings import LANGUAGE, Wordings, texts_of, variant_of, wordings_of
from tapline.contacts.models import Purpose
from tapline.contacts.phones import mask
from tapline.destinations import check_destination, check_template
from tapline.errors import Conflict, NotFound
from tapline.hours.deciding import policy_of, refuse_bad_night
from tapline.links.domains import domain_for, own_hosts, usable_domains
from tapline.links.models import Campaign, Domain, Offer
from tapline.pictures.media import check_media
from tapline.providers.registry import takes_media
from tapline.providers.senders import sender_for
from tapline.texts.parts import PartCount, describe
from tapline.texts.personal import (
    MessageTemplate,
    PieceKind,
    compile_text,
    render_destination,
    render_pieces,
)
from tapline.workspaces.audit import as_values, record
from tapline.workspaces.models import Workspace

# Providers refuse longer bodies. Source: Twilio's API description, `Body` ≤ 1,600 characters.
MOST_CHARACTERS = 1_600
# Carriers treat texts full of links as spam, and each link of a text costs codes.
MOST_LINKS = 20
MOST_MEDIA = 10  # Twilio's limit of MediaUrl
LONGEST_VALIDITY_SECONDS = 36_000  # Twilio's limit of ValidityPeriod: ten hours

CHANGEABLE = (BroadcastState.DRAFT, BroadcastState.CHECKED, BroadcastState.SCHEDULED)

# Vowels are not in the alphabet of codes, so what previews show can never be somebody's link.
_NO_CODE = "aeiou"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLink:
    """One link of a text: as it was written, where it leads for this recipient, how it is sent."""

    written: str
    destination: str
    sent_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What recipient `n` (from 0) gets. `contact` is None where the audience has no such one: then
    the text is shown with its fallbacks."""

    n: int
    contact: int | None
    phone: str  # masked
    language: str  # in which of several it is written; "" for the first, or the only one
    variant: int  # which of the broadcast's texts it is, as `texts_of` has them
    is_held_out: bool  # this recipient gets nothing, on purpose: shown as others get it
    text: str
    pieces: tuple[tuple[PieceKind, str], ...]  # the text, taken apart
    parts: PartCount
    links: tuple[PreviewLink, ...]
    missing: tuple[str, ...]  # attributes without which this recipient is left out


def create_broadcast(
    workspace: Workspace,
    *,
    name: str,
    text: str,
    audience: Mapping[str, Any],
    variants: Sequence[Mapping[str, Any]] = (),
    translations: Mapping[str, str] | None = None,
    hold_out: int = 0,
    domain: Domain | None = None,
    campaign: Campaign | None = None,
    offer: Offer | None = None,
    purpose: str = Purpose.MARKETING,
    provider: str = "",
    sender_number: str = "",
    utm: Mapping[str, str] | None = None,
    media: Sequence[str] = (),
    is_test: bool = False,
    spend_limit: Decimal | None = None,
    validity_seconds: int = 4 * 3600,
    at_night: str | None = None,
    give_up_hours: int | None = None,
    saved_text: SavedText | None = None,
    actor: str,
) -> Broadcast:
    """Return a new draft; nothing is sent. Without `domain` it takes the nearest one, without
    `sender_number` and `provider` the workspace's own sender; what is to happen at night is what
    the workspace decided, unless told.

    Raises `BadBroadcast`, `BadAudience`, `NoDomain`, `NoSuchSender`, `NoSuchProvider`, and for the
    text what `read_text` raises.
    """
    policy = policy_of(workspace)
    broadcast = Broadcast(
        workspace=workspace,
        name=name.strip(),
        text=text,
        variants=[dict(each) for each in variants],
        translations=dict(translations or {}),
        hold_out=hold_out,
        audience=dict(audience),
        domain=domain or domain_for(workspace),
        campaign=campaign,
        offer=offer,
        purpose=purpose,
        utm=dict(utm or {}),
        media=list(media),
        saved_text=saved_text,
        is_test=is_test,
        spend_limit=spend_limit,
        validity_seconds=validity_seconds,
        at_night=at_night or policy.at_night,
        give_up_hours=policy.give_up_hours if give_up_hours is None else give_up_hours,
        created_by=actor,
    )
    take_sender(broadcast, sender_number, provider)
    _refuse_bad(broadcast)
    with transaction.atomic():
        broadcast.save(force_insert=True)
        record(workspace, actor, "broadcast.created", broadcast, after={"name": broadcast.name})
    return broadcast


def update_draft(broadcast: Broadcast, *, actor: str, **changes: Any) -> Broadcast:
    """Return the draft with `changes` (field names as `create_broadcast` takes them) stored.

    A checked or scheduled one becomes a draft again. Raises `Conflict` once it is on its way, and
    what `create_broadcast` raises.
    """
    with transaction.atomic():
        fresh = Broadcast.objects.select_for_update().get(pk=broadcast.pk)
        if fresh.state not in CHANGEABLE:
            raise Conflict(
                f"«{fresh.name}» cannot be changed any more.",
                why=f"It is {fresh.state}.",
                do="Make a new broadcast.",
            )
        before = as_values({field: getattr(fresh, field) for field in changes})
        for field, value in changes.items():
            setattr(fresh, field, value)
        if {"sender_number", "provider"} & changes.keys():
            take_sender(fresh, fresh.sender_number, str(changes.get("provider", "")))
        fresh.state, fresh.scheduled_at = BroadcastState.DRAFT, None
        _refuse_bad(fresh)
        fresh.save()
        after = as_values(changes)
        record(fresh.workspace, actor, "broadcast.changed", fresh, before=before, after=after)
    return fresh


def read_text(text: str) -> MessageTemplate:
    """Return a broadcast's text ready for rendering, its destinations checked.

    Raises `BadBroadcast` (empty, too long, too many links), `BadMergeField`, `FieldInAuthority`
    and `BadDestination`.
    """
    if not text.strip():
        raise BadBroadcast("The text is empty.", why="There is nothing to send.", do="Write it.")
    if len(text) > MOST_CHARACTERS:
        raise BadBroadcast(
            f"The text has {len(text):,} characters.",
            why=f"Providers take texts of up to {MOST_CHARACTERS:,}.",
            do=f"Shorten it by {len(text) - MOST_CHARACTERS:,}, or put the rest on the page.",
        )
    template = compile_text(text)
    if len(template.urls) > MOST_LINKS:
        raise BadBroadcast(
            f"The text has {len(template.urls)} different links.",
            why=f"Carriers take such texts for spam; {MOST_LINKS} is the most.",
            do="Link to one page that lists them.",
        )
    hosts = own_hosts()
    for ordinal, url in enumerate(template.urls):
        check = check_template if template.is_personal(ordinal) else check_destination
        check(url, own_hosts=hosts)
    return template


def preview(broadcast: Broadcast, n: int = 0, *, first_text: bool = False) -> Preview:
    """Return what recipient `n` would get, by the contacts as they are now: the variant that falls
    to them, or the text in their own language. `first_text`: the first variant, whoever gets it.

    The short links in it lead nowhere, so that looking at a preview never counts as a tap. Works
    for a broadcast that is not saved. Raises what `read_text` raises.
    """
    wordings = wordings_of(broadcast)
    found = nth_recipient(broadcast, wordings, max(0, n))
    variant = 0 if first_text else _variant_for(broadcast, wordings, found)
    template = read_text(texts_of(broadcast)[variant or 0])
    attributes: dict[str, str] = json.loads(found[2]) if found else {}
    short = sample_url(broadcast.domain or domain_for(broadcast.workspace))
    pieces = render_pieces(template, attributes, [short] * len(template.urls))
    text = "".join(words for _kind, words in pieces)
    missing = template.needed - {name for name, value in attributes.items() if value.strip()}
    return Preview(
        n=n,
        contact=found[0] if found else None,
        phone=mask(found[1]) if found else "",
        language=wordings.languages[variant or 0] if wordings.languages else "",
        variant=variant or 0,
        is_held_out=variant is None,
        text=text,
        pieces=tuple(pieces),
        parts=describe(text),
        links=tuple(
            PreviewLink(
                written=url,
                destination=render_destination(template.destinations[ordinal], attributes),
                sent_as=short,
            )
            for ordinal, url in enumerate(template.urls)
        ),
        missing=tuple(sorted(missing)) if found else (),
    )


def _variant_for(broadcast: Broadcast, wordings: Wordings, found: Found | None) -> int | None:
    """Return which text falls to a contact; None: nothing, on purpose."""
    if found is None:
        return 0
    falls = variant_of(wordings, found[0], broadcast.token)
    return wordings.in_language(found[3]) if wordings.languages and falls is not None else falls


def sample_url(domain: Domain) -> str:
    """Return an address as long as the domain's links, that can never be one of them."""
    return f"{domain.base_url}/{''.join(islice(cycle(_NO_CODE), domain.code_length))}"


def sends_pictures(broadcast: Broadcast) -> bool:
    """Say whether a broadcast's texts leave with pictures, as MMS."""
    return bool(broadcast.media) and takes_media(broadcast.provider)


def send_before(broadcast: Broadcast, now: dt.datetime) -> dt.datetime:
    """Return when a text handed over `now` stops being worth delivering."""
    return now + dt.timedelta(seconds=broadcast.validity_seconds)


def take_sender(broadcast: Broadcast, number: str, provider: str = "") -> None:
    """Set from what a broadcast's texts come: the chosen number, or the workspace's own sender.

    Raises what `sender_for` raises.
    """
    sender = sender_for(broadcast.workspace, number.strip(), provider)
    broadcast.provider, broadcast.sender_number = sender.provider, sender.number
    broadcast.sender_pool_id = sender.pool


def _refuse_bad(broadcast: Broadcast) -> None:
    """Raise what is wrong with a draft before it is stored."""
    if not broadcast.name or len(broadcast.name) > 160:
        raise BadBroadcast(
            "The broadcast needs a name.",
            why="Reports and lists show it; it has 1 to 160 characters.",
            do="Name it after what it is about, such as «Spring sale, Berlin».",
        )
    if broadcast.purpose not in Purpose.values:
        raise BadBroadcast(
            f"'{broadcast.purpose}' is no purpose.",
            why="People agree to one kind of text.",
            do=f"Choose one of: {', '.join(Purpose.values)}.",
        )
    if not 1 <= broadcast.validity_seconds <= LONGEST_VALIDITY_SECONDS:
        raise BadBroadcast(
            f"A validity of {broadcast.validity_seconds:,} seconds is not possible.",
            why=f"Providers keep a text for 1 to {LONGEST_VALIDITY_SECONDS:,} seconds.",
            do="Choose how late the text may still arrive, such as 14400 (four hours).",
        )
    refuse_bad_night(broadcast.at_night, broadcast.give_up_hours)
    _refuse_strangers(broadcast)
    _refuse_bad_media(broadcast)
    broadcast.audience = read_audience(broadcast.workspace, broadcast.audience)
    _refuse_bad_languages(broadcast)
    for text in texts_of(broadcast):
        read_text(text)
    refuse_bad_split(broadcast)


def _refuse_bad_languages(broadcast: Broadcast) -> None:
    """Languages are told by their code, and are not tried against each other."""
    if broadcast.translations and broadcast.variants:
        raise BadBroadcast(
            _("A text in several languages cannot be tried in several variants."),
            why=_("Languages reach different people, so nothing could be learned from comparing."),
            do=_("Leave out the other languages, or the variants."),
        )
    for language in broadcast.translations:
        if not LANGUAGE.fullmatch(language):
            raise BadBroadcast(
                _("'%(language)s' is no language.") % {"language": language},
                why=_("A language is told by the two or three letters of ISO 639."),
                do=_("Write it like es or de."),
            )


def _refuse_bad_media(broadcast: Broadcast) -> None:
    """Pictures are fetched by the provider, from addresses that anybody can open."""
    if len(broadcast.media) > MOST_MEDIA:
        raise BadBroadcast(
            f"{len(broadcast.media)} pictures are too many.",
            why=f"Providers take {MOST_MEDIA} with one text.",
            do="Keep the one that matters.",
        )
    broadcast.media = check_media(broadcast.workspace, broadcast.media)


def _refuse_strangers(broadcast: Broadcast) -> None:
    """Domain, campaign and offer must be the workspace's own or belong to one above it."""
    workspace = broadcast.workspace
    if broadcast.domain not in usable_domains(workspace):
        raise NotFound(
            "There is no such domain here.",
            why=f"'{workspace.name}' may send under its own proved domains and those above it.",
            do="Choose one of the domains listed for this workspace.",
        )
    for thing in (broadcast.campaign, broadcast.offer):
        if thing is not None and thing.workspace_id not in workspace.ancestor_ids:
            raise NotFound(
                f"There is no such {thing._meta.verbose_name} here.",
                why=f"'{workspace.name}' may use its own and those above it in the tree.",
                do="Choose one that is listed for this workspace.",
            )
