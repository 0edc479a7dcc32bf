"""How the composer's form becomes a draft, and a draft the form's choices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tapline.broadcasts.audience import BadAudience, read_audience
from tapline.broadcasts.composing import BadBroadcast, take_sender
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.saved_texts import find_saved_text
from tapline.broadcasts.splitting import MOST_VARIANTS, even_share
from tapline.broadcasts.wordings import LANGUAGE, letter
from tapline.contacts.models import ContactImport, Purpose, Tag
from tapline.contacts.segments import segments_of
from tapline.digits import whole_number
from tapline.errors import TaplineError
from tapline.hours.deciding import policy_of
from tapline.links.domains import domain_for, usable_domains
from tapline.links.goals import goal_named
from tapline.links.models import Campaign, Domain, Offer
from tapline.pictures.media import OWN
from tapline.workspaces.models import Workspace

IMPORTS_OFFERED = 20
UTM_FIELDS = ("source", "medium", "campaign")

_DID_IN_WORDS = {
    "tapped": gettext_lazy("Who tapped in «%(name)s»"),
    "not_tapped": gettext_lazy("Who got «%(name)s» and did not tap"),
    "held_out": gettext_lazy("Who got nothing on purpose of «%(name)s»"),
    "failed": gettext_lazy("Whose text of «%(name)s» failed"),
}


def read_form(workspace: Workspace, form: QueryDict) -> dict[str, Any]:
    """Return what a posted form says, as `create_broadcast` and `update_draft` take it.

    Campaign and offer are names; those that are new come back unsaved. Raises `BadAudience`,
    `BadBroadcast` and `NoDomain`.
    """
    values: dict[str, Any] = {}
    for read in SECTIONS:
        values |= read(workspace, form)
    return values


def read_what_can_be_read(
    workspace: Workspace, form: QueryDict
) -> tuple[dict[str, Any], list[TaplineError]]:
    """Return the values of those sections of a posted form that can be read, and what is wrong
    with the others: nothing typed elsewhere is lost by a mistake in one of them."""
    values: dict[str, Any] = {}
    wrong: list[TaplineError] = []
    for read in SECTIONS:
        try:
            values |= read(workspace, form)
        except TaplineError as error:
            wrong.append(error)
            if as_written := _AS_WRITTEN.get(read):
                values |= as_written(form)
    return values, wrong


def save_names(values: dict[str, Any]) -> dict[str, Any]:
    """Store a campaign and an offer that were named for the first time; return `values`."""
    for thing in (values["campaign"], values["offer"]):
        if thing is not None and thing.pk is None:
            thing.save()
    return values


def audience_choices(workspace: Workspace, current: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (value, words) of each audience that the form offers, the current one among them."""
    offered: dict[str, str] = {json.dumps({"all": True}): _("Everybody who agreed")}
    for segment in segments_of(workspace):
        offered[json.dumps({"segment": segment.pk})] = _("Segment «%(name)s»") % {
            "name": segment.name
        }
    for name in (
        Tag.objects.filter(workspace=workspace).order_by("name").values_list("name", flat=True)
    ):
        offered[json.dumps({"tags": [name]})] = _("Tagged «%(name)s»") % {"name": name}
    imports = ContactImport.objects.filter(
        workspace=workspace, state="done", is_trial=False
    ).order_by("-id")
    for each in imports[:IMPORTS_OFFERED]:
        offered[json.dumps({"imports": [each.pk]})] = _("Imported from %(file)s, %(day)s") % {
            "file": each.file_name,
            "day": each.started_at.date().isoformat(),
        }
    if current:
        offered.setdefault(json.dumps(current), describe_audience(workspace, current))
    yield from offered.items()


def describe_audience(workspace: Workspace, audience: dict[str, Any]) -> str:
    """Return who a broadcast of `workspace` is for, in words."""
    if "broadcast" in audience:
        earlier = Broadcast.objects.filter(workspace=workspace, pk=audience["broadcast"]).first()
        return _DID_IN_WORDS[audience["did"]] % {"name": earlier.name if earlier else "–"}
    if "segment" in audience:
        segment = segments_of(workspace).filter(pk=audience["segment"]).first()
        return _("Segment «%(name)s»") % {"name": segment.name if segment else "–"}
    ((kind, value),) = audience.items() if len(audience) == 1 else (("", []),)
    if kind == "all":
        return _("Everybody who agreed")
    if kind == "tags":
        return _("Tagged %(names)s") % {"names": ", ".join(f"«{name}»" for name in value)}
    if kind == "imports":
        return _("From %(count)d imported files") % {"count": len(value)}
    return _("%(count)d chosen contacts") % {"count": len(value)}


def follow_up(earlier: Broadcast, did: str) -> Broadcast:
    """Return a broadcast, not saved, to those of an earlier one who did so; raises `BadAudience`.

    What the earlier one was about stays; its text is not repeated.
    """
    kept = (
        *("workspace", "domain", "campaign", "offer", "purpose"),
        *("provider", "sender_number", "sender_pool"),
        *("at_night", "give_up_hours"),
    )
    return Broadcast(
        name=_("%(name)s, again") % {"name": earlier.name[:140]},
        audience=read_audience(earlier.workspace, {"broadcast": earlier.pk, "did": did}),
        **{field: getattr(earlier, field) for field in kept},
    )


def as_unsaved(workspace: Workspace, values: dict[str, Any], stored: Broadcast | None) -> Broadcast:
    """Return the form's values as a broadcast that is not saved: for previews and for the form."""
    # Which text falls to whom hangs on the token: what is shown is what will be sent.
    known = {"pk": stored.pk, "token": stored.token} if stored else {}
    draft = Broadcast(workspace=workspace, **known)
    for name, value in values.items():
        setattr(draft, name, value)
    with suppress(TaplineError):  # A number that is still being typed; saving says it.
        take_sender(draft, draft.sender_number)
    return draft


def _about(_workspace: Workspace, form: QueryDict) -> dict[str, Any]:
    return {
        "name": form.get("name", "").strip(),
        "purpose": form.get("purpose", Purpose.MARKETING),
        "is_test": "is_test" in form,
    }


def _text(workspace: Workspace, form: QueryDict) -> dict[str, Any]:
    return {
        "text": _written(form, "text"),
        "translations": _translations(form),
        "media": [
            *(OWN + token for token in form.getlist("picture")),
            *form.get("media", "").split(),
        ],
        "saved_text": find_saved_text(workspace, form.get("from_text", "")),
    }


def _who(workspace: Workspace, form: QueryDict) -> dict[str, Any]:
    return {"audience": _audience(workspace, form.get("audience", ""))}


def _links(workspace: Workspace, form: QueryDict) -> dict[str, Any]:
    return {
        "domain": _domain(workspace, form.get("domain", "")),
        "campaign": goal_named(workspace, Campaign, form.get("campaign", "")),
        "offer": goal_named(workspace, Offer, form.get("offer", "")),
        "utm": {
            name: value for name in UTM_FIELDS if (value := form.get(f"utm_{name}", "").strip())
        },
    }


def _sender(_workspace: Workspace, form: QueryDict) -> dict[str, Any]:
    return {"sender_number": form.get("sender_number", "").strip()}


def _limit(_workspace: Workspace, form: QueryDict) -> dict[str, Any]:
    return {"spend_limit": _spend_limit(form.get("spend_limit", "").strip())}


def _audience(workspace: Workspace, raw: str) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise BadAudience(
            _("No audience is chosen."),
            why=_("A broadcast goes to somebody."),
            do=_("Choose who gets it."),
        )
    return read_audience(workspace, value)


def _written(form: QueryDict, name: str) -> str:
    """Return a text as it was written. Browsers send line ends as CRLF; phones would be billed for
    both characters."""
    return form.get(name, "").replace("\r\n", "\n").strip()


def _translations(form: QueryDict) -> dict[str, str]:
    """Return the text in other languages: of each field `text_es` that is not empty."""
    languages = (name.removeprefix("text_") for name in form if name.startswith("text_"))
    written = {
        language: _written(form, f"text_{language}")
        for language in languages
        if LANGUAGE.fullmatch(language)
    }
    return {language: text for language, text in written.items() if text}


def _domain(workspace: Workspace, raw: str) -> Domain:
    chosen = [each for each in usable_domains(workspace) if str(each.pk) == raw]
    return chosen[0] if chosen else domain_for(workspace)


def _night(workspace: Workspace, form: QueryDict) -> dict[str, Any]:
    """Return what becomes of those whose place is closed; left out, as the workspace decided."""
    policy = policy_of(workspace)
    written = form.get("give_up_hours", "").strip() or str(policy.give_up_hours)
    if (hours := whole_number(written, longest=4)) is None:
        raise BadBroadcast(
            _("The hours to wait are no number."),
            why=_("Who still waits for their morning then gets no text."),
            do=_("Write it like 48, or leave it empty."),
        )
    return {
        "at_night": form.get("at_night", "") or policy.at_night,
        "give_up_hours": hours,
    }


def _spend_limit(raw: str) -> Decimal | None:
    try:
        limit = Decimal(raw) if raw else None
    except InvalidOperation:
        limit = Decimal(-1)
    if limit is not None and not (limit.is_finite() and 0 < limit < 10**8):
        raise BadBroadcast(
            _("The spend limit is not an amount."),
            why=_("It stops the broadcast before it costs more."),
            do=_("Write it like 250 or 99.50, or leave it empty."),
        )
    return limit


def numbers_as_typed(draft: Broadcast, form: QueryDict) -> dict[str, str]:
    """Return the amounts and numbers of a draft as the form shows them: as they were typed, even
    where they cannot be read; as no language writes them, so that they can be read again."""
    limit = draft.spend_limit
    held = {
        "spend_limit": "" if limit is None else f"{limit.normalize():f}",
        "give_up_hours": str(draft.give_up_hours),
        "hold_out": str(draft.hold_out or ""),
    }
    return {name: form.get(name, figure).strip() for name, figure in held.items()}


def variant_slots(broadcast: Broadcast) -> list[dict[str, Any]]:
    """Return the further texts of a draft as the form shows them, and one empty place more."""
    filled = list(broadcast.variants)
    room = [{"text": "", "share": ""}] if len(filled) < MOST_VARIANTS - 1 else []
    return [
        {**each, "letter": letter(place)} for place, each in enumerate([*filled, *room], start=1)
    ]


def _further_texts(form: QueryDict) -> list[tuple[str, str]]:
    """Return the further texts and their shares as they were typed; even ones unless said."""
    texts = [
        (text, form.get(f"share_{place}", "").strip())
        for place in range(1, MOST_VARIANTS)
        if (text := _written(form, f"variant_{place}"))
    ]
    even = str(even_share(len(texts) + 1))
    return [(text, share or even) for text, share in texts]


def _variants(_workspace: Workspace, form: QueryDict) -> dict[str, Any]:
    found = _further_texts(form)
    return {"variants": [{"text": text, "share": _percent(share)} for text, share in found]}


def _variants_as_written(form: QueryDict) -> dict[str, Any]:
    """Return the further texts, with even shares where those that were typed are no numbers."""
    found = _further_texts(form)
    even = even_share(len(found) + 1)
    shares = [whole_number(share, longest=2) for _text, share in found]
    return {
        "variants": [
            {"text": text, "share": even if share is None else share}
            for (text, _share), share in zip(found, shares, strict=True)
        ]
    }


def _hold_out(_workspace: Workspace, form: QueryDict) -> dict[str, Any]:
    return {"hold_out": _percent(form.get("hold_out", "").strip() or "0")}


def _percent(raw: str) -> int:
    if (percent := whole_number(raw, longest=2)) is None:
        raise BadBroadcast(
            _("A share is no number."),
            why=_("It says how many of the recipients get that text, or none."),
            do=_("Write whole per cent, like 20."),
        )
    return percent


# Each section of the composer reads its own fields.
SECTIONS: tuple[Callable[[Workspace, QueryDict], dict[str, Any]], ...] = (
    _about,
    _text,
    _variants,
    _hold_out,
    _who,
    _links,
    _sender,
    _limit,
    _night,
)

# What is kept of a section of which one field cannot be read.
_AS_WRITTEN: dict[
    Callable[[Workspace, QueryDict], dict[str, Any]], Callable[[QueryDict], dict[str, Any]]
] = {_variants: _variants_as_written}
