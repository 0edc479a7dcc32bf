"""The API's calls on contacts: who they are, what they agreed to, how they are tagged.

Phone numbers stand in bodies alone, never in addresses: addresses end up in logs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from django.utils import timezone
from ninja import Router, Status
from pydantic import AwareDatetime, Field

from tapline.contacts.consent import opt_out, record_consent
from tapline.contacts.models import Consent, Contact
from tapline.contacts.phones import normalise
from tapline.contacts.roles import ContactRole, change_role, role_of
from tapline.contacts.upserting import add_tags, remove_tag, upsert_contact
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import (
    Answer,
    Cursor,
    Limit,
    Page,
    Payload,
    Text,
    Word,
    found_or_404,
    page_of,
)

router = Router(tags=["contacts"])

PurposeWord = Literal["marketing", "service"]
Tags = Annotated[list[Word], Field(max_length=100)]


class ContactIn(Payload):
    phone: Word = Field(description="With country code, or as written in the workspace's country.")
    attributes: dict[Word, Text | None] | None = Field(
        None, description="Merged into what is known; null removes one."
    )
    language: Annotated[Word, Field(max_length=12)] | None = None
    zone: Annotated[Word, Field(max_length=64)] | None = Field(
        None, description="Time zone, such as America/Chicago."
    )
    tags: Tags | None = Field(None, description="Added to the tags that the contact has.")


class PhoneIn(Payload):
    phone: Word


class ConsentIn(Payload):
    purpose: PurposeWord
    given: bool
    wording: Text = Field("", description="Exactly what the person was shown; needed for a yes.")
    at: AwareDatetime = Field(description="When the person said so.")
    evidence: dict[Word, Text] = Field(default_factory=dict)
    language: Annotated[Word, Field(max_length=12)] = ""


class OptOutIn(Payload):
    purpose: PurposeWord | None = Field(default=None, description="Left out: every purpose.")
    reason: Annotated[Word, Field(max_length=80)] = "api"
    at: AwareDatetime | None = Field(default=None, description="Left out: now.")


class TagsIn(Payload):
    add: Tags = Field(default_factory=list)
    remove: Tags = Field(default_factory=list)


class RoleIn(Payload):
    role: Literal["recipient", "staff", "canary"] = Field(
        description="staff: one of your own people; canary: a seed contact, whose links nobody taps"
    )


class ContactOut(Answer):
    id: int
    phone: str
    role: Literal["recipient", "staff", "canary"]
    attributes: dict[str, str]
    language: str
    zone: str
    tags: list[str]
    created_at: dt.datetime
    updated_at: dt.datetime


class ConsentOut(Answer):
    id: int
    purpose: str
    given: bool
    wording: str
    source: str
    evidence: dict[str, Any]
    at: dt.datetime
    recorded_at: dt.datetime


@router.post(
    "/contacts",
    auth=needs("contacts:write"),
    response={200: ContactOut, 201: ContactOut},
    summary="Create or update a contact by phone number",
)
def put_contact(request: ApiRequest, contact: ContactIn) -> Status[dict[str, Any]]:
    """201: the contact is new; 200: it was known. A new contact has agreed to nothing yet."""
    workspace = workspace_of(request)
    saved, is_new = upsert_contact(
        workspace,
        normalise(contact.phone, workspace.default_country),
        attributes=contact.attributes,
        language=contact.language,
        zone=contact.zone,
        tags=contact.tags,
    )
    return Status(201 if is_new else 200, _write(saved))


@router.get(
    "/contacts",
    auth=needs("contacts:read"),
    response=Page[ContactOut],
    summary="List contacts",
)
def list_contacts(
    request: ApiRequest, cursor: Cursor, limit: Limit, tag: str = ""
) -> dict[str, Any]:
    rows = Contact.objects.in_workspace(workspace_of(request)).prefetch_related("tags")
    if tag:
        rows = rows.filter(tags__name=tag)
    return page_of(rows, cursor, limit, _write_all)


@router.post(
    "/contacts/find",
    auth=needs("contacts:read"),
    response=ContactOut,
    summary="Find a contact by phone number",
)
def find_contact(request: ApiRequest, who: PhoneIn) -> dict[str, Any]:
    workspace = workspace_of(request)
    phone = normalise(who.phone, workspace.default_country)
    found = Contact.objects.in_workspace(workspace).filter(phone=phone).first()
    return _write(found_or_404(found, "contact"))


@router.get(
    "/contacts/{int:contact_id}",
    auth=needs("contacts:read"),
    response=ContactOut,
    summary="Get a contact",
)
def get_contact(request: ApiRequest, contact_id: int) -> dict[str, Any]:
    return _write(_find(request, contact_id))


@router.post(
    "/contacts/{int:contact_id}/tags",
    auth=needs("contacts:write"),
    response=ContactOut,
    summary="Add and remove tags of a contact",
)
def change_tags(request: ApiRequest, contact_id: int, tags: TagsIn) -> dict[str, Any]:
    contact = _find(request, contact_id)
    add_tags(contact, tags.add)
    for name in tags.remove:
        remove_tag(contact, name)
    return _write(contact)


@router.put(
    "/contacts/{int:contact_id}/role",
    auth=needs("contacts:write"),
    response=ContactOut,
    summary="Mark a contact as one of your own, or as a seed contact",
)
def put_role(request: ApiRequest, contact_id: int, wanted: RoleIn) -> dict[str, Any]:
    """Openings by staff are no taps. Whatever opens a seed contact's link is taken for a machine,
    in the whole broadcast."""
    contact = _find(request, contact_id)
    role = ContactRole(wanted.role)
    return _write(change_role(contact.workspace, contact.pk, role, actor=actor_of(request)))


@router.get(
    "/contacts/{int:contact_id}/consents",
    auth=needs("contacts:read"),
    response=Page[ConsentOut],
    summary="List what a contact agreed to",
)
def list_consents(
    request: ApiRequest, contact_id: int, cursor: Cursor, limit: Limit
) -> dict[str, Any]:
    rows = Consent.objects.filter(contact=_find(request, contact_id)).select_related("wording")
    return page_of(rows, cursor, limit, _write_consents)


@router.post(
    "/contacts/{int:contact_id}/consents",
    auth=needs("contacts:write"),
    response={201: ConsentOut},
    summary="Record what a contact agreed to, or refused",
)
def add_consent(request: ApiRequest, contact_id: int, consent: ConsentIn) -> Status[dict[str, Any]]:
    """The ledger is append-only: the newest answer holds. A yes lifts an older opt-out."""
    (row,) = record_consent(
        [_find(request, contact_id)],
        scope=workspace_of(request),
        purpose=consent.purpose,
        given=consent.given,
        wording=consent.wording,
        source="api",
        evidence=consent.evidence,
        at=consent.at,
        by=actor_of(request),
        language=consent.language,
    )
    return Status(201, _write_consents([row])[0])


@router.post(
    "/contacts/{int:contact_id}/opt-out",
    auth=needs("contacts:write"),
    response={204: None},
    summary="Opt a contact out",
)
def opt_contact_out(
    request: ApiRequest, contact_id: int, stop: OptOutIn | None = None
) -> Status[None]:
    """Takes effect at once: texts that wait for this contact are cancelled."""
    stop = stop or OptOutIn()
    opt_out(
        _find(request, contact_id).phone,
        scope=workspace_of(request),
        purpose=stop.purpose or "",
        reason=stop.reason,
        at=stop.at or timezone.now(),
        by=actor_of(request),
    )
    return Status(204, None)


def _find(request: ApiRequest, contact_id: int) -> Contact:
    rows = Contact.objects.in_workspace(workspace_of(request))
    return found_or_404(rows.filter(pk=contact_id).first(), "contact")


def _write(contact: Contact) -> dict[str, Any]:
    return _write_all([contact])[0]


def _write_all(contacts: Iterable[Contact]) -> list[dict[str, Any]]:
    return [
        {
            "id": contact.pk,
            "phone": contact.phone,
            "role": role_of(contact),
            "attributes": contact.attributes,
            "language": contact.language,
            "zone": contact.zone,
            "tags": sorted(tag.name for tag in contact.tags.all()),
            "created_at": contact.created_at,
            "updated_at": contact.updated_at,
        }
        for contact in contacts
    ]


def _write_consents(consents: Iterable[Consent]) -> list[dict[str, Any]]:
    return [
        {
            "id": consent.pk,
            "purpose": consent.purpose,
            "given": consent.given,
            "wording": consent.wording.text if consent.wording else "",
            "source": consent.source,
            "evidence": consent.evidence,
            "at": consent.at,
            "recorded_at": consent.recorded_at,
        }
        for consent in consents
    ]
