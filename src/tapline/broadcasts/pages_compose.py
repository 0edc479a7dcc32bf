"""Pages on which a broadcast is written, with what each recipient gets of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tapline.broadcasts.composer import change, fields_of, reached, shown, take_fields
from tapline.broadcasts.composing import CHANGEABLE, create_broadcast, update_draft
from tapline.broadcasts.counting import count_again
from tapline.broadcasts.drafts import (
    UTM_FIELDS,
    as_unsaved,
    audience_choices,
    follow_up,
    numbers_as_typed,
    read_form,
    read_what_can_be_read,
    save_names,
    variant_slots,
)
from tapline.broadcasts.models import AtNight, Broadcast, BroadcastState
from tapline.broadcasts.pages import find_broadcast
from tapline.broadcasts.pages_pictures import changed_media, is_about_pictures, pictures_context
from tapline.broadcasts.picking import is_large
from tapline.broadcasts.saved_texts import find_saved_text, save_text, saved_texts_of
from tapline.broadcasts.saving import FIRST_AUDIENCE, keep_draft
from tapline.broadcasts.wordings import LANGUAGE, base_language
from tapline.contacts.fields import known_fields
from tapline.contacts.models import Purpose
from tapline.contacts.segments import segments_of
from tapline.digits import whole_number
from tapline.errors import TaplineError
from tapline.hours.deciding import policy_of
from tapline.links.domains import usable_domains
from tapline.links.goals import offered_names
from tapline.names import language_name
from tapline.providers.senders import usable_senders
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

NIGHTS = {
    AtNight.WAIT.value: gettext_lazy("they wait for their morning"),
    AtNight.SKIP.value: gettext_lazy("they are left out"),
}


# Offered in the composer: those that most texts are written in.
LANGUAGES = ("en", "es", "de", "fr", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "tr")


@inside(Need.EDIT, "GET", "HEAD", "POST")
def compose(visit: Visit, broadcast_id: int | None = None) -> HttpResponse:
    """Write a new broadcast, or go on with a draft."""
    stored = find_broadcast(visit, broadcast_id) if broadcast_id else _kept_before(visit)
    if stored is not None and stored.state not in CHANGEABLE:
        return redirect("broadcasts:show", visit.workspace.pk, stored.pk)
    if visit.request.method != "POST":
        return _form(visit, stored or _new(visit))
    try:
        if wish := visit.request.POST.get("do"):
            return _form(visit, _changed(visit, _posted(visit, stored), wish))
        saved = _save(visit, stored)
    except TaplineError as error:
        return _form(visit, _posted(visit, stored), error)
    return redirect("broadcasts:show", visit.workspace.pk, saved.pk)


@inside(Need.EDIT, "POST")
def keep(visit: Visit) -> HttpResponse:
    """Keep what is being written, as a draft, and say so in a fragment."""
    stored = _kept_before(visit)
    values, _wrong = read_what_can_be_read(visit.workspace, visit.request.POST)
    kept = keep_draft(visit.workspace, stored, values, actor=visit.actor)
    draft = kept or stored
    context = {
        "draft_id": draft.pk if draft else "",
        "kept_at": timezone.now() if kept else None,
        "waits": bool(stored and stored.state == BroadcastState.SCHEDULED),
    }
    response = visit.render("broadcasts/compose/_kept.html", context)
    if kept is not None and stored is None:
        # Loading the page again then shows the draft, and not an empty form.
        address = reverse("broadcasts:compose", args=[visit.workspace.pk, kept.pk])
        response["HX-Replace-Url"] = address
    return response


@inside(Need.EDIT, "POST")
def show_preview(visit: Visit) -> HttpResponse:
    """Show, as a fragment, what recipient n gets of the text that is being written."""
    values = read_form(visit.workspace, visit.request.POST)
    draft = as_unsaved(visit.workspace, values, _kept_before(visit))
    return visit.render("broadcasts/compose/_shown.html", shown(draft, _recipient_number(visit)))


@inside(Need.EDIT, "POST")
def show_reach(visit: Visit) -> HttpResponse:
    """Show, as a fragment, who gets the text that is being written, who does not and why, and what
    all that costs. What is wrong with the text is said beside it, by `show_preview`."""
    try:
        draft = as_unsaved(visit.workspace, read_form(visit.workspace, visit.request.POST), None)
        if "again" in visit.request.GET:
            count_again(draft, with_text=not is_large(visit.workspace))
        told = reached(draft)
    except TaplineError:
        told = {}
    return visit.render("broadcasts/compose/_reached.html", told)


def _kept_before(visit: Visit) -> Broadcast | None:
    """Return the draft that the form was kept as while it was written."""
    number = whole_number(visit.form("draft"))
    return find_broadcast(visit, number) if number is not None else None


def _new(visit: Visit) -> Broadcast:
    """Return an empty broadcast, one to a segment, or one to those of an earlier one: as the
    address names it."""
    earlier = whole_number(visit.request.GET.get("after", ""))
    if earlier is not None:
        return follow_up(find_broadcast(visit, earlier), visit.request.GET.get("did", ""))
    policy = policy_of(visit.workspace)
    saved = find_saved_text(visit.workspace, visit.request.GET.get("text", ""))
    return Broadcast(
        workspace=visit.workspace,
        text=saved.text if saved else "",
        saved_text=saved,
        audience=_segment(visit, visit.request.GET.get("segment", "")) or FIRST_AUDIENCE,
        at_night=policy.at_night,
        give_up_hours=policy.give_up_hours,
    )


def _segment(visit: Visit, raw: str) -> dict[str, Any]:
    """Return the audience that a segment is; nothing for what names none of this workspace."""
    found = segments_of(visit.workspace).filter(pk=whole_number(raw) or 0).first()
    return {"segment": found.pk} if found else {}


def _save(visit: Visit, stored: Broadcast | None) -> Broadcast:
    values = read_form(visit.workspace, visit.request.POST)
    with transaction.atomic():
        save_names(values)
        if stored is None:
            return create_broadcast(visit.workspace, actor=visit.actor, **values)
        return update_draft(stored, actor=visit.actor, **values)


def _posted(visit: Visit, stored: Broadcast | None) -> Broadcast:
    """Return what was posted, as far as it can be read, so that nothing has to be typed again."""
    values, _wrong = read_what_can_be_read(visit.workspace, visit.request.POST)
    return as_unsaved(visit.workspace, values, stored)


def _changed(visit: Visit, draft: Broadcast, wish: str) -> Broadcast:
    """Return the draft as a button that changes its text wants it, for those without script."""
    if wish == "saved":
        chosen = find_saved_text(visit.workspace, visit.form("saved_text"))
        if chosen is not None:
            draft.text, draft.saved_text = chosen.text, chosen
    elif wish == "save-text":
        draft.saved_text = save_text(
            visit.workspace, visit.form("text_name"), draft.text, actor=visit.actor
        )
        messages.success(visit.request, _("«%(name)s» is saved.") % {"name": draft.saved_text.name})
    elif is_about_pictures(wish):
        draft.media = changed_media(visit, draft.media, wish)
    elif wish == "language":
        if LANGUAGE.fullmatch(language := visit.form("language")):
            draft.translations = {**draft.translations, language: draft.text}
    else:
        take_fields(draft, change(fields_of(draft), wish, field=visit.form("field")))
    return draft


def _form(visit: Visit, draft: Broadcast, error: TaplineError | None = None) -> HttpResponse:
    context = {
        "room": "broadcasts",
        "broadcast": draft,
        "draft_id": draft.pk or "",
        "waits": draft.state == BroadcastState.SCHEDULED,
        "audiences": list(audience_choices(visit.workspace, draft.audience)),
        "chosen_audience": json.dumps(draft.audience),
        "domains": usable_domains(visit.workspace),
        "fields": known_fields(visit.workspace),
        "saved_texts": saved_texts_of(visit.workspace),
        "translations": [
            (code, language_name(code), text) for code, text in sorted(draft.translations.items())
        ],
        "languages": [
            (code, language_name(code))
            for code in LANGUAGES
            if code not in draft.translations and code != base_language(visit.workspace.language)
        ],
        **offered_names(visit.workspace),
        "purposes": Purpose.choices,
        "nights": NIGHTS.items(),
        "senders": usable_senders(visit.workspace),
        "variant_slots": variant_slots(draft),
        "numbers": numbers_as_typed(draft, visit.request.POST),
        "utm": [(name, draft.utm.get(name, "")) for name in UTM_FIELDS],
        "error": error,
        **pictures_context(draft),
        **_beside(visit, draft),
    }
    return visit.render("broadcasts/compose.html", context, status=422 if error else 200)


def _beside(visit: Visit, draft: Broadcast) -> dict[str, Any]:
    """Return what is shown beside the form: as much of it as its state lets tell."""
    told: dict[str, Any] = {}
    looks: tuple[Callable[[], dict[str, Any]], ...] = (
        lambda: shown(draft, _recipient_number(visit)),
        lambda: reached(draft),
    )
    for look in looks:
        try:
            told |= look()
        except TaplineError as wrong:
            told["not_shown"] = wrong
    return told


def _recipient_number(visit: Visit) -> int:
    """Return which recipient to show, from 0: the chosen one, one further or one back."""
    chosen = whole_number(visit.form("recipient"), longest=9)
    step = {"next": 1, "previous": -1}.get(visit.request.GET.get("do") or visit.form("do"), 0)
    return max(0, (1 if chosen is None else chosen) - 1 + step)
