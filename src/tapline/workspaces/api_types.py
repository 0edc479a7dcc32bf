"""What every feature's API shares: how bodies, answers and lists are shaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from ninja import Query, Schema
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tapline.errors import NotFound

MAX_PER_PAGE = 1_000

Item = TypeVar("Item")
Row = TypeVar("Row", bound=Model)


class Payload(BaseModel):
    """What a caller sends. A field that does not exist is refused: it is mostly a typing error."""

    model_config = ConfigDict(extra="forbid")


class Answer(Schema):
    """What a caller receives."""


class Page(Answer, Generic[Item]):
    """A part of a list, oldest first. Send `next_cursor` as `cursor` for what follows."""

    items: list[Item]
    next_cursor: int | None = Field(description="null: this is the end.")


def _refuse_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("The NUL character cannot be stored or sent.")
    return text


# Text of a caller. JSON can carry NUL, which PostgreSQL cannot store and phones cannot show.
Text = Annotated[str, AfterValidator(_refuse_nul)]
Name = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_refuse_nul)]
Word = Annotated[str, Field(max_length=120), AfterValidator(_refuse_nul)]

Cursor = Annotated[int, Query(0, ge=0, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(100, ge=1, le=MAX_PER_PAGE, description="Items per page.")]


def page_of(
    rows: QuerySet[Row], cursor: int, limit: int, write: Callable[[Iterable[Row]], list[Any]]
) -> dict[str, Any]:
    """Return one page of `rows` by ascending id, after `cursor`, each written by `write`."""
    found = list(rows.filter(pk__gt=cursor).order_by("pk")[: limit + 1])
    shown = found[:limit]
    return {
        "items": write(shown),
        "next_cursor": shown[-1].pk if len(found) > limit else None,
    }


def found_or_404(row: Item | None, kind: str) -> Item:
    """Return `row`; raises `NotFound` where there is none in the caller's workspace."""
    if row is None:
        raise NotFound(
            f"There is no such {kind}.",
            why="Nothing with this id belongs to the workspace of your key.",
            do=f"Look at the list of {kind}s, or use the key of the right workspace.",
        )
    return row
