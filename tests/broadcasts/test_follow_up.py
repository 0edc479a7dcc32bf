"""Writing again to those of a broadcast who tapped, who did not, or whose text failed."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tapline.broadcasts.audience import BadAudience, audience_sql
from tapline.broadcasts.commands import read_audiences
from tapline.broadcasts.forecast import look_ahead
from tapline.broadcasts.models import Broadcast, Message, MessageState
from tapline.broadcasts.pages_recipients import GROUPS
from tapline.broadcasts.reasons import HELD_OUT
from tapline.contacts.consent import opt_out
from tapline.contacts.doings import DID
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import ACTOR, make_broadcast, make_contacts, make_workspace, prepare
from tests.web.api_client import caller_of
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)

# One contact for each state that a message can be in, and one who tapped for each of the first.
STATES = list(MessageState.values)
REACHED = {"submitted", "accepted", "delivered", "unknown", "lost", "external"}


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def earlier(workspace: Workspace) -> Broadcast:
    """Return a broadcast with two recipients per state; the second of each tapped."""
    make_contacts(workspace, 2 * len(STATES))
    broadcast = prepare(make_broadcast(workspace))
    for number, state in enumerate(STATES):
        _mark(broadcast, 2 * number, state=state)
        _mark(broadcast, 2 * number + 1, state=state, first_human_click_at=timezone.now())
    _mark(broadcast, 2 * STATES.index("cancelled"), error_code=HELD_OUT)
    return broadcast


def _mark(broadcast: Broadcast, position: int, **values: Any) -> None:
    Message.objects.filter(broadcast=broadcast, position=position).update(**values)


def _positions(earlier: Broadcast, did: str) -> set[int]:
    """Return which recipients of `earlier` get a broadcast to those who did so."""
    audience = {"broadcast": earlier.pk, "did": did}
    later = prepare(make_broadcast(earlier.workspace, audience=audience))
    contacts = Message.objects.filter(broadcast=later).values("contact")
    found = Message.objects.filter(broadcast=earlier, contact__in=contacts)
    return set(found.values_list("position", flat=True))


def test_each_recipient_is_in_the_group_of_what_they_did(earlier: Broadcast) -> None:
    quiet = {2 * number for number, state in enumerate(STATES) if state in REACHED}

    assert _positions(earlier, "tapped") == {2 * number + 1 for number in range(len(STATES))}
    assert _positions(earlier, "not_tapped") == quiet
    assert _positions(earlier, "failed") == {2 * STATES.index("failed")}
    assert _positions(earlier, "held_out") == {2 * STATES.index("cancelled")}


def test_the_page_lists_the_same_people_as_the_audience_names(earlier: Broadcast) -> None:
    for group, condition in GROUPS.items():
        listed = Message.objects.filter(broadcast=earlier).filter(condition)

        assert set(listed.values_list("position", flat=True)) == _positions(
            earlier, group.replace("-", "_")
        )


def test_of_several_texts_to_one_person_the_best_counts(earlier: Broadcast) -> None:
    failed = 2 * STATES.index("failed")
    for message in Message.objects.filter(broadcast=earlier, position__in=[1, failed]):
        message.pk, message.position, message.state = None, message.position + 100, "delivered"
        message.first_human_click_at = None
        message.save(force_insert=True)
    nobody = {"broadcast": earlier.pk, "did": "failed"}

    assert (
        look_ahead(make_broadcast(earlier.workspace, audience=nobody), timezone.now()).contacts == 0
    )
    assert failed in _positions(earlier, "not_tapped")
    assert 1 not in _positions(earlier, "not_tapped")


def test_who_opted_out_meanwhile_gets_nothing(earlier: Broadcast, workspace: Workspace) -> None:
    gone = Message.objects.get(broadcast=earlier, position=2 * STATES.index("delivered"))
    opt_out(gone.phone, scope=workspace, reason="STOP", at=timezone.now(), by=ACTOR)

    assert gone.position not in _positions(earlier, "not_tapped")
    later = Broadcast.objects.latest("pk")
    assert dict(later.left_out.values_list("reason", "count")) == {"opted_out": 1}


def test_who_it_is_is_decided_when_it_is_prepared_and_stays(earlier: Broadcast) -> None:
    audience = {"broadcast": earlier.pk, "did": "not_tapped"}
    later = make_broadcast(earlier.workspace, audience=audience)
    at_first = look_ahead(later, timezone.now()).contacts
    position = 2 * STATES.index("delivered")

    _mark(earlier, position, first_human_click_at=timezone.now())
    assert look_ahead(later, timezone.now()).contacts == at_first - 1
    prepare(later)
    _mark(earlier, position, first_human_click_at=None)

    assert Message.objects.filter(broadcast=later).count() == at_first - 1


def test_a_broadcast_of_another_workspace_is_not_there(earlier: Broadcast) -> None:
    brand = create_workspace("Brand")
    sibling = create_workspace("Sibling", parent=brand)
    for elsewhere in (brand, sibling, create_workspace("Below", parent=earlier.workspace)):
        with pytest.raises(BadAudience, match="does not have"):
            audience_sql(elsewhere, {"broadcast": earlier.pk, "did": "tapped"})


@pytest.mark.parametrize(
    "audience",
    [
        {"broadcast": 1},
        {"did": "tapped"},
        {"broadcast": 1, "did": "slept"},
        {"broadcast": 1, "did": ["tapped"]},
        {"broadcast": True, "did": "tapped"},
        {"broadcast": "1) or (1=1", "did": "tapped"},
        {"broadcast": 1, "did": "tapped", "all": True},
        {"broadcast": 10**30, "did": "tapped"},
    ],
)
def test_what_is_no_such_question_is_refused(
    workspace: Workspace, audience: dict[str, Any]
) -> None:
    with pytest.raises(BadAudience):
        make_broadcast(workspace, audience=audience)


def test_the_contacts_own_messages_are_looked_at_and_not_the_broadcasts(
    earlier: Broadcast,
) -> None:
    """By the index on positions each contact would walk over the whole broadcast."""
    for did in DID:
        condition = audience_sql(earlier.workspace, {"broadcast": earlier.pk, "did": did})
        with connection.cursor() as cursor:
            cursor.execute(
                f"explain query plan select c.id from contacts_contact c where {condition}"
            )
            plan = " ".join(str(row) for row in cursor.fetchall())

        assert "one_message_per_position" not in plan
        assert "contact_id=?" in plan


def test_one_button_leads_from_the_list_to_the_composer(earlier: Broadcast) -> None:
    editor = member_of(earlier.workspace, Role.SENDER)
    viewer = member_of(earlier.workspace, Role.VIEWER)
    address = reverse(
        "broadcasts:recipients", args=[earlier.workspace_id, earlier.pk, "not-tapped"]
    )
    composer = reverse("broadcasts:new", args=[earlier.workspace_id])
    wanted = f"{composer}?after={earlier.pk}&did=not_tapped"

    page = html.unescape(editor.get(address).content.decode())
    assert f'href="{wanted}"' in page
    assert wanted not in html.unescape(viewer.get(address).content.decode())

    form = html.unescape(editor.get(wanted).content.decode())
    audience = json.dumps({"broadcast": earlier.pk, "did": "not_tapped"})
    assert f'<option value="{audience}" selected>Who got «Menu» and did not tap</option>' in form
    assert 'value="Menu, again"' in form
    sent = editor.post(
        composer, {"name": "Menu, again", "text": "example.com", "audience": audience}
    )
    assert sent.status_code == 302
    draft = editor.get(sent.headers["Location"]).content.decode()
    assert "Who got «Menu» and did not tap" in html.unescape(draft)
    assert Broadcast.objects.latest("pk").audience == json.loads(audience)


def test_the_composer_of_a_neighbour_does_not_open_with_it(earlier: Broadcast) -> None:
    neighbour = create_workspace("Neighbour")
    composer = reverse("broadcasts:new", args=[neighbour.pk])

    answer = member_of(neighbour).get(f"{composer}?after={earlier.pk}&did=tapped")
    nonsense = member_of(earlier.workspace).get(
        reverse("broadcasts:new", args=[earlier.workspace_id]) + f"?after={earlier.pk}&did=x"
    )

    assert answer.status_code == 404
    assert nonsense.status_code == 422


def test_the_terminal_and_the_api_ask_the_same_question(earlier: Broadcast) -> None:
    question = {"broadcast": earlier.pk, "did": "not_tapped"}
    assert read_audiences((f"not-tapped:{earlier.pk}",)) == question

    body = {"name": "Again", "text": "example.com", "audience": question}
    made = caller_of(earlier.workspace).post("/broadcasts", body)

    assert made["audience"] == question
