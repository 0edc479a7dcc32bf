"""Pages on which segments are listed, put together with a live count, and deleted."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tapline.broadcasts.models import Broadcast, BroadcastKind
from tapline.contacts.fields import known_fields
from tapline.contacts.models import Contact, ContactImport, Segment, Tag
from tapline.contacts.question_places import place_choices
from tapline.contacts.question_words import in_one_line, names_for
from tapline.contacts.questions import BadSegment, Question
from tapline.contacts.segment_forms import (
    KINDS,
    Form,
    form_of,
    posted_form,
    question_of_form,
    shown_blocks,
)
from tapline.contacts.segments import (
    COUNTED_AT_ONCE,
    Counted,
    OutOfTime,
    change_segment,
    count,
    create_segment,
    delete_segment,
    find_segment,
    preview,
    question_of,
    segments_of,
)
from tapline.errors import TaplineError
from tapline.links.goals import goals_of
from tapline.links.models import Campaign
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

# A page waits so long for a count; what takes longer comes in a second answer, within this.
SECONDS_AT_ONCE = 0.12
SECONDS_IN_THE_BACKGROUND = 20.0
SHOWN = 8
OFFERED = 200
# Answers and confirmations are gathered, and nobody chose whom they go to.
OF_ONES_OWN = (BroadcastKind.COMPOSED, BroadcastKind.TRACKED, BroadcastKind.STANDING)


@inside(Need.PEOPLE)
def list_segments(visit: Visit) -> HttpResponse:
    """Show the segments of a workspace in words."""
    return visit.render("contacts/segments.html", {"room": "contacts", "segments": _told(visit)})


@inside(Need.EDIT, "GET", "HEAD", "POST")
def edit(visit: Visit, segment_id: int | None = None) -> HttpResponse:
    """Put a segment together: its rows change by posts, until «Save» keeps them."""
    stored = find_segment(visit.workspace, segment_id) if segment_id else None
    if visit.request.method != "POST":
        form = form_of(question_of(stored) if stored else Question())
        return _editor(visit, stored, form, stored.name if stored else "")
    form, name = posted_form(visit.request.POST.dict()), visit.form("name")
    if visit.form("step") != "save":
        return _editor(visit, stored, form, name)
    try:
        saved = _save(visit, stored, name, question_of_form(form))
    except TaplineError as error:
        return _editor(visit, stored, form, name, error)
    return redirect("contacts:segment", visit.workspace.pk, saved.pk)


@inside(Need.PEOPLE, "POST")
def count_posted(visit: Visit) -> HttpResponse:
    """Show, as a fragment, whom the rows of the editor find: at once, or after a while."""
    is_second = visit.request.GET.get("all") == "1"
    try:
        question = question_of_form(posted_form(visit.request.POST.dict()))
        context = _counted(visit, question, is_second=is_second)
    except BadSegment as error:
        context = {"incomplete": error}
    return visit.render("contacts/_segment_count.html", context)


@inside(Need.PEOPLE)
def show(visit: Visit, segment_id: int) -> HttpResponse:
    """Show a segment in words, how many it finds, and what can be done with them."""
    segment = find_segment(visit.workspace, segment_id)
    question = question_of(segment)
    context = {
        "room": "contacts",
        "segment": segment,
        "form": form_of(question),
        "words": in_one_line(question, names_for(visit.workspace, [question])),
        **_counted(visit, question, is_second=False),
    }
    return visit.render("contacts/segment.html", context)


@inside(Need.EDIT, "POST")
def delete(visit: Visit, segment_id: int) -> HttpResponse:
    """Forget a segment; its contacts stay."""
    delete_segment(find_segment(visit.workspace, segment_id), actor=visit.actor)
    return redirect("contacts:segments", visit.workspace.pk)


def _told(visit: Visit) -> list[tuple[Segment, str]]:
    found = [(segment, question_of(segment)) for segment in segments_of(visit.workspace)]
    names = names_for(visit.workspace, [question for _segment, question in found])
    return [(segment, in_one_line(question, names)) for segment, question in found]


def _save(visit: Visit, stored: Segment | None, name: str, question: Question) -> Segment:
    if not question.conditions:
        raise BadSegment(
            _("The segment has no condition yet."),
            why=_("Without one it is everybody, and everybody can be chosen without a segment."),
            do=_("Add a condition."),
        )
    if stored is None:
        return create_segment(visit.workspace, name, question, actor=visit.actor)
    return change_segment(stored, name, question, actor=visit.actor)


def _editor(
    visit: Visit, stored: Segment | None, form: Form, name: str, error: TaplineError | None = None
) -> HttpResponse:
    sources = _sources(visit)
    context = {
        "room": "contacts",
        "segment": stored,
        "name": name,
        "form": form,
        "blocks": shown_blocks(form, sources),
        "kinds": [(kind, each.words) for kind, each in KINDS.items()],
        "lists": {name: sources[name] for name in ("fields", "tags", "languages")},
        "error": error,
    }
    if visit.wants_fragment and visit.form("step") != "save":
        answer = visit.render("contacts/_segment_rows.html", context)
        answer["HX-Trigger"] = "rows-changed"  # The count listens for it.
        return answer
    return visit.render("contacts/segment_edit.html", context, status=422 if error else 200)


def _counted(visit: Visit, question: Question, *, is_second: bool) -> dict[str, Any]:
    """Return the count, and the newest whom a question finds, where both are quick."""
    seconds = SECONDS_IN_THE_BACKGROUND if is_second else SECONDS_AT_ONCE
    counted = _count(visit, question, seconds, is_second=is_second)
    people: list[Contact] | None = None
    if counted.number is not None:
        with suppress(OutOfTime):
            people = preview(visit.workspace, question, SHOWN, seconds=seconds)
    return {
        "counted": counted,
        "people": people,
        "is_second": is_second,
        "is_open": not is_second and (not counted.is_exact or people is None),
    }


def _count(visit: Visit, question: Question, seconds: float, *, is_second: bool) -> Counted:
    return count(
        visit.workspace, question, seconds=seconds, most=None if is_second else COUNTED_AT_ONCE
    )


def _sources(visit: Visit) -> dict[str, list[tuple[Any, str]]]:
    """Return what the fields of rows offer: (value, words)."""
    workspace = visit.workspace
    tags = Tag.objects.filter(workspace=workspace).order_by("name")[:OFFERED]
    imports = ContactImport.objects.filter(workspace=workspace, is_trial=False).order_by("-id")
    broadcasts = Broadcast.objects.filter(workspace=workspace, kind__in=OF_ONES_OWN)
    campaigns = goals_of(workspace, Campaign)
    return {
        "fields": [(name, name.replace("_", " ")) for name in known_fields(workspace)],
        "tags": [(tag.name, tag.name) for tag in tags],
        "languages": [(code, code) for code in ("en", "es", "de", "fr", "it", "pt", "nl")],
        "places": place_choices(),
        "imports": [(str(each.pk), each.file_name) for each in imports[:OFFERED]],
        "broadcasts": [(str(each.pk), each.name) for each in broadcasts.order_by("-id")[:OFFERED]],
        "campaigns": [("", _("any campaign")), *((str(c.pk), c.name) for c in campaigns[:OFFERED])],
    }
