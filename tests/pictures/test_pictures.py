"""Pictures of a workspace: chosen, found by whoever has the address, forgotten when unused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tapline import config
from tapline.broadcasts.composing import create_broadcast, update_draft
from tapline.broadcasts.lifecycle import cancel
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.pictures import forget_unused
from tapline.errors import NotFound
from tapline.pictures import keeping, media
from tapline.pictures.cleaning import BadPicture
from tapline.pictures.keeping import add_picture, file_of
from tapline.pictures.media import own, public_media
from tapline.pictures.models import Picture
from tapline.workspaces.audit import history
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import ACTOR, make_broadcast, make_workspace
from tests.pictures.drawing import SECRET, gif, jpeg, png

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def choose(workspace: Workspace, content: bytes | None = None, name: str = "Bread.JPG") -> Picture:
    upload = SimpleUploadedFile(name, jpeg() if content is None else content)
    return add_picture(workspace, upload, actor=ACTOR)


def later(days: int = 5) -> dt.datetime:
    return timezone.now() + dt.timedelta(days=days)


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (jpeg(), "menu.png", "image/jpeg"),
        (png(), "menu.exe", "image/png"),
        (gif(), "menu", "image/gif"),
    ],
)
def test_a_provider_fetches_it_without_signing_in(
    workspace: Workspace, content: bytes, name: str, said: str
) -> None:
    picture = choose(workspace, content, name)

    answer = Client().get(picture.path)

    assert answer["Content-Type"] == said
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"].startswith("public, max-age=86400")
    assert answer["Content-Disposition"].startswith('inline; filename="picture.')
    body = answer.content
    assert body == file_of(picture).read_bytes()
    assert SECRET not in body
    assert Client().head(picture.path)["Content-Length"] == str(len(body))


def test_its_address_cannot_be_guessed_nor_be_given_another_ending(workspace: Workspace) -> None:
    picture = choose(workspace)

    assert len(picture.token) == 32
    for path in (f"/pictures/{'0' * 32}.jpg", picture.path.replace(".jpg", ".html")):
        assert Client().get(path).status_code == 404
    assert Client().post(picture.path).status_code == 405


def test_the_same_picture_is_kept_once(workspace: Workspace) -> None:
    first, again = choose(workspace), choose(workspace, name="other.jpg")

    assert again == first
    assert history(workspace).filter(action="picture.added").count() == 1


def test_the_same_picture_of_another_workspace_is_another_one(workspace: Workspace) -> None:
    theirs = choose(create_workspace("Other"))
    ours = choose(workspace)

    assert ours.token != theirs.token
    assert file_of(ours) == file_of(theirs)


@pytest.mark.parametrize("content", [b"", b"<svg/>"])
def test_nothing_is_kept_of_what_is_no_picture(workspace: Workspace, content: bytes) -> None:
    with pytest.raises(BadPicture):
        choose(workspace, content, "menu.svg")

    assert not Picture.objects.exists()


def test_what_is_too_large_is_not_even_read(workspace: Workspace) -> None:
    upload: Any = SimpleUploadedFile("menu.jpg", b"x")
    upload.size = 5_000_001

    with pytest.raises(BadPicture, match="at most 5 MB"):
        add_picture(workspace, upload, actor=ACTOR)
    assert upload.tell() == 0


def test_a_text_takes_a_picture_by_the_address_that_a_provider_gets(workspace: Workspace) -> None:
    picture = choose(workspace)
    address = media.address_of(picture)

    broadcast = make_broadcast(workspace, media=[address, "https://cdn.example.com/a.png"])

    assert broadcast.media == [own(picture), "https://cdn.example.com/a.png"]
    assert public_media(workspace, broadcast.media) == (address, "https://cdn.example.com/a.png")


def test_nobody_sends_another_workspaces_picture(workspace: Workspace) -> None:
    theirs = choose(create_workspace("Other"))

    for entry in (own(theirs), media.address_of(theirs)):
        with pytest.raises(NotFound, match="no such picture"):
            make_broadcast(workspace, media=[entry])
    assert public_media(workspace, [own(theirs)]) == ()


def test_pictures_of_one_text_are_weighed_together(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [choose(workspace, each) for each in (jpeg(), png())]
    monkeypatch.setattr(media, "MOST_BYTES", both[0].size_bytes + 1)

    with pytest.raises(BadPicture, match="MB"):
        make_broadcast(workspace, media=[own(each) for each in both])


def test_a_picture_in_no_text_is_forgotten_with_its_file(workspace: Workspace) -> None:
    unused, used = choose(workspace, png()), choose(workspace)
    make_broadcast(workspace, media=[own(used)])
    age(unused, used)

    assert forget_unused(later()) == 1

    assert list(Picture.objects.all()) == [used]
    assert not file_of(unused).exists()
    assert Client().get(used.path).status_code == 200


def test_a_picture_of_a_draft_that_was_given_up_is_forgotten(workspace: Workspace) -> None:
    picture = choose(workspace)
    cancel(make_broadcast(workspace, media=[own(picture)]), actor=ACTOR)

    assert forget_unused(later()) == 1


def test_a_picture_that_was_taken_out_of_its_text_is_forgotten_after_a_while(
    workspace: Workspace,
) -> None:
    picture = choose(workspace)
    draft = make_broadcast(workspace, media=[own(picture)])
    update_draft(draft, actor=ACTOR, media=[])

    assert forget_unused(timezone.now()) == 0  # somebody may be writing with it
    assert forget_unused(later()) == 1


def test_a_file_stays_while_another_workspace_has_the_same_picture(workspace: Workspace) -> None:
    theirs = choose(create_workspace("Other"))
    Broadcast.objects.create(workspace=theirs.workspace, media=[own(theirs)])
    ours = choose(workspace)
    age(ours)

    assert forget_unused(later()) == 1
    assert file_of(theirs).exists()


def test_a_file_that_is_being_chosen_is_not_swept(workspace: Workspace) -> None:
    picture = choose(workspace)
    picture.delete()

    assert keeping.sweep() == 0
    assert file_of(picture).exists()


def age(*pictures: Picture) -> None:
    """Make files as old as they would be."""
    for picture in pictures:
        os.utime(file_of(picture), (0, 0))


@pytest.mark.parametrize(
    ("address", "can"),
    [
        ("https://texts.example.com", True),
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000", False),
        ("http://192.168.1.7:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_whether_providers_can_fetch_it(
    monkeypatch: pytest.MonkeyPatch, address: str, can: bool
) -> None:
    changed = dataclasses.replace(config.current(), web_url=address)
    monkeypatch.setattr(config, "current", lambda: changed)

    assert media.can_be_fetched() is can


def test_a_broadcast_holds_its_pictures_through_its_life(workspace: Workspace) -> None:
    picture = choose(workspace)
    broadcast = create_broadcast(
        workspace,
        name="Menu",
        text="See example.com",
        audience={"all": True},
        media=[own(picture)],
        actor=ACTOR,
    )
    Broadcast.objects.filter(pk=broadcast.pk).update(state="sent", started_at=timezone.now())

    assert forget_unused(later(days=400)) == 0
