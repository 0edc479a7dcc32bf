"""`python -m tests.instance.other_instance TASK…`: one task on the data folder of its environment.

What tests of backups need: an instance of its own, in a process of its own. Prints one JSON value.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from tapline.cli import set_up_django


def start() -> int:
    """Make the instance, with a workspace and a domain; return its epoch."""
    from tapline.instance.epochs import ensure_instance
    from tapline.instance.first_start import make_ready

    make_ready()
    return ensure_instance().epoch


def mint(count: int) -> list[str]:
    """Return the codes of a new link for `count` recipients."""
    from tapline.instance.first_start import make_ready
    from tapline.links.codebook import load_codebook
    from tapline.links.minting import create_link, mint_range

    ready = make_ready()
    url = "https://www.example.com/menu"
    link = create_link(ready.workspace, ready.domain, url, actor="test")
    mint_range(link, count)
    return load_codebook([link.pk]).codes(link.pk, range(count))


def mint_in_pieces(times: int, count: int, personal: int) -> list[str]:
    """Mint again and again, for audiences and for single recipients; return all codes."""
    from tapline.instance.first_start import make_ready
    from tapline.links.codebook import load_codebook
    from tapline.links.minting import create_link, mint_personal, mint_range

    ready = make_ready()
    page = "https://www.example.com/menu"
    link = create_link(ready.workspace, ready.domain, page, actor="test")
    template = create_link(ready.workspace, ready.domain, page, kind="template", actor="test")
    codes: list[str] = []
    for turn in range(times):
        mint_range(link, count, first_position=turn * count)
        codes += mint_personal(template, [page] * personal, first_position=turn * personal)
    return codes + load_codebook([link.pk]).codes(link.pk, range(times * count))


def rotate_again_and_again(times: int) -> list[str]:
    """Begin new key generations while others mint; return no codes."""
    import time

    from tapline.instance.first_start import make_ready
    from tapline.links.domains import rotate_key

    for _ in range(times):
        rotate_key(make_ready().domain, "test")
        time.sleep(0.05)
    return []


def codes_of_all() -> list[str]:
    """Return every code that the database knows."""
    from tapline.links.codebook import load_codebook
    from tapline.links.models import CodeRange

    ranges = CodeRange.objects.order_by("id")
    book = load_codebook([each.link_id for each in ranges])
    return [
        code
        for each in ranges
        for code in book.codes(
            each.link_id, range(each.first_position, each.first_position + each.count)
        )
    ]


def add_picture() -> str:
    """Choose a picture for a text; return what its file is called."""
    from tapline.pictures.cleaning import CleanPicture
    from tapline.pictures.keeping import store_picture
    from tapline.workspaces.models import Workspace

    workspace = Workspace.objects.order_by("pk").first()
    assert workspace is not None
    picture = CleanPicture("png", b"a picture", 1, 1)
    return store_picture(workspace, picture, "bread.png", actor="test").sha256


def list_click_file(name: str) -> None:
    """List a click file, as ingest does."""
    import datetime as dt

    from tapline.clicks.models import ClickFile

    now = dt.datetime.now(dt.UTC)
    ClickFile.objects.create(
        name=name,
        rows=1,
        size_bytes=1,
        first_sequence=1,
        last_sequence=1,
        first_at=now,
        last_at=now,
    )


def give_access() -> dict[str, str]:
    """Open every kind of door for somebody; return what opens each."""
    from django.contrib.sessions.backends.db import SessionStore

    from tapline.broadcasts.models import Broadcast
    from tapline.broadcasts.sharing import share_report
    from tapline.instance.first_start import make_ready
    from tapline.workspaces.api_keys import create_api_key
    from tapline.workspaces.invitations import invite
    from tapline.workspaces.members import ensure_owner
    from tapline.workspaces.models import Role
    from tapline.workspaces.sign_in import make_sign_in_link

    workspace = make_ready().workspace
    owner = ensure_owner("owner@example.com")
    session = SessionStore()
    session["who"] = owner.pk
    session.save()
    broadcast = Broadcast.objects.create(workspace=workspace, name="shared", created_by="test")
    _invitation, path = invite(workspace, "new@example.com", Role.VIEWER, invited_by=owner)
    return {
        "key": create_api_key(workspace, "Till", ["links:read"])[1],
        "share": share_report(broadcast, actor="test")[1],
        "invitation": path.rpartition("/")[2],
        "sign-in": make_sign_in_link(owner).rpartition("/")[2],
        "session": session.session_key or "",
    }


def open_doors(*given: str) -> list[str]:
    """Return which of the doors still open to what `give_access` returned, as name=token."""
    from collections.abc import Callable

    from django.contrib.sessions.backends.db import SessionStore

    from tapline.broadcasts.sharing import shared_report
    from tapline.errors import TaplineError
    from tapline.workspaces.api_keys import authenticate
    from tapline.workspaces.invitations import find_invitation
    from tapline.workspaces.sign_in import find_user

    doors: dict[str, Callable[[str], object]] = {
        "key": authenticate,
        "share": shared_report,
        "invitation": find_invitation,
        "sign-in": find_user,
        "session": lambda key: SessionStore(key).exists(key),
    }

    def opens(name: str, token: str) -> bool:
        try:
            return bool(doors[name](token))
        except TaplineError:
            return False

    pairs = (each.split("=", 1) for each in given)
    return sorted(name for name, token in pairs if opens(name, token))


def audit_of(action: str) -> list[str]:
    """Return who did `action`, each time that it was done."""
    from tapline.workspaces.models import AuditEntry

    return list(AuditEntry.objects.filter(action=action).values_list("actor", flat=True))


def begin_broadcasts() -> None:
    """Make a broadcast in each of some states."""
    from tapline.broadcasts.models import Broadcast
    from tapline.instance.first_start import make_ready

    workspace = make_ready().workspace
    for state in ("draft", "scheduled", "preparing", "sending", "sent"):
        Broadcast.objects.create(workspace=workspace, name=state, state=state, created_by="test")


def leave_single_texts() -> None:
    """Leave single texts of the API in some states."""
    from tapline.broadcasts.models import Broadcast, Message
    from tapline.instance.first_start import make_ready

    workspace = make_ready().workspace
    standing = Broadcast.objects.create(
        workspace=workspace, name="single", state="sending", kind="standing", created_by="test"
    )
    for position, state in enumerate(("pending", "leased", "submitted", "delivered")):
        Message.objects.create(
            broadcast=standing,
            workspace=workspace,
            position=position,
            phone=f"+1202555010{position}",
            state=state,
        )


def broadcast_states() -> dict[str, list[str]]:
    """Return name → state and state before the pause."""
    from tapline.broadcasts.models import Broadcast

    broadcasts = Broadcast.objects.order_by("id")
    return {each.name: [each.state, each.state_before_pause] for each in broadcasts}


def message_states() -> list[str]:
    """Return the state of each message; one that settling may ask about has a star."""
    from tapline.broadcasts.models import Message

    return [
        each.state + ("*" if each.submitted_at and each.leased_until else "")
        for each in Message.objects.order_by("position")
    ]


def meet(*phones: str) -> None:
    """Send each number a text, have it opened by its recipient, and take the tap in."""
    import datetime as dt

    from tapline.broadcasts.models import Broadcast, BroadcastLink, Message
    from tapline.clicks.ingest import ingest_once
    from tapline.contacts.upserting import upsert_contact
    from tapline.instance.first_start import make_ready
    from tapline.links.minting import create_link, mint_range
    from tests.clicks.world import IPHONE, World, write_log

    ready = make_ready()
    now = dt.datetime.now(dt.UTC)
    broadcast = Broadcast.objects.create(
        workspace=ready.workspace, name="met", state="sent", created_by="test"
    )
    link = create_link(ready.workspace, ready.domain, "https://www.example.com/", actor="test")
    BroadcastLink.objects.create(broadcast=broadcast, link=link, ordinal=0)
    mint_range(link, len(phones))
    messages = [
        Message.objects.create(
            broadcast=broadcast,
            workspace=ready.workspace,
            position=position,
            contact=upsert_contact(ready.workspace, phone, attributes={"first_name": phone})[0],
            phone=phone,
            text=f"Hello {phone}",
            state="delivered",
            submitted_at=now,
            delivered_at=now,
        )
        for position, phone in enumerate(phones)
    ]
    world = World(ready.workspace, ready.domain, broadcast, link, messages)
    write_log(
        [
            world.tap(position, at=now + dt.timedelta(seconds=60), agent=f"{IPHONE} {phone}")
            for position, phone in enumerate(phones)
        ]
    )
    while ingest_once():
        pass


def totals() -> dict[str, int]:
    """Return what counts: messages delivered, messages tapped, taps."""
    from tapline.broadcasts.models import Message
    from tapline.clicks import store

    [(taps,)] = store.query("select count(*) from clicks")
    tapped = Message.objects.filter(first_human_click_at__isnull=False).count()
    return {"delivered": Message.objects.count(), "tapped": tapped, "taps": int(taps)}


def known_phones() -> list[str]:
    """Return the numbers of all contacts."""
    from tapline.contacts.models import Contact

    return list(Contact.objects.order_by("phone").values_list("phone", flat=True))


def parquet_text() -> str:
    """Return every value in every click file on disk as text, listed or not."""
    import duckdb

    from tapline.clicks import store

    files = sorted(store.folder().glob("*.parquet"))
    database = duckdb.connect()
    rows = [database.execute(f"select * from '{file}'").fetchall() for file in files]
    return repr(rows)


def main(task: str, *arguments: str) -> None:
    set_up_django()
    values: list[Any] = [int(each) if each.isdigit() else each for each in arguments]
    print(json.dumps(globals()[task](*values)))  # noqa: T201  # what the test reads


if __name__ == "__main__":
    main(*sys.argv[1:])
