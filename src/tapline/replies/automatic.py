"""What is said by itself: help, that an opt-out was heard, that somebody is back; and how far an
opt-out reaches.

A workspace's own words come first, then those of the workspaces above it, then ours in the
language of whoever wrote. Words of one's own are checked when they are saved.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from tapline.broadcasts.tracking import check_text
from tapline.errors import TaplineError
from tapline.replies.models import AnswerKind, ConversationSettings, Scope
from tapline.texts.links import find_links
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import ancestors

# Brand, where help is and how to stop: what CTIA asks of an answer to HELP. The confirmation
# confirms and nothing else. Source: 47 CFR 64.1200(a)(12). Each is worded without letters outside
# GSM-7 («más», «arrêter»): one of them would make the text cost twice as much.
HELP = {
    "en": "{brand}: {contact} Reply STOP to get no more texts.",
    "es": "{brand}: {contact} Responda STOP para dejar de recibir mensajes.",
    "fr": "{brand} : {contact} Répondez STOP pour ne plus recevoir de messages.",
    "de": "{brand}: {contact} Mit STOP bekommen Sie keine Nachrichten mehr.",
}
HELP_CONTACT = {
    "en": "Help: {contact}.",
    "es": "Ayuda: {contact}.",
    "fr": "Aide : {contact}.",
    "de": "Hilfe: {contact}.",
}
HELP_HERE = {
    "en": "Write here what you need.",
    "es": "Escriba lo que necesita y le responderemos.",
    "fr": "Écrivez ici ce qu'il vous faut.",
    "de": "Schreiben Sie hier, was Sie brauchen.",
}
CONFIRMATION = {
    "en": "{brand}: you will get no more texts from us. Reply START to get them again.",
    "es": "{brand}: ya no le enviaremos mensajes. Responda START para recibirlos de nuevo.",
    "fr": "{brand} : vous ne recevrez plus nos messages. Répondez START pour les recevoir.",
    "de": "{brand}: Sie bekommen keine Nachrichten mehr. Mit START bekommen Sie sie wieder.",
}
RETURN = {
    "en": "{brand}: you will get our texts again. Reply STOP to end, HELP for help.",
    "es": "{brand}: le enviaremos mensajes de nuevo. STOP para terminar, AYUDA para ayuda.",
    "fr": "{brand} : vous recevrez de nouveau nos messages. STOP pour finir, AIDE pour l'aide.",
    "de": "{brand}: Sie bekommen unsere Nachrichten wieder. STOP beendet, HILFE hilft.",
}
_OURS = {
    AnswerKind.HELP: HELP,
    AnswerKind.CONFIRMATION: CONFIRMATION,
    AnswerKind.RETURN: RETURN,
}
_FIELDS = {
    AnswerKind.HELP: "help_text",
    AnswerKind.CONFIRMATION: "confirmation_text",
    AnswerKind.RETURN: "return_text",
}
BY_ITSELF = tuple(_OURS)
WORDS = ("brand", "contact", *_FIELDS.values())


class BadWords(TaplineError):
    """What would be said by itself cannot be said that way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a workspace says by itself, inherited words included; empty: ours."""

    brand: str
    contact: str
    help_text: str
    confirmation_text: str
    return_text: str


def automatic_text(workspace: Workspace, kind: AnswerKind, language: str = "") -> str:
    """Return what `workspace` says by itself; `language` is that of whoever wrote, where known."""
    words = words_of(workspace)
    own: str = getattr(words, _FIELDS[kind])
    spoken = language or workspace.language[:2]
    spoken = spoken if spoken in CONFIRMATION else "en"
    told = HELP_CONTACT[spoken] if words.contact else HELP_HERE[spoken]
    text = own or _OURS[kind][spoken].replace("{contact}", told)
    return text.replace("{contact}", words.contact).replace("{brand}", words.brand)


def words_of(workspace: Workspace) -> Words:
    """Return the words of a workspace: its own or else those of the nearest one above it."""
    found = {
        each.workspace_id: each
        for each in ConversationSettings.objects.filter(workspace__in=workspace.ancestor_ids)
    }
    nearest = [found[number] for number in reversed(workspace.ancestor_ids) if number in found]
    values = {
        name: next((value for each in nearest if (value := getattr(each, name))), "")
        for name in WORDS
    }
    values["brand"] = values["brand"] or ancestors(workspace)[0].name
    return Words(**values)


def opt_out_scope(workspace: Workspace) -> Workspace:
    """Return from where an opt-out to `workspace` holds: the top of its tree, unless the brand
    has chosen that it holds for the workspace alone."""
    root = Workspace.objects.get(pk=workspace.ancestor_ids[0])
    narrow = ConversationSettings.objects.filter(workspace=root, opt_out_scope=Scope.WORKSPACE)
    return workspace if narrow.exists() else root


def own_words(workspace: Workspace) -> dict[str, str]:
    """Return what a workspace itself says, without what it inherits: names of `WORDS` → text."""
    kept = ConversationSettings.objects.filter(workspace=workspace).first()
    return {name: getattr(kept, name) if kept else "" for name in WORDS}


def reach_of_opt_outs(workspace: Workspace) -> Scope:
    """Return how far an opt-out reaches in this workspace's tree."""
    top = ConversationSettings.objects.filter(workspace=workspace.ancestor_ids[0]).first()
    return Scope(top.opt_out_scope) if top else Scope.BRAND


def save_reach(workspace: Workspace, reach: Scope, *, actor: str) -> None:
    """Keep how far opt-outs reach from now on; raises `BadWords` below the top of a tree."""
    if workspace.parent_id is not None:
        raise BadWords(
            "How far an opt-out reaches is not chosen here.",
            why="It holds for the whole brand.",
            do="Choose it in the workspace at the top.",
        )
    with transaction.atomic():
        kept, _ = ConversationSettings.objects.select_for_update().get_or_create(
            workspace=workspace
        )
        before, kept.opt_out_scope = kept.opt_out_scope, reach
        kept.save(update_fields=["opt_out_scope"])
        was, now = {"opt_out_scope": before}, {"opt_out_scope": str(reach)}
        record(workspace, actor, "conversation.reach_changed", kept, before=was, after=now)


def save_words(workspace: Workspace, values: dict[str, str], *, actor: str) -> ConversationSettings:
    """Keep a workspace's own words; an empty one is inherited. Raises `BadWords`, `BadText`."""
    values = {name: values.get(name, "").strip() for name in WORDS}
    _refuse_bad(values)
    with transaction.atomic():
        kept, _ = ConversationSettings.objects.select_for_update().get_or_create(
            workspace=workspace
        )
        before = {name: getattr(kept, name) for name in WORDS}
        for name, value in values.items():
            setattr(kept, name, value)
        kept.save(update_fields=list(WORDS))
        record(workspace, actor, "conversation.words_changed", kept, before=before, after=values)
    return kept


def _refuse_bad(values: dict[str, str]) -> None:
    for name in ("help_text", "confirmation_text", "return_text"):
        if values[name]:
            check_text(values[name])
    for name, most in (("brand", 60), ("contact", 120)):
        if len(values[name]) > most:
            raise BadWords(
                f"The {name} is too long.",
                why=f"It is part of short texts and has up to {most} characters.",
                do="Shorten it.",
            )
    if values["help_text"] and "stop" not in values["help_text"].casefold():
        raise BadWords(
            "The answer to HELP does not say how to stop.",
            why="Carriers ask that it names the brand, where help is, and the word STOP.",
            do="Add «Reply STOP to get no more texts.»",
        )
    if find_links(values["confirmation_text"]):
        raise BadWords(
            "The confirmation of an opt-out holds a link.",
            why="It is the one text that may follow an opt-out, and confirms it, no more.",
            do="Leave the link out.",
        )
