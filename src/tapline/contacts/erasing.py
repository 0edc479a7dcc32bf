"""What is kept of one person: found, exported and erased, wherever it lies; totals stay.

A person is a phone number within a workspace and those below it. Where things lie is told by the
features themselves (`keeping`). Erasing happens in one transaction of the control database, which
also asks the worker to follow into click files and elsewhere, and remembers the erasure for backups
that are restored later (`erasures`). An opt-out survives as the number's keyed hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from tapline.contacts import keeping
from tapline.contacts.erasures import remember
from tapline.contacts.keeping import Person
from tapline.contacts.models import Contact
from tapline.errors import NotFound
from tapline.instance.erasures import ListedErasure
from tapline.workspaces import audit
from tapline.workspaces.models import Workspace


class NobodyFound(NotFound):
    """Nothing is kept of this number."""


def summarise(workspace: Workspace, phone: str) -> dict[str, int | bool]:
    """Return how much of each kind is kept of a person, without showing it, and whether they opted
    out; raises `NobodyFound`."""
    found = find_everything(keeping.person(workspace, phone))
    opted_out = any(row["lifted_at"] is None for row in found["suppressions"])
    return {name: len(rows) for name, rows in found.items()} | {"opted_out": opted_out}


def find_everything(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return everything kept of a person, by kind, as plain values; raises `NobodyFound`."""
    found = {kind.name: kind.find(person) for kind in keeping.kinds()}
    if not any(found[kind.name] for kind in keeping.kinds() if not kind.stays):
        raise _nobody(person.workspace)
    return found


def erase_person(
    workspace: Workspace, phone: str, *, by: str, known: ListedErasure | None = None
) -> Mapping[str, int]:
    """Erase a person from the control database and have files and other stores follow.

    Returns how many rows of each kind were erased or made anonymous. Waiting texts are stopped.
    `known`: the erasure on a list that is done again. Raises `NobodyFound`, also for somebody
    erased before.
    """
    with transaction.atomic():
        person = keeping.person(workspace, phone)
        if not _is_known(person):
            raise _nobody(workspace)
        contacts = list(Contact.objects.filter(pk__in=person.contact_ids))
        erased = {kind.name: kind.erase(person) for kind in reversed(keeping.kinds())}
        remember(person, known)
        for contact in contacts:
            _note(contact, by)
    return {kind.name: erased[kind.name] for kind in keeping.kinds()}


def _is_known(person: Person) -> bool:
    """Say whether anything is kept; the cheap question comes first."""
    if person.contact_ids:
        return True
    return any(kind.find(person) for kind in keeping.kinds() if kind.numbers)


def _note(contact: Contact, by: str) -> None:
    """Note the erasure in the audit, without the number."""
    audit.record(contact.workspace, by, "contact.erased", contact)


def _nobody(workspace: Workspace) -> NobodyFound:
    return NobodyFound(
        "Nothing is kept of this number.",
        why=f"No contact, message or reply in '{workspace.name}' and below has it.",
        do="Check the number and the workspace.",
    )
