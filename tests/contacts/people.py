"""What tests of contacts start from: workspaces, contacts and answers."""

from __future__ import annotations

from datetime import UTC, datetime

from tapline.contacts.consent import record_consent
from tapline.contacts.models import Contact, ContactImport
from tapline.contacts.phones import hash_phone
from tapline.contacts.uploads import refused_file
from tapline.workspaces.models import Workspace

ANNA, BEN, CARLA = "+12125550101", "+12125550102", "+12125550103"
WORDING = "Yes, text me offers."


def day(number: int) -> datetime:
    """Return noon of a day of May 2026."""
    return datetime(2026, 5, number, 12, tzinfo=UTC)


def contact(workspace: Workspace, phone: str = ANNA) -> Contact:
    """Return a new contact who has answered nothing yet."""
    return Contact.objects.create(
        workspace=workspace, phone=phone, phone_hash=hash_phone(phone), language="en"
    )


def say_yes(
    person: Contact, scope: Workspace, on: int, *, purpose: str = "marketing", source: str = "form"
) -> None:
    """Record that a contact agreed on that day of May."""
    record_consent(
        [person],
        scope=scope,
        purpose=purpose,
        given=True,
        wording=WORDING,
        source=source,
        evidence={"page": "sign-up"},
        at=day(on),
        by="test",
    )


def may_text(workspace: Workspace, purpose: str = "marketing") -> set[str]:
    """Return the numbers that the workspace may text."""
    found = Contact.objects.in_workspace(workspace).textable(purpose)
    return set(found.values_list("phone", flat=True))


def make_refused_import(workspace: Workspace) -> ContactImport:
    """Return an import that is over, of a file whose one row was refused."""
    done = ContactImport.objects.create(
        workspace=workspace, file_name="guests.csv", state="done", rows=1, refused=1
    )
    refused_file(done).write_text(
        "line,why,phone\n2,'12' is no phone number,212555010\n", encoding="utf-8"
    )
    return done
