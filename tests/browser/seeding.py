"""`python -m tests.browser.seeding`: bring one of everything into the instance of the environment.

Prints one JSON object: the ids of what was made, by the names that addresses give them («join
token» is the `token` of `join`). People and machines of the simulator open the links of the
broadcast; all of that is over when this ends.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tapline.cli import set_up_django

if TYPE_CHECKING:
    from tapline.replies.models import Reply
    from tapline.workspaces.models import Workspace

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CONTACTS = 150
ACTOR = "seeding"
OWNER = "owner@example.com"


def seed() -> dict[str, str | int]:
    """Return the ids of what now is in the first workspace."""
    from tapline.broadcasts.sharing import share_report
    from tapline.providers.simulator.demo_job import begin, watch
    from tapline.workspaces.members import ensure_owner
    from tapline.workspaces.sign_in import make_sign_in_link

    with tempfile.TemporaryDirectory() as folder:
        some = Path(folder) / "contacts.csv"
        with (EXAMPLES / "contacts.csv").open(encoding="utf-8") as file:
            some.write_text("".join(itertools.islice(file, CONTACTS + 1)), encoding="utf-8")
        job = begin(some, EXAMPLES / "broadcast.txt")
    workspace = job.broadcast.workspace
    sign_in = make_sign_in_link(ensure_owner(OWNER))
    share, token = share_report(job.broadcast, actor=ACTOR)
    things = {
        "workspace_id": workspace.pk,
        "broadcast_id": job.broadcast.pk,
        "group": "tapped",
        "format_name": "csv",
        "share_id": share.pk,
        "shared-report token": token,
        "shared-audiences token": token,
        "action": "cancel",
        "workspaces:use-sign-in-link token": sign_in.rpartition("/")[2],
        **_contacts(workspace),
        **_links(workspace),
        **_texts_in(workspace),
        **_settings(workspace),
    }
    for _ in watch(job):
        pass
    message = job.broadcast.messages.exclude(first_human_click_at=None).order_by("pk").first()
    assert message is not None, "nobody tapped"
    return {**things, "message_id": message.pk}


def _contacts(workspace: Workspace) -> dict[str, str | int]:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tapline.contacts.models import Contact
    from tapline.contacts.notice import publish
    from tapline.contacts.questions import read_question
    from tapline.contacts.segments import create_segment
    from tapline.contacts.uploads import keep_upload
    from tests.contacts.people import make_refused_import

    contact = Contact.objects.in_workspace(workspace).order_by("pk").first()
    assert contact is not None
    tapped = {"groups": [{"conditions": [{"kind": "tapped"}, {"kind": "consent"}]}]}
    segment = create_segment(workspace, "Tapped", read_question(tapped), actor=ACTOR)
    upload = SimpleUploadedFile("guests.csv", b"first_name,phone\nIda,+1 212 555 0100\n")
    return {
        "contact_id": contact.pk,
        "segment_id": segment.pk,
        "name": keep_upload(workspace, upload),
        "import_id": make_refused_import(workspace).pk,
        "privacy token": publish(workspace, contact="privacy@example.com", actor=ACTOR).token,
    }


def _links(workspace: Workspace) -> dict[str, str | int]:
    from tapline.broadcasts.saved_texts import save_text
    from tapline.links.aliases import create_alias
    from tapline.links.minting import mint_range
    from tests.broadcasts.making import TEXT
    from tests.links.making import make_checked_table, make_link

    domain = workspace.domains.order_by("pk").first()
    assert domain is not None
    link = make_link(domain, "https://www.example.com/table")
    mint_range(link, 1)
    alias = create_alias(domain, "table", link, actor=ACTOR)
    saved = save_text(workspace, "Menu of the week", TEXT, actor=ACTOR)
    return {
        "domain_id": domain.pk,
        "link_id": link.pk,
        "links:code-qr link_id": link.pk,
        "alias_id": alias.pk,
        "table_id": make_checked_table(domain).pk,
        "text_id": saved.pk,
    }


def _texts_in(workspace: Workspace) -> dict[str, str | int]:
    """Bring a keyword, a sign-up form, and somebody whose texts leave open what is wanted."""
    from tests.keywords.making import make_keyword
    from tests.signups.making import make_form

    form = make_form(workspace)
    _write(workspace, "Do you have a table for six on Friday?")
    undecided = _write(workspace, "stpo")
    thread = undecided.thread
    assert thread is not None
    return {
        "keyword_id": make_keyword(workspace).pk,
        "form_id": form.pk,
        "join token": form.token,
        "join-thanks token": form.token,
        "kind": "svg",
        "thread_id": thread.pk,
        "reply_id": undecided.pk,
        "list_name": "open",
    }


def _write(workspace: Workspace, text: str) -> Reply:
    from tapline.contacts.models import Contact
    from tapline.replies.taking import take_inbound
    from tests.replies.making import inbound

    sender = Contact.objects.in_workspace(workspace).order_by("-pk").first()
    assert sender is not None
    reply = take_inbound(dataclasses.replace(inbound(text), sender=sender.phone))
    assert reply is not None
    return reply


def _settings(workspace: Workspace) -> dict[str, str | int]:
    from allauth.usersessions.models import UserSession

    from tapline.workspaces.api_keys import SCOPES, create_api_key
    from tapline.workspaces.invitations import invite
    from tapline.workspaces.members import add_member
    from tapline.workspaces.models import Role
    from tests.providers.making import make_number, make_twilio

    # Never asked: no test tests the connection, and the address leads to nobody.
    account = make_twilio(workspace, base_url="https://127-0-0-1.invalid")
    member = add_member(workspace, "editor@example.com", Role.SENDER, actor=ACTOR)
    key, _token = create_api_key(workspace, "Shop", ["links:read"])
    _everything, api_token = create_api_key(workspace, "Tests", SCOPES)
    invited, path = invite(workspace, "new@example.com", Role.VIEWER, invited_by=member.user)
    session = UserSession.objects.create(user=member.user, ip="127.0.0.1", session_key="none")
    return {
        "invitation_id": invited.pk,
        "workspaces:invitation token": path.rpartition("/")[2],
        "session_id": session.pk,
        "file_kind": "csv",
        "account_id": account.pk,
        "sender_id": make_number(account, is_default=False).pk,
        "member_id": member.pk,
        "key_id": key.pk,
        "api_token": api_token,
    }


if __name__ == "__main__":
    set_up_django()
    sys.stdout.write(json.dumps(seed()))
