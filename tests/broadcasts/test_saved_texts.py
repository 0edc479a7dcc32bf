"""Texts are saved to be used again, with what each did; and words that one does not write."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from tapline.broadcasts.composing import BadBroadcast
from tapline.broadcasts.models import Broadcast, Message, SavedText
from tapline.broadcasts.saved_texts import forget_text, histories, save_text
from tapline.broadcasts.style_words import own_words, read_words, set_words, style_of, write_words
from tapline.errors import Conflict
from tapline.texts.merging import BadMergeField
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import (
    ACTOR,
    TEXT,
    make_broadcast,
    make_contacts,
    make_workspace,
    prepare,
)
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {"name": "Menu", "text": TEXT, "audience": '{"all": true}', "purpose": "marketing"}


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _words(page: bytes) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.decode())))


def test_what_a_text_did_is_summed_over_its_broadcasts_with_its_uncertainty(
    workspace: Workspace,
) -> None:
    make_contacts(workspace, 4)
    saved = save_text(workspace, "Menu", TEXT, actor=ACTOR)
    first = prepare(make_broadcast(workspace, saved_text=saved))
    prepare(make_broadcast(workspace, saved_text=saved, is_test=True))
    make_broadcast(workspace, saved_text=saved)  # a draft
    Message.objects.filter(broadcast=first).update(state="delivered", accepted_at=timezone.now())
    Message.objects.filter(broadcast=first, position=0).update(first_human_click_at=timezone.now())

    (told,) = histories(workspace, [saved])

    assert [use.broadcast for use in told.uses] == [first]
    assert (told.sample.hits, told.sample.of) == (1, 4)
    assert 0 < told.range.low < 0.25 < told.range.high < 1


def test_a_saved_text_has_a_name_of_its_own_and_can_be_read(workspace: Workspace) -> None:
    save_text(workspace, "Menu", TEXT, actor=ACTOR)

    for name, text, refusal in (
        ("Menu", TEXT, Conflict),
        ("", TEXT, BadBroadcast),
        ("Other", " ", BadBroadcast),
        ("Other", "x" * 1601, BadBroadcast),
        ("Other", "Hi {{ first", BadMergeField),
    ):
        with pytest.raises(refusal):
            save_text(workspace, name, text, actor=ACTOR)
    assert SavedText.objects.count() == 1


def test_forgetting_a_text_leaves_its_broadcasts(workspace: Workspace) -> None:
    saved = save_text(workspace, "Menu", TEXT, actor=ACTOR)
    broadcast = make_broadcast(workspace, saved_text=saved)

    forget_text(saved, actor=ACTOR)

    broadcast.refresh_from_db()
    assert (broadcast.saved_text, broadcast.text) == (None, TEXT)
    assert history(workspace)[0].action == "saved_text.deleted"


def test_a_text_is_saved_used_and_found_with_its_history(workspace: Workspace) -> None:
    browser = member_of(workspace, Role.SENDER)

    browser.post(reverse("broadcasts:text-new", args=[workspace.pk]), {"name": "M", "text": TEXT})
    saved = SavedText.objects.get()
    written = browser.get(reverse("broadcasts:new", args=[workspace.pk]) + f"?text={saved.pk}")
    assert html.escape(TEXT) in written.content.decode()
    browser.post(
        reverse("broadcasts:new", args=[workspace.pk]), FORM | {"from_text": str(saved.pk)}
    )

    assert Broadcast.objects.get().saved_text == saved
    page = browser.get(reverse("broadcasts:texts", args=[workspace.pk]))
    assert "M Hi {{ first_name | there }}, our menu" in _words(page.content)


def test_the_text_that_is_being_written_is_saved_and_taken_without_script(
    workspace: Workspace,
) -> None:
    browser = member_of(workspace, Role.SENDER)
    address = reverse("broadcasts:new", args=[workspace.pk])

    browser.post(address, FORM | {"do": "save-text", "text_name": "For May"})
    saved = SavedText.objects.get()
    taken = browser.post(address, FORM | {"text": "", "do": "saved", "saved_text": str(saved.pk)})

    assert (saved.name, saved.text) == ("For May", TEXT)
    assert html.escape(TEXT) in taken.content.decode()
    assert f'name="from_text" value="{saved.pk}"' in taken.content.decode()
    again = browser.post(address, FORM | {"do": "save-text", "text_name": "For May"})
    assert again.status_code == 422
    assert "There is a saved text called" in _words(again.content)


def test_texts_of_those_above_are_used_and_not_changed_and_strangers_have_none(
    workspace: Workspace,
) -> None:
    saved = save_text(workspace, "Menu", TEXT, actor=ACTOR)
    below = create_workspace("Shop", parent=workspace)
    stranger = create_workspace("Stranger")

    theirs = member_of(below).get(reverse("broadcasts:text", args=[below.pk, saved.pk]))
    changed = member_of(below, Role.SENDER).post(
        reverse("broadcasts:text", args=[below.pk, saved.pk]), {"name": "x", "text": "y"}
    )
    unseen = member_of(stranger).get(reverse("broadcasts:text", args=[stranger.pk, saved.pk]))

    assert "It belongs to Bakery, which alone can change it." in _words(theirs.content)
    assert (changed.status_code, unseen.status_code) == (404, 404)
    saved.refresh_from_db()
    assert saved.name == "Menu"


def test_words_are_read_as_they_are_written() -> None:
    words = read_words("Cheap = affordable\n\n client \nfree of charge=included")

    assert words == {"cheap": "affordable", "client": "", "free of charge": "included"}
    assert read_words(write_words(words)) == words
    for bad in ("= x", "x" * 81, "\n".join(f"w{number}" for number in range(301))):
        with pytest.raises(BadBroadcast):
            read_words(bad)


def test_words_hold_below_and_the_nearer_one_counts(workspace: Workspace) -> None:
    below = create_workspace("Shop", parent=workspace)
    stranger = create_workspace("Stranger")
    set_words(workspace, {"cheap": "affordable", "client": ""}, actor=ACTOR)
    set_words(below, {"cheap": "fair"}, actor=ACTOR)

    assert style_of(below) == {"cheap": "fair", "client": ""}
    assert own_words(below) == {"cheap": "fair"}
    assert style_of(stranger) == {}


def test_the_composer_points_out_the_words_of_the_workspace(workspace: Workspace) -> None:
    manager = member_of(workspace, Role.MANAGER)
    address = reverse("broadcasts:words", args=[workspace.pk])

    assert manager.post(address, {"words": "= x"}).status_code == 422
    manager.post(address, {"words": "cheap = affordable"})
    shown = manager.post(
        reverse("broadcasts:preview", args=[workspace.pk]), FORM | {"text": "Bakery: cheap bread"}
    )

    assert "You wanted to write «cheap» otherwise." in _words(shown.content)
    assert "Write «affordable»" in _words(shown.content)
    assert member_of(workspace, Role.SENDER).get(address).status_code == 403
