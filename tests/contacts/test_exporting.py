"""All that is kept of one person, to hand over: complete, in words, and nobody else's."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tapline.broadcasts.models import Message
from tapline.contacts import keeping
from tapline.contacts.commands import contacts
from tapline.contacts.erasing import NobodyFound
from tapline.contacts.exporting import export, export_zip
from tapline.contacts.models import Contact
from tapline.replies.models import Thread
from tapline.signups.models import SignUp, SignUpState
from tapline.web.bundle import DIST, FONT
from tapline.workspaces.models import Role
from tapline.workspaces.tree import create_workspace
from tests.clicks.world import NOON, World, make_world, take_in
from tests.contacts.people import contact, say_yes
from tests.signups.making import make_form
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    """A recipient who agreed, tapped, and whose place was known by their area code."""
    world = make_world(2)
    person = Contact.objects.get(phone=world.messages[0].phone)
    say_yes(person, world.workspace, 1)
    Message.objects.filter(pk=world.messages[0].pk).update(
        text="Hi Anna", place="area:212", provider_id="SM-1"
    )
    take_in(world.tap(0), world.tap(1))
    return world


def exported(world: World) -> dict[str, Any]:
    return export(keeping.person(world.workspace, world.messages[0].phone))


def unpack(packed: bytes) -> tuple[dict[str, Any], list[str]]:
    """Return the JSON of an export, and the names of the other files."""
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        names = [name for name in file.namelist() if name != "person.json"]
        assert all(file.read(name).startswith(b"%PDF") for name in names)
        return json.loads(file.read("person.json")), names


def test_it_has_every_kind_with_what_it_means(world: World) -> None:
    told = exported(world)

    for kind in keeping.kinds():
        assert kind.name in told
        assert told["meaning"][kind.name] == str(kind.words)


def test_a_text_comes_with_its_broadcast_and_the_evidence_of_its_hours(world: World) -> None:
    [message] = exported(world)["messages"]

    assert (message["broadcast"], message["text"]) == ("November", "Hi Anna")
    assert (message["place"], message["provider_id"]) == ("area:212", "SM-1")
    assert message["place_in_words"] == "New York, by area code 212"


def test_a_tap_comes_with_where_it_led_and_everything_seen_of_the_phone(world: World) -> None:
    [click] = exported(world)["clicks"]

    assert click["destination"] == "https://www.example.com/menu"
    assert click["network"] == "203.0.113.0/24"
    assert {"agent", "headers", "address_hash", "verdict", "reasons"} <= set(click)


def test_a_sign_up_comes_with_what_the_form_showed(world: World) -> None:
    form = make_form(world.workspace)
    person = Contact.objects.get(phone=world.messages[0].phone)
    version = form.versions.get()
    SignUp.objects.create(
        form=form, version=version, contact=person, state=SignUpState.AGREED, network="",
        agent="Phone/1", at=NOON,
    )  # fmt: skip

    [told] = exported(world)["sign_ups"]

    assert (told["title"], told["wording"]) == (version.title, version.wording.text)
    assert told["agent"] == "Phone/1"


def test_the_page_gives_a_file_of_this_workspace_alone(world: World) -> None:
    phone = world.messages[0].phone
    below = create_workspace("Berlin", parent=world.workspace)
    contact(below, phone)
    person = Contact.objects.get(workspace=world.workspace, phone=phone)
    path = f"/w/{world.workspace.pk}/contacts/{person.pk}/everything.zip"

    answer = member_of(world.workspace, Role.VIEWER).get(path)
    told, papers = unpack(answer.content)

    assert phone not in answer["Content-Disposition"]
    assert [each["workspace"] for each in told["contacts"]] == [world.workspace.pk]
    assert papers == [f"consent-{person.pk}.pdf"]
    stranger = create_workspace("Stranger")
    assert member_of(stranger).get(path).status_code == 404


def test_the_command_line_writes_the_same_with_what_lies_below(
    world: World, tmp_path: Path
) -> None:
    phone, file = world.messages[0].phone, tmp_path / "anna.zip"
    below = contact(create_workspace("Berlin", parent=world.workspace), phone)
    names = [str(world.workspace.pk), str(file)]

    result = CliRunner().invoke(
        contacts, ["export", phone, "--workspace", names[0], "--zip", names[1]]
    )

    assert result.exception is None, result.output
    told, papers = unpack(file.read_bytes())
    assert f"consent-{below.pk}.pdf" in papers
    assert len(told["contacts"]) == len(papers) == 2
    assert file.stat().st_mode & 0o077 == 0


def test_of_nobody_there_is_nothing_to_export(world: World) -> None:
    with pytest.raises(NobodyFound):
        export_zip(keeping.person(world.workspace, "+12125550199"), DIST / FONT)


def test_conversations_are_in_it(world: World) -> None:
    person = Contact.objects.get(phone=world.messages[0].phone)
    Thread.objects.create(
        workspace=world.workspace, contact=person, phone=person.phone, phone_hash=person.phone_hash,
        number="+12025550100", last_at=NOON,
    )  # fmt: skip

    assert [each["number"] for each in exported(world)["conversations"]] == ["+12025550100"]
