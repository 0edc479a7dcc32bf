"""How a keyword is made, changed and ended, and which words nobody can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from tapline import config
from tapline.broadcasts.composing import read_text
from tapline.contacts.consent import keep_wording
from tapline.contacts.models import Purpose
from tapline.contacts.upserting import refuse_bad_tag
from tapline.errors import Conflict, TaplineError
from tapline.keywords.models import Keyword
from tapline.keywords.watched import look_at_reply
from tapline.links.models import Campaign, Offer
from tapline.texts.plain import one_word
from tapline.texts.wishes import Verdict, is_yes, read_wish
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

LONGEST_WORD = 40
MOST_TOLD = 10
RESERVED = (Verdict.CLEAR, Verdict.HELP, Verdict.START)


class BadKeyword(TaplineError):
    """The keyword cannot be used like this."""


class KeywordTaken(Conflict):
    """Another keyword, or the law, has this word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordDetails:
    """Everything about a keyword that its owner chooses."""

    word: str
    reply_text: str = ""
    number: str = ""
    only_word: bool = False
    forgives: bool = True
    campaign: Campaign | None = None
    offer: Offer | None = None
    tags: Sequence[str] = ()
    purpose: str = ""
    wording: str = ""
    told: Sequence[str] = ()


def create_keyword(workspace: Workspace, details: KeywordDetails, *, actor: str) -> Keyword:
    """Return a new keyword, in force at once.

    Raises `BadKeyword`, `KeywordTaken`, and for its reply what a broadcast's text raises.
    """
    _refuse_bad(details)
    with transaction.atomic():
        _refuse_taken(workspace, details, but=None)
        keyword = Keyword(workspace=workspace, created_by=actor, **_fields(details))
        keyword.save()
        record(workspace, actor, "keyword.created", keyword, after=_told(details))
    look_at_reply(workspace, keyword.reply_text)
    return keyword


def change_keyword(keyword: Keyword, details: KeywordDetails, *, actor: str) -> None:
    """Change a keyword in force; texts that come from now on get the new reply. Raises as above."""
    _refuse_bad(details)
    with transaction.atomic():
        _refuse_taken(keyword.workspace, details, but=keyword)
        before = {"word": keyword.word, "reply_text": keyword.reply_text}
        for name, value in _fields(details).items():
            setattr(keyword, name, value)
        keyword.save()
        record(keyword.workspace, actor, "keyword.changed", keyword, before, _told(details))
    look_at_reply(keyword.workspace, keyword.reply_text)


def end_keyword(keyword: Keyword, *, actor: str) -> None:
    """End a keyword: its word does nothing any more, and is free. Its report stays."""
    with transaction.atomic():
        keyword.ended_at = timezone.now()
        keyword.save(update_fields=["ended_at"])
        record(keyword.workspace, actor, "keyword.ended", keyword)


def looks_like_stop(word: str) -> bool:
    """Say whether people who mistype STOP may well type `word`: SHOP, say. It is allowed; whoever
    chooses it should know."""
    return read_wish(word).verdict == Verdict.UNCLEAR


def _fields(details: KeywordDetails) -> dict[str, Any]:
    return {
        "word": details.word.strip(),
        "key": one_word(details.word),
        "number": details.number,
        "only_word": details.only_word,
        "forgives": details.forgives,
        "reply_text": details.reply_text.strip(),
        "campaign": details.campaign,
        "offer": details.offer,
        "tags": list(details.tags),
        "purpose": details.purpose,
        "wording": keep_wording(details.wording) if details.purpose else None,
        "told": list(details.told),
    }


def _told(details: KeywordDetails) -> Mapping[str, Any]:
    return {
        "word": details.word.strip(),
        "number": details.number,
        "reply_text": details.reply_text,
        "purpose": details.purpose,
        "wording": details.wording,
        "tags": list(details.tags),
    }


def _refuse_bad(details: KeywordDetails) -> None:
    word = details.word.strip()
    if not one_word(word) or len(word) > LONGEST_WORD or not word.isprintable():
        raise BadKeyword(
            f"'{word[:LONGEST_WORD]}' cannot be a keyword.",
            why=f"A keyword has 1 to {LONGEST_WORD} characters, letters or digits among them.",
            do="Choose a short word that is easy to type, such as PIZZA.",
        )
    if read_wish(word).verdict in RESERVED or is_yes(word):
        raise KeywordTaken(
            f"'{word}' is reserved.",
            why="By law and carriers' rules it opts out, comes back or asks for help.",
            do="Choose another word.",
        )
    _refuse_bad_reply(details.reply_text.strip())
    if details.purpose and (details.purpose not in Purpose.values or not details.wording.strip()):
        raise BadKeyword(
            "The words that people agree to are missing.",
            why="Texting a keyword is a yes only to what its poster or page says.",
            do="Copy the words beside the keyword, such as «Text PIZZA to get offers, 4 a month».",
        )
    for tag in details.tags:
        refuse_bad_tag(tag)
    _refuse_bad_told(details.told)


def _refuse_bad_reply(text: str) -> None:
    needed = sorted(read_text(text).needed) if text else []
    if needed:
        raise BadKeyword(
            f"The reply needs the field '{needed[0]}'.",
            why="Whoever texts a keyword may be new, and then nothing is known of them.",
            do=f"Write {{{{ {needed[0]} | something }}}}.",
        )


def _refuse_bad_told(told: Sequence[str]) -> None:
    if told and not config.current().mail_url:
        raise BadKeyword(
            "Nobody can be told by e-mail.",
            why="No mail server is set.",
            do="Set TAPLINE_MAIL_URL, or leave the e-mail addresses out.",
        )
    for address in told:
        try:
            validate_email(address)
        except ValidationError as error:
            raise BadKeyword(
                f"'{address}' is no e-mail address.",
                why="It would never arrive.",
                do="Write it like name@example.com.",
            ) from error
    if len(told) > MOST_TOLD:
        raise BadKeyword(
            f"{len(told)} people would be told of each text.",
            why=f"It may be {MOST_TOLD}.",
            do="Give the address of a mailing list.",
        )


def _refuse_taken(workspace: Workspace, details: KeywordDetails, *, but: Keyword | None) -> None:
    for other in _with_word(one_word(details.word)):
        if other.pk != (but and but.pk) and _meet(workspace, details.number, other):
            # Whose it is, is said only where this workspace may know.
            known = other.workspace_id in workspace.ancestor_ids
            place, number = other.workspace.name, other.number
            raise KeywordTaken(
                f"The keyword '{details.word.strip()}' is taken.",
                why=(
                    f"It exists in '{place}' for {number}."
                    if known and number
                    else f"It exists in '{place}' for every number."
                    if known
                    else f"It exists in another workspace for {number}."
                    if number
                    else "It exists in another workspace for every number."
                ),
                do="Choose another word, or end that one.",
            )


def _with_word(key: str) -> Iterator[Keyword]:
    yield from Keyword.objects.filter(key=key, ended_at=None).select_related("workspace")


def _meet(workspace: Workspace, number: str, other: Keyword) -> bool:
    """Say whether one text could ask for both: the same number, or one workspace inside the other
    with a number in common."""
    if number and number == other.number:
        return True
    in_line = (
        workspace.pk in other.workspace.ancestor_ids or other.workspace_id in workspace.ancestor_ids
    )
    return in_line and (not number or not other.number)
