"""The composer beside its form: who gets it, what it costs, what could be better; and the draft
that is kept by itself."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from tapline.broadcasts import counting, picking
from tapline.broadcasts.advising import costly_in
from tapline.broadcasts.composer import change
from tapline.broadcasts.models import Broadcast, BroadcastState
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role, Workspace
from tests.broadcasts.making import TEXT, make_broadcast, make_contacts, make_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

FORM = {"name": "Menu", "text": TEXT, "audience": '{"all": true}', "purpose": "marketing"}


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _words(page: bytes) -> str:
    """Return a page as people read it: without tags, entities and runs of space."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.decode())))


def _post(workspace: Workspace, name: str, form: dict[str, str], query: str = "") -> Any:
    address = reverse(f"broadcasts:{name}", args=[workspace.pk]) + query
    return member_of(workspace, Role.SENDER).post(address, FORM | form)


def _value_of(page: bytes, words: str) -> str:
    """Return what the button that says so would send as `do`."""
    buttons = re.findall(r'<button[^>]*name="do" value="([^"]*)"[^>]*>([^<]*)<', page.decode())
    return next(html.unescape(value) for value, label in buttons if words in html.unescape(label))


def test_who_gets_it_and_who_does_not_stands_beside_the_form(workspace: Workspace) -> None:
    make_contacts(workspace, 3)
    make_contacts(workspace, 2, first=3, agreed=False)

    words = _words(_post(workspace, "reach", {}).content)

    assert "3 people get it , 2 do not ." in words
    assert "did not agree to such texts" in words
    assert "Parts, all texts counted 3" in words


def test_what_each_choice_of_links_costs_is_a_table(workspace: Workspace) -> None:
    make_contacts(workspace, 2)
    long = "x" * 120 + " https://www.example.com/menu"

    words = _words(_post(workspace, "reach", {"text": long}).content)

    # Domain, code, link, text, parts: 121 characters and the link.
    assert "go.example.com 7 30 151 1" in words
    assert "go.example.com chosen 8 31 152 1" in words


def test_a_large_audience_is_counted_while_one_watches(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_contacts(workspace, 6)
    monkeypatch.setattr(picking, "LOOKED_THROUGH_AT_ONCE", 0)
    monkeypatch.setattr(counting, "CONTACTS_PER_CHUNK", 2)
    monkeypatch.setattr(counting.count_audience, "__kwdefaults__", {"now": None, "seconds": 0})

    looks = [_words(_post(workspace, "reach", {}).content) for _look in range(4)]

    assert "Counting: 33 % so far." in looks[0]
    assert "2 people get it" in looks[0]
    assert "6 people get it" in looks[3]
    assert "Parts, by 6 of the texts ≈ 6" in looks[3]


def test_a_text_that_cannot_be_read_is_said_once(workspace: Workspace) -> None:
    broken = {"text": "Hi {{ first_name"}

    assert "when the text can be read" in _words(_post(workspace, "reach", broken).content)
    assert "is not complete" in _words(_post(workspace, "preview", broken).content)


def test_what_is_written_is_kept_as_a_draft_that_the_form_goes_on_with(
    workspace: Workspace,
) -> None:
    first = _post(workspace, "keep", {"name": "", "text": "Hi {{ first_name"})

    draft = Broadcast.objects.get()
    assert (draft.text, draft.name) == ("Hi {{ first_name", "Hi {{ first_name")
    assert first["HX-Replace-Url"] == reverse("broadcasts:compose", args=[workspace.pk, draft.pk])
    assert f'name="draft" value="{draft.pk}"' in first.content.decode()
    assert "Kept as a draft at" in _words(first.content)

    _post(workspace, "keep", {"draft": str(draft.pk), "text": TEXT})
    draft.refresh_from_db()
    assert draft.text == TEXT
    assert Broadcast.objects.count() == 1
    assert "broadcast.created" in [entry.action for entry in history(workspace)]

    _post(workspace, "new", {"draft": str(draft.pk), "name": "May"})
    draft.refresh_from_db()
    assert (draft.name, Broadcast.objects.count()) == ("May", 1)


def test_a_mistake_in_one_field_keeps_the_others(workspace: Workspace) -> None:
    draft = make_broadcast(workspace)
    wrong = {"audience": "?", "spend_limit": "a lot", "purpose": "fun", "sender_number": "+1"}

    _post(workspace, "keep", {"draft": str(draft.pk), "text": "New text"} | wrong)

    draft.refresh_from_db()
    assert (draft.text, draft.audience, draft.purpose) == ("New text", {"all": True}, "marketing")


def test_a_share_that_is_no_number_loses_no_text(workspace: Workspace) -> None:
    draft = make_broadcast(workspace)
    wrong = {"draft": str(draft.pk), "variant_1": "Text B", "share_1": "a", "hold_out": "10"}

    _post(workspace, "keep", wrong)
    again = _post(workspace, "new", wrong)

    draft.refresh_from_db()
    assert (draft.variants, draft.hold_out) == ([{"text": "Text B", "share": 50}], 10)
    assert again.status_code == 422
    assert "A share is no number." in _words(again.content)
    assert 'rows="3">Text B<' in again.content.decode()


def test_nothing_is_kept_of_an_empty_form_and_of_what_waits_for_its_time(
    workspace: Workspace,
) -> None:
    _post(workspace, "keep", {"name": "", "text": ""})
    assert not Broadcast.objects.exists()

    waits = make_broadcast(workspace)
    Broadcast.objects.update(state=BroadcastState.SCHEDULED)
    answer = _post(workspace, "keep", {"draft": str(waits.pk), "text": "Other"})

    waits.refresh_from_db()
    assert (waits.text, waits.state) == (TEXT, BroadcastState.SCHEDULED)
    assert "It waits for its time." in _words(answer.content)


def test_a_stranger_s_draft_is_not_there(workspace: Workspace) -> None:
    theirs = make_broadcast(workspace)
    other = Workspace.objects.create(name="Stranger", path="/900/")

    assert _post(other, "keep", {"draft": str(theirs.pk)}).status_code == 404
    assert _post(other, "new", {"draft": str(theirs.pk)}).status_code == 404


def test_a_half_written_draft_has_a_page(workspace: Workspace) -> None:
    _post(workspace, "keep", {"text": "Hi {{ first_name"})
    draft = Broadcast.objects.get()
    browser = member_of(workspace)

    page = browser.get(reverse("broadcasts:show", args=[workspace.pk, draft.pk]))
    findings = browser.get(reverse("broadcasts:findings", args=[workspace.pk, draft.pk]))

    assert page.status_code == 200
    assert "is not complete" in _words(findings.content)
    assert "See what will happen, and send" not in _words(findings.content)


def test_the_character_that_costs_parts_is_named_and_written_otherwise_by_one_button(
    workspace: Workspace,
) -> None:
    make_contacts(workspace, 1)
    text = "Bakery – " + "x" * 100 + " STOP https://www.example.com/menu"

    page = _post(workspace, "preview", {"text": text})

    assert "en dash, at character 8, costs 2 parts" in _words(page.content)
    assert "recipient 1" in _words(page.content).lower()
    wish = _value_of(page.content, "Write -")
    again = _post(workspace, "new", {"text": text, "do": wish})
    assert text.replace("–", "-") in html.unescape(again.content.decode())
    assert not Broadcast.objects.exists()


def test_the_character_that_costs_parts_is_named_in_the_reader_s_language() -> None:
    costly = costly_in("x – " * 30, "x – " * 30) + costly_in("x Ж", "x Ж")

    with override("de"):
        named = [each.name for each in costly]

    assert named == ["Halbgeviertstrich", "cyrillic capital letter zhe"]


def test_advice_is_mended_by_one_button_without_script(workspace: Workspace) -> None:
    page = _post(workspace, "preview", {"text": "Bakery: SUMMER SALE STOP"})

    assert "is written in large letters" in _words(page.content)
    again = _post(
        workspace,
        "new",
        {"text": "Bakery: SUMMER SALE STOP", "do": _value_of(page.content, "Write it small")},
    )
    assert "Bakery: Summer sale STOP</textarea>" in again.content.decode()


def test_a_merge_field_is_inserted_and_recipients_are_stepped_through_without_script(
    workspace: Workspace,
) -> None:
    make_contacts(workspace, 2)

    inserted = _post(workspace, "new", {"text": "Hi", "do": "field", "field": "first_name"})
    stepped = _post(workspace, "new", {"do": "next", "recipient": "1"})

    assert "Hi {{ first_name }}</textarea>" in inserted.content.decode()
    assert "Recipient 2, +12…01" in _words(stepped.content)


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ("replace,text,0,2,Ho", "Ho you"),
        ("replace,text,2,2,, dear", "Hi, dear you"),
        ("replace,text,4,99,x", "Hi you"),
        ("replace,text,3,1,x", "Hi you"),
        ("replace,text,a,b,x", "Hi you"),
        ("replace,other,0,0,x", "Hi you"),
        ("field", "Hi you"),
        ("nonsense", "Hi you"),
    ],
)
def test_a_wish_that_cannot_be_read_changes_nothing(wish: str, text: str) -> None:
    assert change({"text": "Hi you"}, wish)["text"] == text
