"""The API's calls on segments: saved questions about contacts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any

from ninja import Router, Status
from pydantic import Field

from tapline.contacts.models import Segment
from tapline.contacts.questions import read_question
from tapline.contacts.segments import (
    change_segment,
    count,
    create_segment,
    delete_segment,
    question_of,
    segments_of,
)
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import (
    Answer,
    Cursor,
    Limit,
    Name,
    Page,
    Payload,
    found_or_404,
    page_of,
)

router = Router(tags=["segments"])

AskedAs = Annotated[
    dict[str, Any],
    Field(
        description='`{"match": "all", "groups": [{"match": "any", "conditions": […]}]}`; the'
        " conditions stand in docs/contacts.md."
    ),
]


class SegmentIn(Payload):
    name: Name
    question: AskedAs


class QuestionIn(Payload):
    question: AskedAs


class SegmentOut(Answer):
    id: int
    name: str
    question: dict[str, Any]
    created_at: dt.datetime
    updated_at: dt.datetime


class CountOut(Answer):
    contacts: int = Field(description="How many contacts it finds now.")


@router.post(
    "/segments", auth=needs("contacts:write"), response={201: SegmentOut}, summary="Save a segment"
)
def add_segment(request: ApiRequest, segment: SegmentIn) -> Status[dict[str, Any]]:
    """Who is in it is found whenever it is used."""
    question = read_question(segment.question)
    workspace = workspace_of(request)
    made = create_segment(workspace, segment.name, question, actor=actor_of(request))
    return Status(201, _write(made))


@router.get(
    "/segments", auth=needs("contacts:read"), response=Page[SegmentOut], summary="List segments"
)
def list_segments(request: ApiRequest, cursor: Cursor, limit: Limit) -> dict[str, Any]:
    return page_of(segments_of(workspace_of(request)), cursor, limit, _write_all)


@router.post(
    "/segments/count",
    auth=needs("contacts:read"),
    response=CountOut,
    summary="Count whom a question finds",
)
def count_question(request: ApiRequest, asked: QuestionIn) -> dict[str, Any]:
    """Saves nothing. Takes seconds where the workspace has a million contacts."""
    return {"contacts": count(workspace_of(request), read_question(asked.question)).number}


@router.get(
    "/segments/{int:segment_id}",
    auth=needs("contacts:read"),
    response=SegmentOut,
    summary="Get a segment",
)
def get_segment(request: ApiRequest, segment_id: int) -> dict[str, Any]:
    return _write(_find(request, segment_id))


@router.get(
    "/segments/{int:segment_id}/count",
    auth=needs("contacts:read"),
    response=CountOut,
    summary="Count whom a segment finds",
)
def count_segment(request: ApiRequest, segment_id: int) -> dict[str, Any]:
    """Takes seconds where the workspace has a million contacts."""
    question = question_of(_find(request, segment_id))
    return {"contacts": count(workspace_of(request), question).number}


@router.put(
    "/segments/{int:segment_id}",
    auth=needs("contacts:write"),
    response=SegmentOut,
    summary="Change a segment",
)
def put_segment(request: ApiRequest, segment_id: int, segment: SegmentIn) -> dict[str, Any]:
    """Broadcasts that were started keep the question with which they were."""
    found = _find(request, segment_id)
    question = read_question(segment.question)
    return _write(change_segment(found, segment.name, question, actor=actor_of(request)))


@router.delete(
    "/segments/{int:segment_id}",
    auth=needs("contacts:write"),
    response={204: None},
    summary="Delete a segment",
)
def remove_segment(request: ApiRequest, segment_id: int) -> Status[None]:
    """Its contacts stay."""
    delete_segment(_find(request, segment_id), actor=actor_of(request))
    return Status(204, None)


def _find(request: ApiRequest, segment_id: int) -> Segment:
    rows = segments_of(workspace_of(request)).select_related("workspace")
    return found_or_404(rows.filter(pk=segment_id).first(), "segment")


def _write(segment: Segment) -> dict[str, Any]:
    return _write_all([segment])[0]


def _write_all(segments: Iterable[Segment]) -> list[dict[str, Any]]:
    return [
        {
            "id": segment.pk,
            "name": segment.name,
            "question": segment.question,
            "created_at": segment.created_at,
            "updated_at": segment.updated_at,
        }
        for segment in segments
    ]
