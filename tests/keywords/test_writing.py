"""Which keywords can be made, and which words are refused with what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tapline.broadcasts.composing import BadBroadcast
from tapline.contacts.upserting import BadContact
from tapline.errors import TaplineError
from tapline.keywords.writing import (
    BadKeyword,
    KeywordDetails,
    KeywordTaken,
    change_keyword,
    create_keyword,
    end_keyword,
    looks_like_stop,
)
from tapline.texts.merging import BadMergeField
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace, move_workspace
from tests.broadcasts.making import ACTOR, make_workspace
from tests.keywords.making import make_keyword

pytestmark = pytest.mark.django_db

OURS, OTHER = "+12125550190", "+12125550191"


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.mark.parametrize(
    ("details", "refusal"),
    [
        ({"word": ""}, BadKeyword),
        ({"word": "🍕"}, BadKeyword),
        ({"word": "x" * 41}, BadKeyword),
        ({"word": "two\nlines"}, BadKeyword),
        ({"word": "Stop"}, KeywordTaken),
        ({"word": "un-subscribe"}, KeywordTaken),
        ({"word": "Ayuda"}, KeywordTaken),
        ({"word": "START"}, KeywordTaken),
        ({"word": "Yes"}, KeywordTaken),
        ({"word": "ARRÊT"}, KeywordTaken),
        ({"reply_text": "{{ first_name"}, BadMergeField),
        ({"reply_text": "Hi {{ first_name }}"}, BadKeyword),
        ({"reply_text": "x" * 1601}, BadBroadcast),
        ({"purpose": "marketing"}, BadKeyword),
        ({"purpose": "spam", "wording": "Yes"}, BadKeyword),
        ({"tags": ("x" * 81,)}, BadContact),
        ({"told": ("team@example.com",)}, BadKeyword),
    ],
)
def test_a_bad_keyword_is_refused(
    workspace: Workspace, details: dict[str, Any], refusal: type[TaplineError]
) -> None:
    with pytest.raises(refusal) as refused:
        make_keyword(workspace, **details)
    assert all((refused.value.what, refused.value.why, refused.value.do))


def test_one_word_cannot_have_two_meanings_on_one_number(workspace: Workspace) -> None:
    make_keyword(workspace, number=OURS)

    for taken in ("pizza", "Pizza!", "PÍZZA"):
        with pytest.raises(KeywordTaken):
            make_keyword(workspace, word=taken, number=OURS)
        with pytest.raises(KeywordTaken):
            make_keyword(workspace, word=taken, number="")
    make_keyword(workspace, number=OTHER)


def test_a_word_of_the_brand_is_taken_for_its_locations(workspace: Workspace) -> None:
    brand = create_workspace("Brand")
    move_workspace(workspace, brand)
    workspace.refresh_from_db()
    make_keyword(brand)

    with pytest.raises(KeywordTaken, match="in 'Brand'"):
        make_keyword(workspace)


def test_siblings_may_share_a_word_but_not_on_one_number(workspace: Workspace) -> None:
    brand = create_workspace("Brand")
    move_workspace(workspace, brand)
    workspace.refresh_from_db()
    sibling = create_workspace("Sibling", parent=brand)
    make_keyword(workspace, number=OURS)
    make_keyword(sibling, number=OTHER)

    with pytest.raises(KeywordTaken, match="in another workspace"):
        make_keyword(sibling, number=OURS)


def test_an_ended_word_is_free_again(workspace: Workspace) -> None:
    end_keyword(make_keyword(workspace), actor=ACTOR)

    make_keyword(workspace)


def test_a_keyword_may_keep_its_own_word_when_it_changes(workspace: Workspace) -> None:
    keyword = make_keyword(workspace)

    change_keyword(keyword, KeywordDetails(word="pizza", reply_text="Closed today."), actor=ACTOR)

    keyword.refresh_from_db()
    assert (keyword.word, keyword.reply_text) == ("pizza", "Closed today.")


def test_a_word_that_people_type_for_stop_is_told_apart() -> None:
    assert looks_like_stop("STO")
    assert not looks_like_stop("PIZZA")


def test_a_keyword_needs_no_reply(workspace: Workspace) -> None:
    create_keyword(workspace, KeywordDetails(word="VOTE1"), actor=ACTOR)
