"""What a contact is beside a recipient: one of the sender's own people, or a seed contact."""

from __future__ import annotations

from django.db import models, transaction
from django.utils.translation import gettext_lazy

from tapline.contacts.models import Contact
from tapline.workspaces import audit
from tapline.workspaces.models import Workspace


class ContactRole(models.TextChoices):
    """What openings of a contact's links count as follows from it."""

    RECIPIENT = "recipient", gettext_lazy("a recipient")
    STAFF = "staff", gettext_lazy("one of us: their openings are no taps")
    CANARY = (
        "canary",
        gettext_lazy("a seed contact: nobody taps its links, so what opens them is a machine"),
    )


def role_of(contact: Contact) -> ContactRole:
    """Return the role of a contact. Staff comes before seed contacts, as in the rules."""
    if contact.is_staff:
        return ContactRole.STAFF
    return ContactRole.CANARY if contact.is_canary else ContactRole.RECIPIENT


def change_role(workspace: Workspace, contact_id: int, role: ContactRole, *, actor: str) -> Contact:
    """Give a contact of `workspace` another role and write it down; the same changes nothing.

    A seed contact counts from the next look at a broadcast, staff from their next opening: what
    they opened before was a recipient's. Raises `Contact.DoesNotExist`.
    """
    with transaction.atomic():
        contacts = Contact.objects.in_workspace(workspace).select_for_update()
        contact = contacts.get(pk=contact_id)
        before = role_of(contact)
        if role != before:
            contact.is_staff = role == ContactRole.STAFF
            contact.is_canary = role == ContactRole.CANARY
            contact.save(update_fields=["is_staff", "is_canary", "updated_at"])
            audit.record(
                workspace,
                actor,
                "contact.role_changed",
                contact,
                before={"role": before},
                after={"role": role},
            )
    return contact
