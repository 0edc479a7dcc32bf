"""Putting a segment together in the browser, with and without script."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tapline.contacts import pages_segments
from tapline.contacts.models import Segment
from tapline.contacts.question_words import in_one_line, names_for
from tapline.contacts.questions import Question, read_question
from tapline.contacts.segment_forms import KINDS, form_of, question_of_form
from tapline.contacts.segments import Counted, create_segment
from tapline.contacts.upserting import add_tags
from tapline.links.domains import create_domain
from tapline.links.models import Campaign
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import ACTOR, make_broadcast, make_contacts, make_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    workspace = make_workspace()
    people = make_contacts(workspace, 3, city="Berlin")
    add_tags(people[0], ["vip"])
    return workspace


@pytest.fixture
def browser(workspace: Workspace) -> Client:
    return member_of(workspace, Role.SENDER)


def words_of(page: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())))


def address(workspace: Workspace, name: str, *more: int) -> str:
    return reverse(f"contacts:{name}", args=[workspace.pk, *more])


ONE_TAG = {
    "match": "all",
    "g0.match": "all",
    "g0.c0.kind": "tag",
    "g0.c0.holds": "yes",
    "g0.c0.name": "vip",
}


def test_a_segment_is_put_together_row_by_row_and_saved(
    workspace: Workspace, browser: Client
) -> None:
    new = address(workspace, "new-segment")
    assert "Add a condition" in words_of(browser.get(new))

    added = browser.post(new, {"g0.match": "all", "g0.new": "tag", "step": "add:0"})
    assert 'name="g0.c0.name"' in added.content.decode()
    grouped = browser.post(new, ONE_TAG | {"g0.new": "replied", "step": "group"})
    assert 'name="g1.match"' in grouped.content.decode()
    assert 'value="vip"' in grouped.content.decode()
    removed = browser.post(new, ONE_TAG | {"step": "remove:0:0"})
    assert 'name="g0.c0.name"' not in removed.content.decode()

    saved = browser.post(new, ONE_TAG | {"name": "VIP", "step": "save"})
    segment = Segment.objects.get()
    assert saved.headers["Location"] == address(workspace, "segment", segment.pk)
    shown = words_of(browser.get(saved.headers["Location"]))
    assert "tagged «vip»" in shown
    assert "1 contact now" in shown
    assert "VIP tagged «vip»" in words_of(browser.get(address(workspace, "segments")))


def test_a_segment_is_changed_and_deleted(workspace: Workspace, browser: Client) -> None:
    segment = create_segment(workspace, "All", read_question({}), actor=ACTOR)
    edit = address(workspace, "edit-segment", segment.pk)

    browser.post(edit, ONE_TAG | {"name": "VIP", "step": "save"})
    segment.refresh_from_db()
    assert segment.name == "VIP"
    assert 'value="vip"' in browser.get(edit).content.decode()
    browser.post(address(workspace, "delete-segment", segment.pk))
    assert not Segment.objects.exists()
    assert "saved question" in words_of(browser.get(address(workspace, "segments")))


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"name": "Empty", "g0.match": "all"}, "no condition yet"),
        (ONE_TAG | {"name": ""}, "needs a name"),
        (ONE_TAG | {"name": "X", "g0.c0.name": ""}, "«Tag» needs «Tag»"),
        (ONE_TAG | {"name": "X", "g0.c0.name": "nobody"}, "no tag 'nobody'"),
        (
            {"name": "X", "g0.match": "all", "g0.c0.kind": "added_days", "g0.c0.within_days": "x"},
            "«Added lately» needs",
        ),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    workspace: Workspace, browser: Client, form: dict[str, str], says: str
) -> None:
    answer = browser.post(address(workspace, "new-segment"), form | {"step": "save"})

    assert answer.status_code == 422
    assert says in words_of(answer)
    assert f'name="name" value="{form["name"]}"' in answer.content.decode()
    assert not Segment.objects.exists()


def test_the_count_follows_what_is_typed(workspace: Workspace, browser: Client) -> None:
    counting = address(workspace, "count-segment")

    counted = browser.post(counting, ONE_TAG)
    unfinished = browser.post(counting, ONE_TAG | {"g0.c0.name": ""})

    assert "1 contact now The newest of them N0" in words_of(counted)
    assert "Fill it in" in words_of(unfinished)


def test_what_takes_longer_comes_in_a_second_answer(
    workspace: Workspace, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = address(workspace, "count-segment")
    monkeypatch.setattr(pages_segments, "COUNTED_AT_ONCE", 2)
    everybody = {"g0.match": "all", "g0.c0.kind": "consent", "g0.c0.answer": "agreed"}

    first = browser.post(counting, everybody)
    second = browser.post(counting + "?all=1", everybody)

    assert "more than 2 Counting them all" in words_of(first).replace(" contacts;", "")
    assert f'hx-post="{counting}?all=1"' in first.content.decode()
    assert "3 contacts now" in words_of(second)
    assert "hx-post" not in second.content.decode()

    monkeypatch.setattr(pages_segments, "count", lambda *_, **__: Counted(None))
    assert "Counting them all" in words_of(browser.post(counting, everybody))


def test_a_broadcast_to_a_segment_begins_with_one_button(
    workspace: Workspace, browser: Client
) -> None:
    segment = create_segment(workspace, "All", read_question({}), actor=ACTOR)
    shown = browser.get(address(workspace, "segment", segment.pk)).content.decode()
    composer = reverse("broadcasts:new", args=[workspace.pk]) + f"?segment={segment.pk}"

    assert f'href="{composer}"' in shown
    form = html.unescape(browser.get(composer).content.decode())
    assert f'<option value="{{"segment": {segment.pk}}}" selected>Segment «All»' in form


def one_of_each(workspace: Workspace) -> Question:
    campaign = Campaign.objects.create(workspace=workspace, name="Spring")
    menu = make_broadcast(workspace)
    conditions: list[dict[str, Any]] = [
        {"kind": "attribute", "name": "city", "test": "is_known"},
        {"kind": "attribute", "name": "last_city", "test": "at_least", "value": "5"},
        {"kind": "tag", "name": "vip", "holds": False},
        {"kind": "language", "code": "es"},
        {"kind": "place", "code": "US-FL"},
        {"kind": "consent", "answer": "opted_out"},
        {"kind": "added", "within_days": 1},
        {"kind": "added", "since": "2026-05-01"},
        {"kind": "import", "id": 99},
        {"kind": "broadcast", "id": menu.pk, "did": "not_tapped"},
        {"kind": "tapped", "within_days": 30, "campaign": campaign.pk, "holds": False},
        {"kind": "tapped"},
        {"kind": "replied", "within_days": 2},
    ]
    return read_question({"match": "any", "groups": [{"conditions": conditions}]})


def test_every_condition_is_the_same_after_a_walk_through_the_form(workspace: Workspace) -> None:
    question = one_of_each(workspace)
    form = form_of(question)

    assert question_of_form(form) == question
    assert {row.kind for block in form.blocks for row in block.rows} == set(KINDS)


def test_every_condition_has_words(workspace: Workspace) -> None:
    question = one_of_each(workspace)

    assert in_one_line(question, names_for(workspace, [question])) == " and ".join(
        [
            "city is known",
            "last city is 5 or more",
            "not tagged «vip»",
            "language is es",
            "lives in Florida, US",
            "opted out of marketing texts",
            "added in the last day",
            "added since May 1, 2026",
            "imported from «–»",
            "got «Menu» and did not tap",
            "did not tap in a text of «Spring» in the last 30 days",
            "tapped in any text",
            "replied in the last 2 days",
        ]
    )


def test_names_of_neighbours_are_not_told(workspace: Workspace) -> None:
    theirs = one_of_each(make_neighbour())

    told = in_one_line(theirs, names_for(workspace, [theirs]))

    assert "Menu" not in told
    assert "Spring" not in told


def make_neighbour() -> Workspace:
    neighbour = create_workspace("Neighbour")
    create_domain(neighbour, "https://n.example.com", proved=True, actor=ACTOR)
    return neighbour
