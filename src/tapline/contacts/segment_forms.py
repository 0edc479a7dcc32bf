"""How a segment's question stands in a form, as rows of fields, and is read back from it.

The editor shows one row per condition. Its fields are named `g<group>.c<row>.<field>`, so that the
form works without script: every change of its rows is a post that comes back with other rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tapline.contacts.questions import (
    MOST_CONDITIONS,
    MOST_GROUPS,
    WITHOUT_VALUE,
    BadSegment,
    Question,
    read_question,
    write_question,
)
from tapline.digits import whole_number

Choices = Sequence[tuple[str, "str | Promise"]]

HOLDS_TAG = (("yes", gettext_lazy("carry the tag")), ("no", gettext_lazy("do not carry the tag")))
HOLDS_IS = (("yes", gettext_lazy("is")), ("no", gettext_lazy("is not")))
HOLDS_PLACE = (("yes", gettext_lazy("live in")), ("no", gettext_lazy("do not live in")))
HOLDS_TAP = (("yes", gettext_lazy("tapped")), ("no", gettext_lazy("did not tap")))
HOLDS_REPLY = (("yes", gettext_lazy("replied")), ("no", gettext_lazy("did not reply")))
HOLDS_FILE = (("yes", gettext_lazy("came with")), ("no", gettext_lazy("did not come with")))
TESTS = (
    ("is", gettext_lazy("is")),
    ("is_not", gettext_lazy("is not")),
    ("contains", gettext_lazy("contains")),
    ("begins_with", gettext_lazy("begins with")),
    ("at_least", gettext_lazy("is at least (number)")),
    ("at_most", gettext_lazy("is at most (number)")),
    ("is_known", gettext_lazy("is known")),
    ("is_unknown", gettext_lazy("is not known")),
)
DID = (
    ("tapped", gettext_lazy("tapped")),
    ("not_tapped", gettext_lazy("got it and did not tap")),
    ("got", gettext_lazy("got it")),
    ("not_got", gettext_lazy("did not get it")),
    ("failed", gettext_lazy("their text failed")),
    ("held_out", gettext_lazy("got nothing on purpose")),
)
PURPOSES = (
    ("marketing", gettext_lazy("marketing texts")),
    ("service", gettext_lazy("service texts")),
)
ANSWERS = (
    ("agreed", gettext_lazy("may be texted")),
    ("not_agreed", gettext_lazy("may not be texted")),
    ("opted_out", gettext_lazy("opted out")),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a row. `source` names choices that the workspace has."""

    name: str
    words: Promise
    control: str = "text"  # text, select, number, date
    choices: Choices = ()
    source: str = ""  # of its choices, or of what is offered while somebody types
    is_needed: bool = True
    hint: Promise | str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row: what the menu calls it, and its fields."""

    words: Promise
    fields: tuple[Field, ...]
    condition: str  # the kind of condition that it stands for


def _holds(choices: Choices) -> Field:
    return Field("holds", gettext_lazy("Whether"), "select", choices)


_CAMPAIGN = Field(
    "campaign", gettext_lazy("In texts of"), "select", source="campaigns", is_needed=False
)
_DAYS = Field(
    "within_days",
    gettext_lazy("Within days"),
    "number",
    is_needed=False,
    hint=gettext_lazy("ever"),
)


KINDS: dict[str, Kind] = {
    "attribute": Kind(
        gettext_lazy("Something known of them"),
        (
            Field("name", gettext_lazy("Field"), source="fields"),
            Field("test", gettext_lazy("Comparison"), "select", TESTS),
            Field("value", gettext_lazy("Value"), is_needed=False),
        ),
        "attribute",
    ),
    "tag": Kind(
        gettext_lazy("Tag"),
        (_holds(HOLDS_TAG), Field("name", gettext_lazy("Tag"), source="tags")),
        "tag",
    ),
    "language": Kind(
        gettext_lazy("Language"),
        (_holds(HOLDS_IS), Field("code", gettext_lazy("Language, such as es"), source="languages")),
        "language",
    ),
    "place": Kind(
        gettext_lazy("Place"),
        (_holds(HOLDS_PLACE), Field("code", gettext_lazy("Place"), "select", source="places")),
        "place",
    ),
    "consent": Kind(
        gettext_lazy("Consent"),
        (
            Field("answer", gettext_lazy("Answer"), "select", ANSWERS),
            Field("purpose", gettext_lazy("For"), "select", PURPOSES),
        ),
        "consent",
    ),
    "added_days": Kind(
        gettext_lazy("Added lately"),
        (Field("within_days", gettext_lazy("Within days"), "number"),),
        "added",
    ),
    "added": Kind(
        gettext_lazy("Added between two days"),
        (
            Field("since", gettext_lazy("On or after"), "date", is_needed=False),
            Field("before", gettext_lazy("Before"), "date", is_needed=False),
        ),
        "added",
    ),
    "import": Kind(
        gettext_lazy("Imported file"),
        (_holds(HOLDS_FILE), Field("id", gettext_lazy("File"), "select", source="imports")),
        "import",
    ),
    "broadcast": Kind(
        gettext_lazy("What they did with a broadcast"),
        (
            Field("id", gettext_lazy("Broadcast"), "select", source="broadcasts"),
            Field("did", gettext_lazy("They"), "select", DID),
        ),
        "broadcast",
    ),
    "tapped": Kind(
        gettext_lazy("Taps"),
        (
            _holds(HOLDS_TAP),
            _CAMPAIGN,
            _DAYS,
        ),
        "tapped",
    ),
    "replied": Kind(
        gettext_lazy("Replies"),
        (
            _holds(HOLDS_REPLY),
            _DAYS,
        ),
        "replied",
    ),
}
NUMBERS = ("id", "campaign", "within_days")


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as the form shows it: what was typed, whether it is whole or not."""

    kind: str
    values: Mapping[str, str]

    @property
    def words(self) -> Promise:
        return KINDS[self.kind].words

    @property
    def fields(self) -> tuple[Field, ...]:
        return KINDS[self.kind].fields

    def shown(self, sources: Mapping[str, Choices]) -> list[tuple[Field, str, Choices]]:
        """Return each field with what was typed into it and what it offers."""
        return [
            (each, self.values.get(each.name, ""), each.choices or sources.get(each.source, ()))
            for each in self.fields
        ]


@dataclass(frozen=True, slots=True)
class Block:
    """One group as the form shows it."""

    match: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A whole question as the form shows it."""

    match: str
    blocks: tuple[Block, ...]


def form_of(question: Question) -> Form:
    """Return a stored question as rows; an empty one has one group without rows."""
    raw = write_question(question)
    blocks = [
        Block(group["match"], tuple(map(_row, group["conditions"]))) for group in raw["groups"]
    ]
    return Form(raw["match"], tuple(blocks) or (Block("all", ()),))


def posted_form(post: Mapping[str, str]) -> Form:
    """Return the rows as they were posted, and as the pressed button (`step`) changes them."""
    blocks = []
    for number in range(MOST_GROUPS):
        if f"g{number}.match" in post:
            rows = tuple(_posted_rows(post, f"g{number}"))
            blocks.append(Block(_one_of(post[f"g{number}.match"]), rows))
    form = Form(_one_of(post.get("match", "")), tuple(blocks) or (Block("all", ()),))
    return _changed(form, post)


def shown_blocks(form: Form, sources: Mapping[str, Choices]) -> list[dict[str, Any]]:
    """Return the form's groups for the template: each row with its fields and their choices."""
    return [
        {
            "match": block.match,
            "rows": [
                {"kind": row.kind, "words": row.words, "fields": row.shown(sources)}
                for row in block.rows
            ],
        }
        for block in form.blocks
    ]


def question_of_form(form: Form) -> Question:
    """Return the question that the rows ask; raises `BadSegment` for one that is not filled in."""
    groups = [
        {"match": block.match, "conditions": [_condition(row) for row in block.rows]}
        for block in form.blocks
    ]
    return read_question({"match": form.match, "groups": groups})


def _row(condition: Mapping[str, Any]) -> Row:
    kind = str(condition["kind"])
    if kind == "added" and condition.get("within_days"):
        kind = "added_days"
    values = {name: _typed(value) for name, value in condition.items() if value is not None}
    return Row(kind, values)


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _posted_rows(post: Mapping[str, str], group: str) -> list[Row]:
    rows = []
    for number in range(MOST_CONDITIONS):
        at = f"{group}.c{number}"
        kind = KINDS.get(post.get(f"{at}.kind", ""))
        if kind is not None:
            values = {each.name: post.get(f"{at}.{each.name}", "").strip() for each in kind.fields}
            rows.append(Row(post[f"{at}.kind"], values))
    return rows


def _changed(form: Form, post: Mapping[str, str]) -> Form:
    """Return the form after the pressed button: `add:0`, `remove:0:2`, `group`."""
    step, *at = post.get("step", "").split(":")
    numbers = [number for each in at if (number := whole_number(each)) is not None]
    blocks = list(form.blocks)
    if step == "group" and len(blocks) < MOST_GROUPS:
        blocks.append(Block("all", ()))
    elif step == "add" and numbers and numbers[0] < len(blocks):
        blocks[numbers[0]] = _with_row(blocks[numbers[0]], post.get(f"g{numbers[0]}.new", ""))
    elif step == "remove" and len(numbers) == 2 and numbers[0] < len(blocks):
        block = blocks[numbers[0]]
        rows = tuple(row for at, row in enumerate(block.rows) if at != numbers[1])
        blocks[numbers[0]] = Block(block.match, rows)
        blocks = [each for each in blocks if each.rows] or [Block("all", ())]
    return Form(form.match, tuple(blocks))


def _with_row(block: Block, kind: str) -> Block:
    if kind not in KINDS or len(block.rows) >= MOST_CONDITIONS:
        return block
    return Block(block.match, (*block.rows, Row(kind, {})))


def _condition(row: Row) -> dict[str, Any]:
    for field in row.fields:
        value = row.values.get(field.name, "")
        if field.is_needed and not value and not field.choices:
            raise _incomplete(row, field)
        if field.name in NUMBERS and value and not (value.isascii() and value.isdigit()):
            raise _incomplete(row, field)
    needs_value = row.kind == "attribute" and row.values.get("test") not in WITHOUT_VALUE
    if needs_value and not row.values.get("value"):
        raise _incomplete(row, row.fields[2])
    if row.kind == "added" and not any(row.values.values()):
        raise _incomplete(row, row.fields[0])
    return {"kind": KINDS[row.kind].condition} | {
        name: _plain(name, value) for name, value in row.values.items() if value
    }


def _plain(name: str, value: str) -> Any:
    if name == "holds":
        return value == "yes"
    return int(value) if name in NUMBERS else value


def _one_of(match: str) -> str:
    return "any" if match == "any" else "all"


def _incomplete(row: Row, field: Field) -> BadSegment:
    return BadSegment(
        _("A condition is not filled in."),
        why=_("«%(kind)s» needs «%(field)s».") % {"kind": row.words, "field": field.words},
        do=_("Fill it in, or remove the condition."),
    )
