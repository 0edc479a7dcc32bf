"""How a segment's question becomes one condition of SQL over contacts.

It holds no parameters, so that it fits into any statement, such as the one that picks a broadcast's
recipients; that statement names the workspace. Tables of other features are known here by name, as
in `textable`. Each condition looks at one contact's own rows, so that a chunk is bounded work.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.db import connection

from tapline.contacts.doings import did_sql
from tapline.contacts.question_places import place_sql
from tapline.contacts.questions import (
    Added,
    AnyCondition,
    Attribute,
    Consented,
    Group,
    Imported,
    Language,
    LivesIn,
    Question,
    Received,
    Replied,
    Tagged,
    Tapped,
)
from tapline.contacts.textable import suppressed_sql, textable_sql
from tapline.workspaces.models import Workspace

_TAGGED = """exists (
  select 1 from contacts_tag_contacts tagged join contacts_tag tag on tag.id = tagged.tag_id
  where tagged.contact_id = c.id and tag.workspace_id = {workspace} and tag.name = {name})"""

_TAPPED = """exists (
  select 1 from broadcasts_message tapped
  where tapped.contact_id = c.id and +tapped.workspace_id = {workspace}
    and tapped.first_human_click_at {when}{campaign})"""

_OF_CAMPAIGN = """
    and exists (select 1 from broadcasts_broadcast about
      where about.id = tapped.broadcast_id and about.campaign_id = {campaign})"""

_REPLIED = """exists (
  select 1 from replies_reply reply
  where reply.contact_id = c.id and +reply.workspace_id = {workspace}
    and reply.received_at {when})"""


def question_sql(workspace: Workspace, question: Question, at: dt.datetime) -> str:
    """Return the question as a condition on the contact alias `c`, true or false, never null.

    `at` is the moment from which «within 30 days» counts back. Raises `BadSegment` for a place
    that nobody knows.
    """
    groups = [_group(workspace, group, at) for group in question.groups if group.conditions]
    return _joined(question.match, groups)


def said_sql(text: str) -> str:
    """Return what somebody typed as a literal in which no quote, percent sign or brace can stand,
    so that it cannot end early, whatever the statement around it is formatted with."""
    return f"cast(x'{text.encode().hex()}' as text)"


def _group(workspace: Workspace, group: Group, at: dt.datetime) -> str:
    return _joined(group.match, (_condition(workspace, each, at) for each in group.conditions))


def _joined(match: str, conditions: Iterable[str]) -> str:
    found = list(conditions)
    between = "\n and " if match == "all" else "\n or "
    return f"({between.join(found)})" if found else "true"


def _condition(workspace: Workspace, condition: AnyCondition, at: dt.datetime) -> str:
    match condition:
        case Attribute():
            return _attribute(condition)
        case Tagged(name=name):
            is_so = _TAGGED.format(workspace=workspace.pk, name=said_sql(name))
        case Language(code=code):
            is_so = f"(lower(c.language) || '-') glob {said_sql(code.lower() + '-*')}"
        case LivesIn(code=code):
            is_so = place_sql(code)
        case Imported(id=number):
            is_so = f"coalesce(c.imported_by_id = {int(number)}, false)"
        case Tapped(within_days=days, campaign=campaign):
            about = _OF_CAMPAIGN.format(campaign=int(campaign)) if campaign else ""
            is_so = _TAPPED.format(workspace=workspace.pk, when=_lately(days, at), campaign=about)
        case Replied(within_days=days):
            is_so = _REPLIED.format(workspace=workspace.pk, when=_lately(days, at))
        case Received(id=number, did="not_got"):
            return f"not {did_sql(number, 'got')}"
        case Received(id=number, did=did):
            return did_sql(number, did)
        case Consented():
            return _consented(workspace, condition)
        case Added():
            return _added(workspace, condition, at)
    return is_so if condition.holds else f"not {is_so}"


def _attribute(condition: Attribute) -> str:
    """Return a condition on an attribute; what nobody filled in is the empty text."""
    # The name is letters, digits and _, see `questions.FieldName`.
    known = f"coalesce(trim(json_extract(c.attributes, '$.\"{condition.name}\"')), '')"
    text = condition.value.strip().lower()
    value, small = said_sql(text), _in_small_letters(known, text)
    match condition.test:
        case "is_known" | "is_unknown":
            return f"{known} {'<>' if condition.test == 'is_known' else '='} ''"
        case "is" | "is_not":
            return f"{small} {'=' if condition.test == 'is' else '<>'} {value}"
        case "contains":
            return f"instr({small}, {value}) > 0"
        case "begins_with":
            return f"substr({small}, 1, {len(text)}) = {value}"
        case "at_least" | "at_most":
            sign = ">=" if condition.test == "at_least" else "<="
            number = f"replace({known}, ',', '.')"
            # What is no number is neither at least nor at most anything.
            return (
                f"({known} glob '[-0-9.]*' and {known} not glob '*[^-0-9.,]*'"
                f" and cast({number} as real) {sign} {float(condition.value)!r})"
            )


def _in_small_letters(known: str, text: str) -> str:
    """Return `known` in small letters: A–Z, and of those that SQLite does not know (Ö, Д) the ones
    that stand in `text`, with which it is compared."""
    for letter in sorted(set(text)):
        large = letter.upper()
        if not letter.isascii() and large != letter and len(large) == 1:
            known = f"replace({known}, {said_sql(large)}, {said_sql(letter)})"
    return f"lower({known})"


def _consented(workspace: Workspace, condition: Consented) -> str:
    if condition.answer == "opted_out":
        return suppressed_sql(workspace, condition.purpose)
    may = f"coalesce({textable_sql(workspace, condition.purpose)}, false)"
    return may if condition.answer == "agreed" else f"not {may}"


def _added(workspace: Workspace, condition: Added, at: dt.datetime) -> str:
    limits = []
    if condition.within_days:
        limits.append(f"c.created_at >= {_time(at - dt.timedelta(days=condition.within_days))}")
    if condition.since:
        limits.append(f"c.created_at >= {_time(_midnight(workspace, condition.since))}")
    if condition.before:
        limits.append(f"c.created_at < {_time(_midnight(workspace, condition.before))}")
    return f"({' and '.join(limits)})"


def _lately(days: int | None, at: dt.datetime) -> str:
    return f">= {_time(at - dt.timedelta(days=days))}" if days else "is not null"


def _midnight(workspace: Workspace, day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZoneInfo(workspace.zone))


def _time(moment: dt.datetime) -> str:
    return f"'{connection.ops.adapt_datetimefield_value(moment)}'"
