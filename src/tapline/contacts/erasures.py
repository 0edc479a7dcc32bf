"""How an erasure reaches what lies outside its transaction, and how it outlives a restore.

Each erasure is remembered twice, in the control database and in a list beside it, as the number's
keyed hash. The worker follows it into files and other programs' stores; after a restore, whoever
the list names and the restored database still knows is erased again before anything opens.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from tapline import config
from tapline.clicks.cleaning import remove_delisted
from tapline.clicks.erasing import erase_pending
from tapline.clicks.ingest import ingest_once
from tapline.contacts import keeping
from tapline.contacts.keeping import Person
from tapline.contacts.models import Contact, Erasure
from tapline.contacts.phones import hash_phone
from tapline.instance.erasures import (
    ListedErasure,
    add_to_list,
    check_key,
    key_mark,
    read_list,
)
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import descendant_ids

logger = logging.getLogger(__name__)

BY = "restore"  # the actor in the audit


def remember(person: Person, known: ListedErasure | None = None) -> None:
    """Remember an erasure; call it in the transaction that erases. `known`: from a list."""
    erasure = Erasure.objects.create(
        uid=known.id if known else secrets.token_hex(16),
        phone_hash=hash_phone(person.phone),
        workspace_id=person.workspace.pk,
        at=known.at if known else timezone.now(),
        waiting={"phone": person.phone, "contacts": list(person.contact_ids)},
    )
    transaction.on_commit(lambda: _keep([erasure]))


def follow_up() -> bool:
    """Let every kind follow the erasures that wait; say whether there were any.

    What fails is told by the worker and tried again; nothing is forgotten before all have been.
    """
    waiting = list(Erasure.objects.filter(waiting__isnull=False).order_by("id")[:100])
    for erasure in waiting:
        person = _whose(erasure)
        for kind in keeping.kinds():
            if person and kind.follow:
                kind.follow(person)
        Erasure.objects.filter(pk=erasure.pk).update(waiting=None)
    if waiting:
        _empty_write_ahead_log()
    return bool(waiting)


def keep_list() -> bool:
    """Add to the list outside whatever it lacks, as after a full disk; say whether it did."""
    return _keep(Erasure.objects.order_by("id")) > 0


def export_list(target: Path) -> int:
    """Write the whole list to a file; return how many erasures it has."""
    path = config.current().erasures_path
    add_to_list(target, [*map(_listed, Erasure.objects.order_by("id")), *read_list(path).values()])
    return len(read_list(target))


def import_list(source: Path) -> int:
    """Erase again whom a list from elsewhere names; return how many people were.

    Raises `BadErasureList`, also for another instance's.
    """
    listed = read_list(source)
    check_key(source, listed.values(), key_mark(config.current()))
    add_to_list(config.current().erasures_path, listed.values())
    return erase_again(listed.values())


def erase_after_restore() -> int:
    """Erase whom the list names from a restored database, its files included, before it opens;
    return how many people were."""
    erased = erase_again(read_list(config.current().erasures_path).values())
    if not erased:
        return 0
    follow_up()
    while ingest_once():
        pass  # Nothing is emptied before it was judged.
    erase_pending()
    remove_delisted(timezone.now())  # Nobody can be reading them yet.
    return erased


def erase_again(listed: Iterable[ListedErasure]) -> int:
    """Erase whom the list names and the control database does not know as erased.

    Somebody who came back after the erasure stays. Returns how many people were erased.
    """
    done = set(Erasure.objects.values_list("uid", flat=True))
    missing = [each for each in listed if each.id not in done]
    numbers = _numbers_of({each.phone_hash for each in missing}) if missing else {}
    return sum(_erase_listed(each, numbers.get(each.phone_hash, "")) for each in missing)


def _erase_listed(listed: ListedErasure, phone: str) -> bool:
    from tapline.contacts.erasing import NobodyFound, erase_person

    workspace = Workspace.objects.filter(pk=listed.workspace, created_at__lte=listed.at).first()
    if workspace and phone and not _came_back(workspace, phone, listed.at):
        try:
            erase_person(workspace, phone, by=BY, known=listed)
        except NobodyFound:
            pass  # Somebody else in another workspace has the number.
        else:
            return True
    Erasure.objects.create(
        uid=listed.id,
        phone_hash=listed.phone_hash,
        workspace_id=listed.workspace,
        at=listed.at,
    )
    return False


def _came_back(workspace: Workspace, phone: str, at: datetime) -> bool:
    """Say whether the person is known, but only since the erasure."""
    below = descendant_ids(workspace)
    contacts = Contact.objects.filter(workspace__in=below, phone=phone)
    return contacts.exists() and not contacts.filter(created_at__lte=at).exists()


def _numbers_of(hashes: Collection[str]) -> dict[str, str]:
    """Return hash → number for those of the hashes whose number any kind still holds.

    Goes through every number once (2 µs each), which happens after a restore alone.
    """
    found = {}
    for kind in keeping.kinds():
        for phone in kind.numbers() if kind.numbers else ():
            phone_hash = hash_phone(phone)
            if phone_hash in hashes:
                found[phone_hash] = phone
    return found


def _whose(erasure: Erasure) -> Person | None:
    workspace = Workspace.objects.filter(pk=erasure.workspace_id).first()
    if workspace is None or erasure.waiting is None:
        return None
    return Person(
        workspace=workspace,
        workspace_ids=descendant_ids(workspace),
        phone=erasure.waiting["phone"],
        contact_ids=erasure.waiting["contacts"],
    )


def _keep(erasures: Iterable[Erasure]) -> int:
    """Add erasures to the list outside; where that fails, `keep_list` does it later."""
    path = config.current().erasures_path
    try:
        return add_to_list(path, map(_listed, erasures))
    except OSError as error:
        logger.error("the list of erasures %s cannot be written: %s", path, error)
        return 0


def _empty_write_ahead_log() -> None:
    """Cut SQLite's log short: old pages in it would show what they held until they are reused.

    Gives up at once while others are at work; the next erasure, or the last process to end, does
    it then.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("pragma busy_timeout")
        (patience_ms,) = cursor.fetchone()
        cursor.execute("pragma busy_timeout = 0")
        cursor.execute("pragma wal_checkpoint(truncate)")
        cursor.execute(f"pragma busy_timeout = {int(patience_ms)}")


def _listed(erasure: Erasure) -> ListedErasure:
    return ListedErasure(
        id=erasure.uid,
        phone_hash=erasure.phone_hash,
        workspace=erasure.workspace_id,
        at=erasure.at,
        key=key_mark(config.current()),
    )
