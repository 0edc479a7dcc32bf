"""Those who got nothing on purpose: listed, written to, saved, and compared with the others."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from tapline.broadcasts.audience import audience_sql
from tapline.broadcasts.commands import read_audiences
from tapline.broadcasts.held_out import Compared, compare_held_out
from tapline.broadcasts.models import Broadcast, Message, MessageState
from tapline.broadcasts.reasons import HELD_OUT
from tapline.broadcasts.reports import build_report
from tapline.contacts.consent import opt_out
from tapline.contacts.models import Contact
from tapline.contacts.questions import read_question
from tapline.contacts.segments import segment_sql
from tapline.workspaces.models import Role, Workspace
from tests.broadcasts.making import ACTOR, make_broadcast, make_contacts, make_workspace, prepare
from tests.replies.making import write
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 200


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def broadcast(workspace: Workspace) -> Broadcast:
    """Return a broadcast that reached all but those who got nothing on purpose."""
    make_contacts(workspace, PEOPLE)
    broadcast = prepare(make_broadcast(workspace, hold_out=40))
    Message.objects.filter(broadcast=broadcast, state=MessageState.PENDING).update(
        state=MessageState.DELIVERED
    )
    started_at = timezone.now() - dt.timedelta(minutes=1)
    Broadcast.objects.filter(pk=broadcast.pk).update(
        state="sent", started_at=started_at, finished_at=timezone.now()
    )
    broadcast.refresh_from_db()
    return broadcast


def held_out(broadcast: Broadcast) -> set[int]:
    """Return the contacts who got nothing on purpose."""
    rows = Message.objects.filter(broadcast=broadcast, error_code=HELD_OUT)
    return set(rows.values_list("contact_id", flat=True))


def found(condition: str) -> set[int]:
    rows = Contact.objects.raw(f"select c.id from contacts_contact c where {condition}")
    return {each.pk for each in rows}


def test_they_are_an_audience_and_a_segment_like_any_other(broadcast: Broadcast) -> None:
    audience = {"broadcast": broadcast.pk, "did": "held_out"}
    question = read_question(
        {"groups": [{"conditions": [{"kind": "broadcast", "id": broadcast.pk, "did": "held_out"}]}]}
    )

    assert 0 < len(held_out(broadcast)) < PEOPLE
    assert found(audience_sql(broadcast.workspace, audience)) == held_out(broadcast)
    assert found(segment_sql(broadcast.workspace, question)) == held_out(broadcast)
    assert read_audiences((f"held-out:{broadcast.pk}",)) == audience


def test_whoever_was_cancelled_otherwise_is_not_among_them(broadcast: Broadcast) -> None:
    other = Message.objects.filter(broadcast=broadcast, state=MessageState.DELIVERED).first()
    assert other is not None
    Message.objects.filter(pk=other.pk).update(state="cancelled", error_code="opted_out")

    audience = {"broadcast": broadcast.pk, "did": "held_out"}
    assert other.contact_id not in found(audience_sql(broadcast.workspace, audience))


def test_the_report_leads_to_them(broadcast: Broadcast) -> None:
    editor, workspace = member_of(broadcast.workspace, Role.SENDER), broadcast.workspace
    address = reverse("broadcasts:recipients", args=[workspace.pk, broadcast.pk, "held-out"])
    composer = reverse("broadcasts:new", args=[workspace.pk])

    report = html.unescape(
        editor.get(reverse("broadcasts:show", args=[workspace.pk, broadcast.pk])).content.decode()
    )
    assert f'href="{address}"' in report
    assert f'href="{composer}?after={broadcast.pk}&did=held_out"' in report

    listed = html.unescape(editor.get(address).content.decode())
    assert "Who got nothing on purpose" in listed
    assert len(re.findall(r"/contacts/\d+/", listed)) == min(100, len(held_out(broadcast)))
    form = html.unescape(
        editor.get(f"{composer}?after={broadcast.pk}&did=held_out").content.decode()
    )
    assert "Who got nothing on purpose of «Menu»" in form

    name = {"name": "Control"}
    saved = editor.post(
        reverse("broadcasts:make-segment", args=[workspace.pk, broadcast.pk, "held-out"]), name
    )
    assert saved.status_code == 302


def test_the_report_counts_them_apart_from_texts_that_were_cancelled(broadcast: Broadcast) -> None:
    stopped = Message.objects.filter(broadcast=broadcast, state=MessageState.DELIVERED).first()
    assert stopped is not None
    stopped.state, stopped.error_code = MessageState.CANCELLED, "opted_out"
    stopped.save()

    found = build_report(broadcast)
    address = reverse("broadcasts:show", args=[broadcast.workspace_id, broadcast.pk])
    page = html.unescape(member_of(broadcast.workspace, Role.VIEWER).get(address).content.decode())

    assert (found.held_out, found.stopped) == (len(held_out(broadcast)), 1)
    assert f"<dt>Got nothing on purpose</dt><dd>{found.held_out}</dd>" in page
    assert "<dt>Cancelled</dt><dd>1</dd>" in page


def _rates(compared: Compared | None) -> dict[str, tuple[int, int, str]]:
    assert compared is not None
    return {
        str(each.words): (each.held_out.hits, each.texted.hits, each.more)
        for each in compared.lines
    }


def test_what_both_did_since_stands_beside_each_other(broadcast: Broadcast) -> None:
    texted = [
        contact.phone
        for contact in Contact.objects.exclude(pk__in=held_out(broadcast)).order_by("pk")
    ]
    for number in texted[:60]:
        opt_out(number, scope=broadcast.workspace, reason="letter", at=timezone.now(), by=ACTOR)
    write("hello", 0)

    compared = compare_held_out(broadcast)

    assert compared is not None
    assert (compared.held_out, compared.texted) == (
        len(held_out(broadcast)),
        PEOPLE - len(held_out(broadcast)),
    )
    rates = _rates(compared)
    assert rates["Opted out"] == (0, 60, "texted")
    assert sum(rates["Wrote to you"][:2]) == 1
    assert rates["Wrote to you"][2] == ""
    assert rates["Tapped in another text"] == (0, 0, "")


def test_taps_in_other_texts_count_and_those_in_this_one_do_not(broadcast: Broadcast) -> None:
    Message.objects.filter(broadcast=broadcast, state="delivered").update(
        first_human_click_at=timezone.now()
    )
    other = prepare(make_broadcast(broadcast.workspace, audience={"all": True}))
    Message.objects.filter(broadcast=other, contact__in=held_out(broadcast)).update(
        first_human_click_at=timezone.now()
    )

    all_of_them = len(held_out(broadcast))
    assert _rates(compare_held_out(broadcast))["Tapped in another text"] == (
        all_of_them,
        0,
        "held_out",
    )


def test_what_was_before_it_began_is_not_its_doing(broadcast: Broadcast) -> None:
    write("hello", 0)
    Broadcast.objects.filter(pk=broadcast.pk).update(
        started_at=timezone.now() + dt.timedelta(hours=1)
    )
    broadcast.refresh_from_db()

    assert sum(_rates(compare_held_out(broadcast))["Wrote to you"][:2]) == 0


def test_without_a_hold_out_there_is_nothing_to_compare(workspace: Workspace) -> None:
    make_contacts(workspace, 2)
    broadcast = prepare(make_broadcast(workspace))

    assert compare_held_out(broadcast) is None
    page = member_of(workspace).get(
        reverse("broadcasts:held-out", args=[workspace.pk, broadcast.pk])
    )
    assert b"Nothing can be compared yet." in page.content
