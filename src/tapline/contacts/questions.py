"""What a segment asks: a typed question about contacts, in groups of conditions. Pure.

As JSON, one condition in one group:
`{"match": "all", "groups": [{"match": "any", "conditions": [{"kind": "tag", "name": "vip"}]}]}`.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tapline.errors import TaplineError

MOST_GROUPS, MOST_CONDITIONS = 10, 30

_WITHOUT_NUL = r"^[^\x00]*\Z"
Words = Annotated[str, Meta(min_length=1, max_length=500, pattern=_WITHOUT_NUL)]
FieldName = Annotated[str, Meta(max_length=60, pattern=r"^[^\W\d]\w*\Z")]
Id = Annotated[int, Meta(ge=1, le=2**53)]
Days = Annotated[int, Meta(ge=1, le=3650)]
Match = Literal["all", "any"]
# What `Attribute.test` may be, and those of them that need no value.
Test = Literal[
    "is", "is_not", "contains", "begins_with", "at_least", "at_most", "is_known", "is_unknown"
]
WITHOUT_VALUE = ("is_known", "is_unknown")


class BadSegment(TaplineError):
    """The segment asks what cannot be asked."""


class Condition(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """One thing that is true of a contact, or not."""


class Attribute(Condition, tag="attribute", frozen=True):
    """Something that is known of them, by its merge field. Capital letters make no difference."""

    name: FieldName
    test: Test = "is"
    value: Annotated[str, Meta(max_length=500, pattern=_WITHOUT_NUL)] = ""


class Tagged(Condition, tag="tag", frozen=True):
    """They carry a tag."""

    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=_WITHOUT_NUL)]
    holds: bool = True


class Language(Condition, tag="language", frozen=True):
    """They are written to in a language; `es` includes `es-MX`."""

    code: Annotated[str, Meta(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z", max_length=12)]
    holds: bool = True


class LivesIn(Condition, tag="place", frozen=True):
    """They live in a country (`DE`) or in a state of the US or Canada (`US-FL`), as far as is
    known: by their address, else by where they last tapped, else by their number."""

    code: Annotated[str, Meta(pattern=r"^[A-Z]{2}(-[A-Z]{2})?\Z")]
    holds: bool = True


class Consented(Condition, tag="consent", frozen=True):
    """What they said to texts of a purpose: `agreed` may be texted now."""

    purpose: Literal["marketing", "service"] = "marketing"
    answer: Literal["agreed", "not_agreed", "opted_out"] = "agreed"


class Added(Condition, tag="added", frozen=True):
    """When they became known: days go by the workspace's clock."""

    within_days: Days | None = None
    since: dt.date | None = None
    before: dt.date | None = None


class Imported(Condition, tag="import", frozen=True):
    """The newest file that named them is this one."""

    id: Id
    holds: bool = True


class Received(Condition, tag="broadcast", frozen=True):
    """What they did with the text of one broadcast."""

    id: Id
    did: Literal["got", "not_got", "tapped", "not_tapped", "failed", "held_out"] = "tapped"


class Tapped(Condition, tag="tapped", frozen=True):
    """They tapped for the first time in a text: any, or one of a campaign; ever, or lately."""

    within_days: Days | None = None
    campaign: Id | None = None
    holds: bool = True


class Replied(Condition, tag="replied", frozen=True):
    """They wrote to us, ever or lately."""

    within_days: Days | None = None
    holds: bool = True


AnyCondition = (
    Attribute
    | Tagged
    | Language
    | LivesIn
    | Consented
    | Added
    | Imported
    | Received
    | Tapped
    | Replied
)


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Conditions of which all, or any one, must be true."""

    match: Match = "all"
    conditions: Annotated[tuple[AnyCondition, ...], Meta(max_length=MOST_CONDITIONS)] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Groups of which all, or any one, must be true. Without conditions it asks for everybody."""

    match: Match = "all"
    groups: Annotated[tuple[Group, ...], Meta(max_length=MOST_GROUPS)] = ()

    @property
    def conditions(self) -> tuple[AnyCondition, ...]:
        """All conditions, whatever group they stand in."""
        return tuple(each for group in self.groups for each in group.conditions)


def read_question(raw: Any) -> Question:
    """Return a question from its JSON values; raises `BadSegment`."""
    try:
        question = msgspec.convert(raw, Question)
    except msgspec.ValidationError as error:
        raise BadSegment(
            "The segment cannot be read.",
            why=f"{error}.",
            do="Write its question as docs/contacts.md shows it, or use the editor of segments.",
        ) from error
    for condition in question.conditions:
        _refuse_incomplete(condition)
    return question


def write_question(question: Question) -> dict[str, Any]:
    """Return a question as JSON values; `read_question` takes them back."""
    values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(question))
    return values


def _refuse_incomplete(condition: AnyCondition) -> None:
    match condition:
        case Attribute(test="at_least" | "at_most", value=value) if not _is_number(value):
            raise _incomplete(f"'{value}' is no number, and the condition compares numbers.")
        case Attribute(test=test, value="") if test not in WITHOUT_VALUE:
            raise _incomplete(f"A condition on '{condition.name}' has nothing to compare with.")
        case Added(within_days=None, since=None, before=None):
            raise _incomplete("A condition on when they were added names no time.")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _incomplete(why: str) -> BadSegment:
    return BadSegment("The segment cannot be read.", why=why, do="Complete it, or take it out.")
