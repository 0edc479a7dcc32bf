"""Segments: how questions about contacts are saved, who they find, and how many that are.

A segment holds a question, not people: whoever it is used for is found when it is used. As the
audience of a broadcast it is asked chunk by chunk while that is prepared.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tapline.contacts.models import Contact, Segment, Tag
from tapline.contacts.question_sql import question_sql
from tapline.contacts.questions import (
    BadSegment,
    Imported,
    Question,
    Received,
    Tagged,
    Tapped,
    read_question,
    write_question,
)
from tapline.errors import Conflict, NotFound
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

LONGEST_NAME = 120
# Beyond this a page says «more than», until somebody has counted them all.
COUNTED_AT_ONCE = 100_000
# Between two looks at the clock while SQLite counts: some 50 µs.
STEPS_PER_LOOK = 20_000

COUNT = """
-- How many contacts of the workspace a question finds, up to a limit.
select count(*) from (
  select 1 from contacts_contact c
  where c.workspace_id = %(workspace)s and {question} limit %(limit)s)
"""

FIND = """
-- The newest contacts of the workspace that a question finds.
select c.id from contacts_contact c
where c.workspace_id = %(workspace)s and {question}
order by c.id desc limit %(limit)s
"""


class OutOfTime(Exception):
    """A question takes longer than its asker wants to wait."""


class NameTaken(Conflict):
    """Another segment of the workspace has this name."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many contacts a question finds. `number` is None where the time was too short to tell;
    with `is_more` there are more than `number`."""

    number: int | None
    is_more: bool = False

    @property
    def is_exact(self) -> bool:
        return self.number is not None and not self.is_more


def create_segment(workspace: Workspace, name: str, question: Question, *, actor: str) -> Segment:
    """Return a new segment; raises `BadSegment` and `NameTaken`."""
    refuse_foreign(workspace, question)
    segment = Segment(workspace=workspace, created_by=actor)
    with transaction.atomic():
        _store(segment, name, question)
        record(workspace, actor, "segment.created", segment, after=_told(segment))
    return segment


def change_segment(segment: Segment, name: str, question: Question, *, actor: str) -> Segment:
    """Return the segment with another name and question; raises `BadSegment`, `NameTaken`.

    Broadcasts that were started keep the question with which they were.
    """
    refuse_foreign(segment.workspace, question)
    with transaction.atomic():
        before = _told(segment)
        _store(segment, name, question)
        if (after := _told(segment)) != before:
            record(segment.workspace, actor, "segment.changed", segment, before, after)
    return segment


def delete_segment(segment: Segment, *, actor: str) -> None:
    """Forget a segment; its contacts stay."""
    with transaction.atomic():
        record(segment.workspace, actor, "segment.deleted", segment, before=_told(segment))
        segment.delete()


def segments_of(workspace: Workspace) -> QuerySet[Segment]:
    """Return the workspace's segments by name."""
    return Segment.objects.filter(workspace=workspace).order_by("name", "id")


def find_segment(workspace: Workspace, segment_id: int) -> Segment:
    """Return a segment of the workspace; raises `NotFound`."""
    found = segments_of(workspace).select_related("workspace").filter(pk=segment_id).first()
    if found is None:
        raise NotFound(
            _("There is no such segment."),
            why=_("This workspace has none with this number, or it was deleted."),
            do=_("Look at the list of segments."),
        )
    return found


def question_of(segment: Segment) -> Question:
    """Return what a segment asks; raises `BadSegment` for one that an older version wrote."""
    return read_question(segment.question)


def segment_sql(workspace: Workspace, question: Question, at: dt.datetime | None = None) -> str:
    """Return a question as a condition on the contact alias `c`, without parameters.

    The statement around it names the workspace. `at` is when «within 30 days» ends; now if left
    out. Raises `BadSegment`.
    """
    return question_sql(workspace, question, at or timezone.now())


def count(
    workspace: Workspace,
    question: Question,
    *,
    seconds: float | None = None,
    most: int | None = None,
) -> Counted:
    """Return how many contacts a question finds; a million take one to three seconds.

    Beyond `most` it says «more than»; after `seconds` it gives up.
    """
    limit = -1 if most is None else most + 1
    statement = COUNT.format(question=segment_sql(workspace, question))
    try:
        with _at_most(seconds), connection.cursor() as cursor:
            cursor.execute(statement, {"workspace": workspace.pk, "limit": limit})
            number = int(cursor.fetchone()[0])
    except OutOfTime:
        return Counted(None)
    return Counted(number - 1, is_more=True) if number == limit else Counted(number)


def preview(
    workspace: Workspace, question: Question, most: int = 10, *, seconds: float | None = None
) -> list[Contact]:
    """Return the newest contacts that a question finds; raises `OutOfTime` after `seconds`."""
    statement = FIND.format(question=segment_sql(workspace, question))
    with _at_most(seconds), connection.cursor() as cursor:
        cursor.execute(statement, {"workspace": workspace.pk, "limit": most})
        ids = [number for (number,) in cursor.fetchall()]
    found = Contact.objects.in_workspace(workspace).filter(pk__in=ids)
    return list(found.prefetch_related("tags").order_by("-pk"))


def refuse_foreign(workspace: Workspace, question: Question) -> None:
    """Raise `BadSegment` where a question names what the workspace does not have."""
    for condition in question.conditions:
        if isinstance(condition, Tagged):
            if not Tag.objects.filter(workspace=workspace, name=condition.name).exists():
                raise _foreign(_("There is no tag '%(name)s'.") % {"name": condition.name})
        elif isinstance(condition, Tapped) and condition.campaign:
            above = ", ".join(str(int(each)) for each in workspace.ancestor_ids)
            _refuse_missing(f"links_campaign where workspace_id in ({above})", condition.campaign)
        elif isinstance(condition, Received):
            _refuse_missing(_of(workspace, "broadcasts_broadcast"), condition.id)
        elif isinstance(condition, Imported):
            _refuse_missing(_of(workspace, "contacts_contactimport"), condition.id)
    segment_sql(workspace, question)  # A place that nobody knows shows here.


@contextmanager
def _at_most(seconds: float | None) -> Iterator[None]:
    """Stop what SQLite does inside after so long; raises `OutOfTime`."""
    if seconds is None:
        yield
        return
    connection.ensure_connection()
    raw: Any = connection.connection
    end = time.monotonic() + seconds
    raw.set_progress_handler(lambda: time.monotonic() > end, STEPS_PER_LOOK)
    try:
        yield
    except OperationalError as error:
        if "interrupted" not in str(error):
            raise
        raise OutOfTime from error
    finally:
        raw.set_progress_handler(None, 0)


def _store(segment: Segment, name: str, question: Question) -> None:
    segment.name = _refuse_bad_name(name.strip())
    segment.question = write_question(question)
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError as error:
        raise NameTaken(
            _("There is a segment '%(name)s' already.") % {"name": segment.name},
            why=_("Segments are chosen by their name."),
            do=_("Choose another name."),
        ) from error


def _refuse_bad_name(name: str) -> str:
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadSegment(
            _("The segment needs a name."),
            why=_("It is chosen by its name, which has 1 to 120 characters."),
            do=_("Name it after who is in it, such as «Berlin, tapped in May»."),
        )
    return name


def _told(segment: Segment) -> dict[str, Any]:
    return {"name": segment.name, "question": segment.question}


def _of(workspace: Workspace, table: str) -> str:
    return f"{table} where workspace_id = {int(workspace.pk)}"


def _refuse_missing(rows: str, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"select exists (select 1 from {rows} and id = %s)", [number])
        if not cursor.fetchone()[0]:
            raise _foreign(_("It names something that this workspace does not have."))


def _foreign(why: str) -> BadSegment:
    return BadSegment(_("The segment cannot be kept."), why=why, do=_("Choose one that is listed."))
