"""Where inbound texts belong: by the number that each was sent to, then by whom it answers.

A number may serve a whole tree, and a person may be known to several of its workspaces, so the
newest text that they got decides between them. A text from a stranger goes to whoever has the
number; one to a number that nobody has, to the oldest workspace at the top: nothing is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tapline.broadcasts.bulk import run_bulk
from tapline.broadcasts.models import Broadcast, Message, MessageState
from tapline.contacts.models import Contact
from tapline.contacts.phones import hash_phone
from tapline.providers.base import InboundText
from tapline.replies.models import Thread
from tapline.workspaces.models import Workspace

# A text that never left cannot be what somebody answers.
_LEFT = [
    MessageState.SUBMITTED,
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
    MessageState.FAILED,
    MessageState.UNKNOWN,
    MessageState.LOST,
    MessageState.EXTERNAL,
]

NEWEST_FROM_THERE = f"""
-- For each contact the newest text that it got from the number that it writes to.
select r.contact_id, r.number, (
  select m.id from broadcasts_message m
  join broadcasts_broadcast b on b.id = m.broadcast_id
  where m.contact_id = r.contact_id and coalesce(m.sender, b.sender_number) = r.number
    and m.state in ({", ".join(f"'{state}'" for state in _LEFT)})
  order by m.id desc limit 1)
from (select value ->> 0 as contact_id, value ->> 1 as number from json_each(%(rows)s)) r
"""

NEWEST_FROM_ANYWHERE = f"""
-- For each contact the newest text that it got from a branch of the tree; the path '' is all trees.
select r.contact_id, r.path, (
  select m.id from broadcasts_message m
  left join workspaces_workspace w on w.id = m.workspace_id
  where m.contact_id = r.contact_id
    and m.state in ({", ".join(f"'{state}'" for state in _LEFT)})
    and (r.path = '' or substr(w.path, 1, length(r.path)) = r.path)
  order by m.id desc limit 1)
from (select value ->> 0 as contact_id, value ->> 1 as path from json_each(%(rows)s)) r
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose an inbound text is; what it answers and who wrote it, where that is known."""

    workspace: Workspace
    message: Message | None
    contact: Contact | None


def find_places(texts: Sequence[InboundText]) -> list[Place | None]:
    """Return where each of `texts` belongs; None on an instance that has no workspace yet."""
    known = _Known.about(texts)
    known.ask_from_anywhere(texts)
    return [_find(inbound, known) for inbound in texts]


@dataclass(slots=True)
class _Known:
    """What is asked once for many texts: who their senders are, and what those got last."""

    contacts: dict[str, list[Contact]]  # by phone, the newest first
    from_there: dict[tuple[int, str], Message]  # by contact and number
    # By contact and path of the branch that has the number, of who got nothing from the number.
    from_anywhere: dict[tuple[int, str], Message] = field(default_factory=dict)
    # Whose a number is, by what the account says and the number.
    owners: dict[tuple[int | None, str], Workspace | None] = field(default_factory=dict)

    @classmethod
    def about(cls, texts: Sequence[InboundText]) -> _Known:
        contacts = _contacts({inbound.sender for inbound in texts} - {""})
        return cls(contacts, _from_there(texts, contacts))

    def owner(self, inbound: InboundText) -> Workspace | None:
        key = (inbound.workspace, inbound.to)
        if key not in self.owners:
            self.owners[key] = next(_by_number(inbound), None)
        return self.owners[key]

    def path(self, inbound: InboundText) -> str:
        """Return which branch has the number that was written to; '' where nobody has it."""
        owner = self.owner(inbound)
        return owner.path if owner else ""

    def ask_from_anywhere(self, texts: Sequence[InboundText]) -> None:
        """Learn what those got last who got nothing from the number that they write to."""
        asked: set[tuple[int, str]] = set()
        for inbound in texts:
            ids = [contact.pk for contact in self.contacts.get(inbound.sender, ())]
            if not any((pk, inbound.to) in self.from_there for pk in ids):
                asked |= {(pk, self.path(inbound)) for pk in ids}
        self.from_anywhere = _newest(NEWEST_FROM_ANYWHERE, asked)


def _find(inbound: InboundText, known: _Known) -> Place | None:
    contacts = known.contacts.get(inbound.sender, [])
    message = _answered(inbound, contacts, known)
    if message is not None and message.workspace_id is not None:
        return Place(message.workspace, message, message.contact)
    workspace = known.owner(inbound) or next(_by_sender(inbound, contacts), None)
    workspace = workspace or Workspace.objects.filter(parent=None).order_by("pk").first()
    if workspace is None:
        return None
    contact = next((each for each in contacts if each.workspace_id == workspace.pk), None)
    return Place(workspace, None, contact)


def _contacts(phones: set[str]) -> dict[str, list[Contact]]:
    """Return everybody who has these numbers, in whichever workspace, the newest first."""
    found: dict[str, list[Contact]] = defaultdict(list)
    hashes = [hash_phone(phone) for phone in phones]
    rows = Contact.objects.filter(phone__in=phones, phone_hash__in=hashes)
    for contact in rows.select_related("workspace").order_by("-id"):
        found[contact.phone].append(contact)
    return found


def _from_there(
    texts: Sequence[InboundText], contacts: dict[str, list[Contact]]
) -> dict[tuple[int, str], Message]:
    """Return the newest text that each contact got from the number that it writes to."""
    pairs = {
        (contact.pk, inbound.to)
        for inbound in texts
        for contact in contacts.get(inbound.sender, ())
    }
    return _newest(NEWEST_FROM_THERE, pairs)


def _newest(statement: str, pairs: set[tuple[int, str]]) -> dict[tuple[int, str], Message]:
    """Return the message that `statement` finds for each contact and number, or path."""
    rows = run_bulk(statement, sorted(pairs)) if pairs else []
    ids = {(contact, where): message for contact, where, message in rows if message is not None}
    if not ids:
        return {}
    messages = Message.objects.select_related("broadcast", "workspace", "contact").in_bulk(
        ids.values()
    )
    return {pair: messages[pk] for pair, pk in ids.items() if pk in messages}


def _answered(inbound: InboundText, contacts: Sequence[Contact], known: _Known) -> Message | None:
    """Return the newest text that the sender got: from the number that they wrote to, or else,
    unless that number is somebody's, from any."""
    ids = [contact.pk for contact in contacts]
    from_there = [known.from_there.get((pk, inbound.to)) for pk in ids]
    path = known.path(inbound) if ids else ""
    from_anywhere = [known.from_anywhere.get((pk, path)) for pk in ids]
    for got in (from_there, from_anywhere):
        found = [message for message in got if message is not None]
        if found:
            return max(found, key=lambda message: message.pk)
    return None


def _by_number(inbound: InboundText) -> Iterator[Workspace]:
    """Yield whose number it was sent to: as the provider's account says, or who sent from it."""
    if inbound.workspace is not None:
        yield from Workspace.objects.filter(pk=inbound.workspace)
    if inbound.to:
        sent = Broadcast.objects.filter(sender_number=inbound.to).select_related("workspace")
        yield from (each.workspace for each in sent.order_by("-id")[:1])


def _by_sender(inbound: InboundText, contacts: Sequence[Contact]) -> Iterator[Workspace]:
    """Yield who knows the person that wrote."""
    yield from (each.workspace for each in contacts)
    threads = Thread.objects.filter(phone=inbound.sender).select_related("workspace")
    yield from (each.workspace for each in threads.order_by("-last_at")[:1])
