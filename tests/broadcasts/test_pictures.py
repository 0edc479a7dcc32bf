"""Pictures in a text: chosen in the composer, seen before it goes out, and sent."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tapline.broadcasts.confirming import in_words, make_plan
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.reading import fingerprint
from tapline.contacts.models import Contact
from tapline.pictures.media import own
from tapline.pictures.models import Picture
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_broadcast, make_contacts, make_workspace
from tests.broadcasts.test_pages_compose import FORM
from tests.pictures.drawing import jpeg, png
from tests.pictures.test_pictures import choose
from tests.providers.making import make_number, make_twilio
from tests.web.api_client import caller_of, error_of
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _file(content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("bread.jpg", jpeg() if content is None else content)


def _post(workspace: Workspace, name: str, query: str = "", **form: Any) -> Any:
    address = reverse(f"broadcasts:{name}", args=[workspace.pk]) + query
    return member_of(workspace, Role.SENDER).post(address, FORM | form)


def _upload(workspace: Workspace, file: SimpleUploadedFile) -> Any:
    token = caller_of(workspace).token
    headers = {"Authorization": f"Bearer {token}"}
    return Client().post("/api/v1/pictures", {"file": file}, headers=headers)


def _words(page: bytes) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.decode())))


def _tokens(page: bytes) -> list[str]:
    """Return the pictures that the form would send."""
    return re.findall(r'name="picture" value="([0-9a-f]+)"', page.decode())


def test_a_chosen_file_stands_in_the_form_at_once(workspace: Workspace) -> None:
    page = _post(workspace, "pictures", picture_file=_file())

    picture = Picture.objects.get(workspace=workspace)
    assert _tokens(page.content) == [picture.token]
    assert f'src="{picture.path}"' in page.content.decode()
    assert "bread.jpg 24 × 16" in _words(page.content)


def test_one_more_file_joins_the_others_and_one_is_taken_out(workspace: Workspace) -> None:
    first = choose(workspace)

    both = _post(workspace, "pictures", picture=[first.token], picture_file=_file(png()))
    other = Picture.objects.exclude(pk=first.pk).get()
    assert _tokens(both.content) == [first.token, other.token]

    without = f"?do=without,{first.token}"
    rest = _post(workspace, "pictures", without, picture=[first.token, other.token])
    assert _tokens(rest.content) == [other.token]


def test_without_script_the_form_itself_takes_the_file(workspace: Workspace) -> None:
    page = _post(workspace, "new", do="picture", picture_file=_file())

    picture = Picture.objects.get(workspace=workspace)
    assert _tokens(page.content) == [picture.token]
    assert "Hi" in page.content.decode()  # nothing typed is lost

    page = _post(workspace, "new", do=f"without,{picture.token}", picture=picture.token)
    assert _tokens(page.content) == []


@pytest.mark.parametrize("name", ["pictures", "new"])
def test_what_is_no_picture_is_said_where_it_was_chosen(workspace: Workspace, name: str) -> None:
    page = _post(workspace, name, do="picture", picture_file=_file(b"<svg/>"))

    assert "The file is no picture that texts can carry." in _words(page.content)
    assert not Picture.objects.exists()


def test_a_strangers_picture_is_not_shown(workspace: Workspace) -> None:
    theirs = choose(create_workspace("Other"))

    page = _post(workspace, "preview", picture=theirs.token)

    assert theirs.path not in page.content.decode()


def test_the_phone_the_last_page_and_the_report_show_it(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    picture = choose(workspace)
    shown = f'src="{picture.path}" alt="Picture «Bread.JPG»"'

    assert shown in _post(workspace, "preview", picture=picture.token).content.decode()
    _post(workspace, "new", picture=picture.token)
    broadcast = Broadcast.objects.get()
    assert broadcast.media == [own(picture)]

    browser = member_of(workspace, Role.SENDER)
    for name in ("show", "plan"):
        page = browser.get(reverse(f"broadcasts:{name}", args=[workspace.pk, broadcast.pk]))
        assert shown in page.content.decode()
    Broadcast.objects.update(state="sent")
    report = browser.get(reverse("broadcasts:show", args=[workspace.pk, broadcast.pk]))
    assert shown in report.content.decode()


def test_the_last_page_says_that_it_is_a_picture_message(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    broadcast = make_broadcast(workspace, media=[own(choose(workspace))])

    said = {line.about: line.sentences for line in in_words(make_plan(broadcast, None))}

    assert said["Pictures"] == ("1 picture goes with each text, as a picture message (MMS).",)


def test_where_a_provider_cannot_fetch_it_the_composer_says_so(workspace: Workspace) -> None:
    """The pages of this instance have an address of this machine alone."""
    make_number(make_twilio(workspace))
    picture = choose(workspace)

    words = _words(_post(workspace, "pictures", "?do=without,", picture=picture.token).content)

    assert "Providers cannot fetch the picture from here." in words
    assert "TAPLINE_WEB_URL" in words


def test_another_picture_is_another_text_to_confirm(workspace: Workspace) -> None:
    draft = make_broadcast(workspace)
    before = fingerprint(draft)
    draft.media = [own(choose(workspace))]

    assert fingerprint(draft) != before


def test_a_draft_keeps_its_pictures_by_itself(workspace: Workspace) -> None:
    picture = choose(workspace)

    _post(workspace, "keep", picture=picture.token)

    assert Broadcast.objects.get().media == [own(picture)]


def test_a_program_adds_a_picture_and_writes_with_it(workspace: Workspace) -> None:
    added = _upload(workspace, _file())
    assert added.status_code == 201
    address = added.json()["address"]
    written = caller_of(workspace).post(
        "/broadcasts",
        {"name": "A", "text": "b example.com", "audience": {"all": True}, "media": [address]},
    )

    assert written["media"] == [address]
    assert Broadcast.objects.get().media == [own(Picture.objects.get())]


@pytest.mark.parametrize("content", [b"<svg/>", b""])
def test_a_program_hears_why_a_file_is_no_picture(workspace: Workspace, content: bytes) -> None:
    answer = _upload(workspace, _file(content))

    assert answer.status_code == 422
    assert error_of(answer)["do"]


def test_the_page_of_a_test_shows_what_is_sent(workspace: Workspace) -> None:
    (contact,) = make_contacts(workspace, 1)
    Contact.objects.filter(pk=contact.pk).update(is_staff=True)
    picture = choose(workspace)
    draft = make_broadcast(workspace, media=[own(picture)], variants=[{"text": "B", "share": 30}])

    page = member_of(workspace, Role.SENDER).get(
        reverse("broadcasts:test", args=[workspace.pk, draft.pk])
    )

    assert picture.path in page.content.decode()
    assert '<p class="bubble">B</p>' in page.content.decode()
