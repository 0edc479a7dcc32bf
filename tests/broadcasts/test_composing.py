"""A draft says at once what is wrong with it, and what one recipient would get."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from tapline.broadcasts.audience import BadAudience
from tapline.broadcasts.checking import check
from tapline.broadcasts.composing import BadBroadcast, preview, update_draft
from tapline.broadcasts.forecast import look_ahead
from tapline.broadcasts.lifecycle import start
from tapline.broadcasts.models import Broadcast
from tapline.codes.alphabet import is_code
from tapline.contacts.models import Contact, Tag
from tapline.destinations import BadDestination
from tapline.errors import Conflict, NotFound, TaplineError
from tapline.links.domains import create_domain
from tapline.links.models import Campaign
from tapline.providers.registry import NoSuchProvider
from tapline.texts.merging import BadMergeField
from tapline.texts.personal import FieldInAuthority
from tapline.workspaces.models import AuditEntry, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import ACTOR, TEXT, make_broadcast, make_contacts, make_workspace

pytestmark = pytest.mark.django_db(transaction=True)

LINKS_30 = " ".join(f"a{number}.example.com" for number in range(30))


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"text": " "}, BadBroadcast),
        ({"text": "x" * 2_000}, BadBroadcast),
        ({"text": LINKS_30}, BadBroadcast),
        ({"text": "Hi {{ first_name, sale"}, BadMergeField),
        ({"text": "https://{{ shop }}.example.com"}, FieldInAuthority),
        ({"text": "https://user:pass@example.com/"}, BadDestination),
        ({"text": "https://go.example.com/x"}, BadDestination),
        ({"name": ""}, BadBroadcast),
        ({"purpose": "fun"}, BadBroadcast),
        ({"validity_seconds": 0}, BadBroadcast),
        ({"provider": "pigeon"}, NoSuchProvider),
        ({"audience": {}}, BadAudience),
        ({"audience": {"all": False}}, BadAudience),
        ({"audience": {"tags": ["nobody"]}}, BadAudience),
        ({"audience": {"contacts": ["1); drop table x"]}}, BadAudience),
        ({"audience": {"imports": [77]}}, BadAudience),
    ],
)
def test_what_cannot_be_sent_is_refused_with_what_why_and_do(
    workspace: Workspace, changes: dict[str, Any], refusal: type[TaplineError]
) -> None:
    with pytest.raises(refusal) as caught:
        make_broadcast(workspace, **changes)

    assert caught.value.what
    assert caught.value.why
    assert caught.value.do
    assert not Broadcast.objects.exists()


def test_domains_and_campaigns_of_strangers_are_not_found(workspace: Workspace) -> None:
    stranger = create_workspace("Stranger")
    domain = create_domain(stranger, "https://other.example.com", proved=True, actor=ACTOR)
    campaign = Campaign.objects.create(workspace=stranger, name="Theirs")

    for changes in ({"domain": domain}, {"campaign": campaign}):
        with pytest.raises(NotFound):
            make_broadcast(workspace, **changes)


def test_a_preview_shows_what_recipient_n_gets_and_holds_no_live_link(
    workspace: Workspace,
) -> None:
    make_contacts(workspace, 1, agreed=False)
    make_contacts(workspace, 2, first=1)

    shown = preview(make_broadcast(workspace), 1)

    greeting, _, code = shown.text.rpartition("/")
    assert greeting == "Hi N2, our menu: https://go.example.com"
    assert not is_code(code)
    assert len(code) == 8
    assert shown.parts.parts == 1
    assert shown.links[0].destination == "https://www.example.com/menu"
    assert shown.phone == "+12…02"


def test_a_preview_past_the_audience_shows_the_fallbacks(workspace: Workspace) -> None:
    shown = preview(make_broadcast(workspace), 5)

    assert shown.contact is None
    assert shown.text.startswith("Hi there, our menu: https://go.example.com/")


def test_a_preview_works_before_anything_is_saved(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    unsaved = Broadcast(workspace=workspace, text=TEXT, audience={"all": True})

    assert preview(unsaved).text.startswith("Hi N0, our menu: ")


def test_a_recipient_who_lacks_a_field_is_pointed_out(workspace: Workspace) -> None:
    make_contacts(workspace, 1)

    shown = preview(make_broadcast(workspace, text="{{ city }} https://example.com/{{ shop }}"))

    assert shown.missing == ("city", "shop")


def test_a_change_is_written_down_in_names_and_values(workspace: Workspace) -> None:
    draft = make_broadcast(workspace)
    campaign = Campaign.objects.create(workspace=workspace, name="Autumn")
    Tag.objects.create(workspace=workspace, name="vip")

    update_draft(draft, actor=ACTOR, campaign=campaign, audience={"tags": ["vip"]})

    entry = AuditEntry.objects.get(action="broadcast.changed")
    assert entry.before == {"campaign": None, "audience": {"all": True}}
    assert entry.after == {"campaign": "Autumn", "audience": {"tags": ["vip"]}}


def test_a_draft_can_be_changed_until_it_is_on_its_way(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    draft = make_broadcast(workspace)

    changed = update_draft(draft, actor=ACTOR, name="June menu", spend_limit=Decimal(5))
    assert (changed.name, changed.spend_limit) == ("June menu", Decimal(5))
    with pytest.raises(BadMergeField):
        update_draft(draft, actor=ACTOR, text="{{")
    assert AuditEntry.objects.filter(action="broadcast.changed").count() == 1

    start(changed, actor=ACTOR)
    with pytest.raises(Conflict):
        update_draft(draft, actor=ACTOR, name="July menu")


def test_the_audience_is_counted_with_those_who_may_be_texted(workspace: Workspace) -> None:
    make_contacts(workspace, 3)
    make_contacts(workspace, 2, first=3, agreed=False)
    other = create_workspace("Other")
    Contact.objects.create(workspace=other, phone="+12125550190", phone_hash="x")

    counted = look_ahead(make_broadcast(workspace), timezone.now())

    assert (counted.contacts, counted.textable) == (5, 3)


@pytest.mark.parametrize(
    ("text", "level", "words"),
    [
        ("No link here", "warning", "no link"),
        ("a.com b.com c.com d.com", "warning", "4 different links"),
        ("Menu: example.com/a", "note", "is taken as https://example.com/a"),
        ("Menuhttps://example.com/a", "warning", "not tracked"),
        ("Hi {{ first_name }} example.com", "note", "without 'first_name'"),
        ("Grüße – https://example.com", "note", "«–»"),
        ("x" * 400 + " https://example.com", "warning", "3 parts"),
        ("Hi {{ first_name https://example.com", "error", "not complete"),
        ("x" * 2_000, "error", "2,000 characters"),
    ],
)
def test_a_check_says_what_should_be_known(
    workspace: Workspace, text: str, level: str, words: str
) -> None:
    make_contacts(workspace, 1)
    draft = make_broadcast(workspace)
    draft.text = text

    findings = check(draft)

    assert any(finding.level == level and words in finding.what for finding in findings)
    assert [f.level == "error" for f in findings] == sorted(
        (f.level == "error" for f in findings), reverse=True
    )


def test_a_plain_text_to_people_who_agreed_has_no_findings(workspace: Workspace) -> None:
    make_contacts(workspace, 1)

    assert check(make_broadcast(workspace)) == []


def test_a_check_says_who_gets_nothing(workspace: Workspace) -> None:
    draft = make_broadcast(workspace)
    assert check(draft)[0].what == "Nobody would get this text."

    make_contacts(workspace, 1)
    make_contacts(workspace, 2, first=1, agreed=False)
    assert check(draft)[0].what == "2 of 3 contacts get no text."
