"""What a text with a keyword sets off: reply, tags, consent, a word to the team; once a text.

Called for each inbound text in the transaction that stores it, after opt-outs and calls for help.
"""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from tapline.broadcasts.models import Broadcast, BroadcastKind, BroadcastState
from tapline.contacts.consent import record_consent
from tapline.contacts.models import Contact, Purpose
from tapline.contacts.upserting import add_tags, ensure_contacts
from tapline.keywords.matching import Match, Wanted, find_keyword
from tapline.keywords.models import Keyword, KeywordBroadcast, KeywordUse, Notice
from tapline.links.domains import NoDomain, domain_for
from tapline.links.models import Domain
from tapline.replies.answering import answer_by_itself, can_get_texts
from tapline.replies.models import AnswerKind, Reply, Thread
from tapline.texts.merging import parse
from tapline.texts.wishes import Verdict, read_wish
from tapline.workspaces.models import Workspace

SOURCE = "keyword"


def hear(reply: Reply) -> bool:
    """Do what the keyword in `reply` asks for; False where there is none.

    A misspelt word that may as well be a misspelt STOP is nobody's: a person decides.
    """
    found = _find(reply)
    if found is None or (found.is_misspelt and _may_mean_stop(reply)):
        return False
    keyword = Keyword.objects.select_related("workspace", "wording").get(pk=found.id)
    contact = _contact(reply)
    use = KeywordUse.objects.create(
        keyword=keyword,
        reply=reply,
        contact=contact,
        is_misspelt=found.is_misspelt,
        agreed=contact is not None and _agree(keyword, contact, reply),
        at=reply.received_at,
    )
    if contact is not None:
        add_tags(contact, keyword.tags)
        _reply(keyword, contact, reply)
    now = timezone.now()
    Notice.objects.bulk_create(
        Notice(use=use, address=address, next_try_at=now) for address in keyword.told
    )
    return True


def _find(reply: Reply) -> Match | None:
    keywords = Keyword.objects.filter(
        Q(number="") | Q(number=reply.number),
        workspace__in=reply.workspace.ancestor_ids,
        ended_at=None,
    ).values_list("id", "key", "only_word", "forgives")
    wanted = [
        Wanted(id=pk, key=key, only_word=only_word, forgives=forgives)
        for pk, key, only_word, forgives in keywords
    ]
    return find_keyword(reply.text, wanted)


def _may_mean_stop(reply: Reply) -> bool:
    return read_wish(reply.text).verdict == Verdict.UNCLEAR


def _contact(reply: Reply) -> Contact | None:
    """Return who wrote, made a contact if they are new; None for senders that take no texts."""
    if reply.contact is not None or not can_get_texts(reply.phone):
        return reply.contact
    pk = ensure_contacts(reply.workspace, [reply.phone])[reply.phone]
    contact = Contact.objects.select_related("workspace").get(pk=pk)
    reply.contact = contact
    reply.save(update_fields=["contact"])
    if reply.thread is not None:
        reply.thread.contact = contact
        Thread.objects.filter(pk=reply.thread.pk).update(contact=contact)
    return contact


def _agree(keyword: Keyword, contact: Contact, reply: Reply) -> bool:
    """Write a yes into the ledger where the keyword means one: its poster says to what."""
    if not keyword.purpose or keyword.wording is None:
        return False
    record_consent(
        [contact],
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


def _reply(keyword: Keyword, contact: Contact, reply: Reply) -> None:
    if not keyword.reply_text or reply.thread is None:
        return
    text = parse(keyword.reply_text).render(contact.attributes)
    gathered = _gathering(keyword, reply.thread)
    answer_by_itself(reply, AnswerKind.KEYWORD, text, gathered_in=gathered)


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
