"""A house whose doors are tried: a brand with two locations, one of them with one of everything."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.files.uploadedfile import SimpleUploadedFile

from tapline.broadcasts.models import Message, MessageState
from tapline.broadcasts.saved_texts import save_text
from tapline.broadcasts.sharing import share_report
from tapline.broadcasts.tracking import tracked_broadcast
from tapline.contacts.questions import read_question
from tapline.contacts.segments import create_segment
from tapline.contacts.uploads import keep_upload
from tapline.links.aliases import create_alias
from tapline.links.minting import mint_range
from tapline.links.models import Campaign
from tapline.workspaces.api_keys import create_api_key
from tapline.workspaces.invitations import invite
from tapline.workspaces.members import add_member
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace, move_workspace
from tests.broadcasts.making import ACTOR, TEXT, make_broadcast, make_contacts, make_workspace
from tests.contacts.people import make_refused_import
from tests.keywords.making import make_keyword
from tests.links.making import make_checked_table, make_link
from tests.providers.making import make_number, make_twilio
from tests.replies.making import write
from tests.signups.making import make_form


@dataclass(frozen=True)
class House:
    """The tree, and what `own` holds: name of a parameter in addresses → its value."""

    brand: Workspace
    own: Workspace
    sibling: Workspace
    below: Workspace
    elsewhere: Workspace
    things: dict[str, object]


def build_house() -> House:
    """Make the tree, and one of everything in `own`."""
    brand = create_workspace("Brand")
    own = make_workspace()
    move_workspace(own, brand)
    sibling = create_workspace("Sibling", parent=brand)
    below = create_workspace("Below", parent=own)
    elsewhere = create_workspace("Elsewhere")
    Workspace.objects.filter(pk=create_workspace("Sample shop").pk).update(sample="there")
    return House(brand, own, sibling, below, elsewhere, _things(own))


def _things(own: Workspace) -> dict[str, object]:
    """Make what the pages and calls name in their addresses and bodies."""
    (contact,) = make_contacts(own, 1)
    domain = own.domains.get()
    link = make_link(domain)
    mint_range(link, 1)
    broadcast = make_broadcast(own)
    message = Message.objects.create(
        broadcast=broadcast,
        workspace=own,
        position=0,
        contact=contact,
        phone=contact.phone,
        state=MessageState.EXTERNAL,
    )
    key, _token = create_api_key(own, "Shop", ["links:read"])
    imported = make_refused_import(own)
    make_contacts(own, 1, first=1)
    reply = write("stpo", 1)
    account = make_twilio(own, base_url="https://127-0-0-1.invalid")
    member = add_member(own, "somebody@example.com", Role.VIEWER, actor=ACTOR)
    return {
        "account_id": account.pk,
        "action": "cancel",
        "alias": "sale",
        "alias_id": create_alias(domain, "sale", link, actor=ACTOR).pk,
        "broadcast_id": broadcast.pk,
        "campaign_id": Campaign.objects.create(workspace=own, name="Spring").pk,
        "contact_id": contact.pk,
        "domain_id": domain.pk,
        "file_kind": "csv",
        "format_name": "csv",
        "form_id": make_form(own).pk,
        "group": "tapped",
        "import_id": imported.pk,
        "invitation_id": invite(own, "new@example.com", Role.VIEWER, invited_by=member.user)[0].pk,
        "key_id": key.pk,
        "keyword_id": make_keyword(own).pk,
        "kind": "svg",
        "link_id": link.pk,
        "list_name": "open",
        "member_id": member.pk,
        "message_id": message.pk,
        "name": keep_upload(own, SimpleUploadedFile("a.csv", b"phone\n+12125550100\n")),
        "reply_id": reply.pk,
        "share_id": share_report(broadcast, actor=ACTOR)[0].pk,
        "segment_id": create_segment(own, "All", read_question({}), actor=ACTOR).pk,
        "sender_id": make_number(account, is_default=False).pk,
        "table_id": make_checked_table(domain).pk,
        "text_id": save_text(own, "Menu", TEXT, actor=ACTOR).pk,
        "thread_id": reply.thread_id,
        "tracked_id": tracked_broadcast(own, "Reminders", actor=ACTOR).pk,
    }
