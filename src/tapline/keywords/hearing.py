"""What a text with a keyword sets off: reply, tags, consent, a word to the team; once a text.

Called with the inbound texts that came together, in the transaction that stores them, after
opt-outs and calls for help. Texts without a keyword cost nothing each, and those with one share
their statements: after a word on television hundreds come in a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from tapline.broadcasts.models import Broadcast, BroadcastKind, BroadcastState
from tapline.contacts.consent import record_consent
from tapline.contacts.models import Contact, Purpose
from tapline.contacts.upserting import ensure_contacts, tag_contacts
from tapline.keywords.matching import Match, Wanted, find_keyword
from tapline.keywords.models import Keyword, KeywordBroadcast, KeywordUse, Notice
from tapline.links.domains import NoDomain, domain_for
from tapline.links.models import Domain
from tapline.replies.answering import ToSay, answer_by_themselves, can_get_texts
from tapline.replies.models import AnswerKind, Reply, Thread
from tapline.texts.merging import parse
from tapline.texts.wishes import Verdict
from tapline.workspaces.models import Workspace

SOURCE = "keyword"


@dataclass(frozen=True, slots=True)
class _Hit:
    """A text and the keyword that it asks for."""

    reply: Reply
    keyword: Keyword
    is_misspelt: bool


def hear(replies: Sequence[Reply]) -> list[bool]:
    """Do what the keywords in `replies` ask for; say of each whether it had one.

    A misspelt word that may as well be a misspelt STOP is nobody's: a person decides.
    """
    matches = _matches(replies)
    if matches:
        keywords = Keyword.objects.select_related("workspace", "wording").in_bulk(
            {match.id for match in matches.values()}
        )
        hits = [
            _Hit(reply, keywords[matches[reply.pk].id], matches[reply.pk].is_misspelt)
            for reply in replies
            if reply.pk in matches
        ]
        _act(hits)
    return [reply.pk in matches for reply in replies]


def _matches(replies: Sequence[Reply]) -> dict[int, Match]:
    """Return what texts ask for, by the number of the reply; those without a keyword are not in."""
    wanted = _wanted(replies)
    found = {}
    for reply in replies:
        match = find_keyword(reply.text, _wanted_of(reply, wanted))
        # Doubt whether STOP was meant is settled in favour of the person.
        if match and not (match.is_misspelt and reply.wish == Verdict.UNCLEAR):
            found[reply.pk] = match
    return found


def _wanted(replies: Sequence[Reply]) -> dict[tuple[int, str], list[Wanted]]:
    """Return the keywords that count for some of these texts, by workspace and number."""
    keywords = Keyword.objects.filter(
        number__in={"", *(reply.number for reply in replies)},
        workspace__in={number for reply in replies for number in reply.workspace.ancestor_ids},
        ended_at=None,
    ).values_list("workspace", "number", "id", "key", "only_word", "forgives")
    wanted: dict[tuple[int, str], list[Wanted]] = {}
    for workspace, number, pk, key, only_word, forgives in keywords:
        each = Wanted(id=pk, key=key, only_word=only_word, forgives=forgives)
        wanted.setdefault((workspace, number), []).append(each)
    return wanted


def _wanted_of(
    reply: Reply, wanted: Mapping[tuple[int, str], Sequence[Wanted]]
) -> Iterator[Wanted]:
    for workspace in reply.workspace.ancestor_ids:
        for number in dict.fromkeys(("", reply.number)):
            yield from wanted.get((workspace, number), ())


def _act(hits: Sequence[_Hit]) -> None:
    _make_contacts([hit.reply for hit in hits])
    uses = KeywordUse.objects.bulk_create(
        KeywordUse(
            keyword=hit.keyword,
            reply=hit.reply,
            contact=hit.reply.contact,
            is_misspelt=hit.is_misspelt,
            agreed=hit.reply.contact is not None and _agree(hit.keyword, hit.reply),
            at=hit.reply.received_at,
        )
        for hit in hits
    )
    known = [hit for hit in hits if hit.reply.contact is not None]
    _tag(known)
    _reply(known)
    now = timezone.now()
    Notice.objects.bulk_create(
        Notice(use=use, address=address, next_try_at=now)
        for use in uses
        for address in use.keyword.told
    )


def _make_contacts(replies: Sequence[Reply]) -> None:
    """Make contacts of whoever wrote and is none yet, but for senders that take no texts."""
    strangers = [reply for reply in replies if reply.contact is None and can_get_texts(reply.phone)]
    by_workspace: dict[Workspace, list[Reply]] = {}
    for reply in strangers:
        by_workspace.setdefault(reply.workspace, []).append(reply)
    for workspace, some in by_workspace.items():
        numbers = ensure_contacts(workspace, [reply.phone for reply in some])
        contacts = Contact.objects.select_related("workspace").in_bulk(numbers.values())
        for reply in some:
            reply.contact = contacts[numbers[reply.phone]]
            if reply.thread is not None:
                reply.thread.contact = reply.contact
    Reply.objects.bulk_update(strangers, ["contact"])
    threads = [reply.thread for reply in strangers if reply.thread is not None]
    Thread.objects.bulk_update(threads, ["contact"])


def _agree(keyword: Keyword, reply: Reply) -> bool:
    """Write a yes into the ledger where the keyword means one: its poster says to what."""
    if not keyword.purpose or keyword.wording is None or reply.contact is None:
        return False
    record_consent(
        [reply.contact],
        scope=keyword.workspace,
        purpose=keyword.purpose,
        given=True,
        wording=keyword.wording.text,
        language=keyword.wording.language,
        source=SOURCE,
        evidence={
            "keyword": keyword.word,
            "text": reply.text[:160],
            "number": reply.number,
            "reply": reply.pk,
        },
        at=min(reply.received_at, timezone.now()),
        by=f"keyword {keyword.pk}",
    )
    return True


def _tag(hits: Sequence[_Hit]) -> None:
    for keyword in {hit.keyword for hit in hits}:
        people = [hit.reply.contact for hit in hits if hit.keyword == keyword and hit.reply.contact]
        tag_contacts(people, keyword.tags)


def _reply(hits: Sequence[_Hit]) -> None:
    gathered: dict[tuple[int, int, str, str], Broadcast] = {}
    asked = []
    for hit in hits:
        keyword, contact, thread = hit.keyword, hit.reply.contact, hit.reply.thread
        if not keyword.reply_text or contact is None or thread is None:
            continue
        key = (keyword.pk, thread.workspace_id, thread.number, thread.provider)
        if key not in gathered:
            gathered[key] = _gathering(keyword, thread)
        text = parse(keyword.reply_text).render(contact.attributes)
        asked.append(ToSay(hit.reply, AnswerKind.KEYWORD, text, gathered[key]))
    answer_by_themselves(asked)


def _gathering(keyword: Keyword, thread: Thread) -> Broadcast:
    """Return the broadcast that gathers this keyword's replies from the thread's number."""
    sender = thread.number[: Broadcast._meta.get_field("sender_number").max_length]
    found = (
        KeywordBroadcast.objects.filter(
            keyword=keyword,
            broadcast__workspace=thread.workspace,
            broadcast__sender_number=sender,
            broadcast__provider=thread.provider,
        )
        .select_related("broadcast")
        .first()
    )
    if found is not None:
        return found.broadcast
    broadcast = Broadcast.objects.create(
        workspace=thread.workspace,
        kind=BroadcastKind.ANSWERS,
        state=BroadcastState.SENDING,
        purpose=Purpose.SERVICE,
        name=f"Keyword {keyword.word}",
        domain=_domain(thread.workspace),
        campaign=keyword.campaign,
        offer=keyword.offer,
        sender_number=sender,
        provider=thread.provider,
        created_by=f"keyword {keyword.pk}",
        started_at=timezone.now(),
    )
    KeywordBroadcast.objects.create(keyword=keyword, broadcast=broadcast)
    return broadcast


def _domain(workspace: Workspace) -> Domain | None:
    try:
        return domain_for(workspace)
    except NoDomain:
        return None
