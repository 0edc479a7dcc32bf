"""Who got a broadcast: who tapped, who did not, whose text failed; and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tapline.broadcasts.crowds import count_recipients
from tapline.broadcasts.models import Broadcast, Message, MessageState
from tapline.broadcasts.pages_report import find_reported
from tapline.broadcasts.reasons import HELD_OUT, reason_for
from tapline.broadcasts.states import STATE_WORDS
from tapline.broadcasts.variants import held_out
from tapline.contacts.doings import REACHED_STATES
from tapline.contacts.models import Contact
from tapline.contacts.questions import Group, Question, Received
from tapline.contacts.searching import named
from tapline.contacts.segments import create_segment
from tapline.digits import whole_number
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

RECIPIENTS_PER_PAGE = 100
# So many people of the workspace are looked for among the recipients.
MOST_FOUND = 200
FEWEST_DIGITS = 3

# The messages of the contacts whom the audience of the same name names (`contacts.doings.DID`).
GROUPS: dict[str, Q] = {
    "tapped": Q(first_human_click_at__isnull=False),
    "not-tapped": Q(
        first_human_click_at__isnull=True, only_counted=False, state__in=REACHED_STATES
    ),
    "failed": Q(first_human_click_at__isnull=True, state=MessageState.FAILED),
    "held-out": Q(state=MessageState.CANCELLED, error_code=HELD_OUT),
}

EVERYBODY = "all"
LISTS: dict[str, Q] = {EVERYBODY: Q(), **GROUPS}


@inside(Need.PEOPLE, "GET", "HEAD", "POST")
def list_recipients(visit: Visit, broadcast_id: int, group: str) -> HttpResponse:
    """Show the recipients of one group in the order of their texts, or those whom a posted search
    finds by name or by the end of their number."""
    broadcast = find_reported(visit, broadcast_id)
    search, why = visit.form("search"), visit.request.GET.get("why", "")
    texts = _of_group(broadcast, group)
    if why and group == "failed":
        texts = texts.filter(error_code=why)
    if search:
        texts = _matching(texts, visit, search)
    if (after := whole_number(visit.request.GET.get("after", ""))) is not None:
        texts = texts.filter(position__gt=after)
    found = list(texts.select_related("contact").order_by("position")[: RECIPIENTS_PER_PAGE + 1])
    shown = found[:RECIPIENTS_PER_PAGE]
    context = {
        "room": "broadcasts",
        "broadcast": broadcast,
        "group": group,
        "groups": LISTS,
        "held_out": held_out(broadcast) if broadcast.hold_out else 0,
        "did": group.replace("-", "_"),
        "search": search,
        "why": why,
        "reasons": failures_of(broadcast) if group == "failed" else [],
        "recipients": [
            Recipient(each, STATE_WORDS[each.state], why_failed(broadcast, each)) for each in shown
        ],
        "only_counted": count_recipients(broadcast)[1],
        "next_after": shown[-1].position if len(found) > len(shown) else None,
        "segment_name": _segment_name(broadcast, group),
    }
    return visit.render("broadcasts/recipients.html", context)


@inside(Need.EDIT, "POST")
def make_segment(visit: Visit, broadcast_id: int, group: str) -> HttpResponse:
    """Save the question that finds a group, so that it can be asked again and written to."""
    broadcast = find_reported(visit, broadcast_id)
    if group == EVERYBODY:
        received = Received(id=broadcast.pk, did="got")
    else:
        received = Received(id=broadcast.pk, did=group.replace("-", "_"))  # type: ignore[arg-type]
    question = Question(groups=(Group(conditions=(received,)),))
    segment = create_segment(visit.workspace, visit.form("name"), question, actor=visit.actor)
    told = _("Saved as the segment «%(name)s». Choose it when you write a broadcast.")
    messages.success(visit.request, told % {"name": segment.name})
    return redirect("broadcasts:recipients", visit.workspace.pk, broadcast.pk, group)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One line of the recipients: the text they got, and why it failed if it did."""

    message: Message
    state: str | Promise
    why: str


def why_failed(broadcast: Broadcast, message: Message) -> str:
    return str(reason_for(broadcast, message.error_code).what) if message.error_code else ""


def failures_of(broadcast: Broadcast) -> list[tuple[str, str]]:
    """Return the codes with which texts of a broadcast failed, and what they mean."""
    failed = broadcast.tallies.filter(state=MessageState.FAILED, was_clicked=False, count__gt=0)
    codes = sorted(set(failed.exclude(error_code="").values_list("error_code", flat=True)))
    return [(code, str(reason_for(broadcast, code).what)) for code in codes]


def _of_group(broadcast: Broadcast, group: str) -> QuerySet[Message]:
    texts = Message.objects.filter(broadcast=broadcast, workspace=broadcast.workspace)
    return texts.filter(LISTS[group])


def _matching(texts: QuerySet[Message], visit: Visit, search: str) -> QuerySet[Message]:
    """Narrow texts to the people whom a search finds in the workspace: their contacts are
    looked for first, since a broadcast's messages have no index of names."""
    digits = "".join(filter(str.isdigit, search))
    is_number = len(digits) >= FEWEST_DIGITS and not any(map(str.isalpha, search))
    condition = Q(phone__endswith=digits) if is_number else named(search)
    people = Contact.objects.in_workspace(visit.workspace).filter(condition)
    return texts.filter(contact__in=list(people.values_list("pk", flat=True)[:MOST_FOUND]))


def _segment_name(broadcast: Broadcast, group: str) -> str:
    words = {
        EVERYBODY: _("Got «%(name)s»"),
        "tapped": _("Tapped in «%(name)s»"),
        "not-tapped": _("Did not tap in «%(name)s»"),
        "held-out": _("Got nothing on purpose of «%(name)s»"),
        "failed": _("Did not get «%(name)s»"),
    }
    return words[group] % {"name": broadcast.name[:80]}
