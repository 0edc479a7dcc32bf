"""What is kept about people: the one list, to which every feature adds what it keeps of them.

A feature that stores a number, a text or anything else of a person describes it as a `Kept` and
registers it in its AppConfig.ready. Finding, exporting, erasing, restoring, retention and the page
that tells recipients what is kept go through this list and know no table but by it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection

from tapline.contacts.models import Contact
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import descendant_ids

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

# One chunk of retention holds the writer for a few ms, so that others never wait for it.
ROWS_PER_CHUNK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A phone number within a workspace and those below it."""

    workspace: Workspace
    workspace_ids: Sequence[int]  # the workspace and those below it
    phone: str
    contact_ids: Sequence[int]

    @property
    def params(self) -> dict[str, str]:
        """The person as parameters of SQL: lists are JSON, for `json_each`."""
        return {
            "phone": self.phone,
            "contacts": json.dumps(list(self.contact_ids)),
            "workspaces": json.dumps(list(self.workspace_ids)),
        }

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows that `sql`, which names `params`, finds."""
        with connection.cursor() as cursor:
            cursor.execute(sql, self.params)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def change(self, sql: str, **more: Any) -> int:
        """Run a statement that names `params` and `more`; return how many rows it changed."""
        with connection.cursor() as cursor:
            cursor.execute(sql, {**self.params, **more})
            return int(cursor.rowcount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """What retention is about: whatever is from before a moment."""

    before: datetime

    @property
    def params(self) -> dict[str, Any]:
        """The same as parameters of SQL."""
        return {"before": connection.ops.adapt_datetimefield_value(self.before)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How old things of a kind go. What counts stays, as with erasing."""

    setting: str  # field of `tapline.config.Config` with the days; 0 keeps them
    count: Callable[[Old], int]  # how many would go now
    # Forgets one bounded piece, safe to kill and to repeat, and says how many; 0: none is left.
    forget: Callable[[Old], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One kind of thing that is kept about people, and all that can be done with it."""

    name: str  # the key in exports, like "messages"
    words: _StrOrPromise  # for recipients: «The texts that we sent you, and your number»
    # Returns everything of a person as plain values, for exports; its length is the count.
    find: Callable[[Person], list[dict[str, Any]]]
    # Erases inside the one transaction, by set, and says how many rows changed. What the worker
    # does afterwards (files) is only asked for here, and counts 0. Totals stay.
    erase: Callable[[Person], int]
    # Follows an erasure to where its transaction does not reach: files, stores of other programs.
    # The worker calls it some seconds later, again after a failure or a crash.
    follow: Callable[[Person], object] | None = None
    # All distinct numbers (E.164) that this kind holds: after a restore, people who were erased
    # since the backup are found among them by hash. None: its rows are found by other kinds' keys.
    numbers: Callable[[], Iterable[str]] | None = None
    retention: Retention | None = None
    # For recipients, where nobody sets it: «for a day». Empty: as `retention` says, else until
    # the person is erased.
    kept_for: _StrOrPromise = ""
    # Where it lies: tables of the control database, and files and folders of the data folder. Tests
    # go through all there are, so that none is forgotten.
    tables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    # Kept on purpose after erasing, as opt-outs are: alone it does not make somebody known.
    stays: bool = False


_KEPT: dict[str, Kept] = {}


def register(*kinds: Kept) -> None:
    """Add kinds to the list, in their AppConfig.ready; one that is there already is replaced.

    People are erased from the last kind to the first, so that a kind may look at what it hangs on
    (a personal link at its message, a message at its contact) before that goes.
    """
    for kind in kinds:
        _KEPT[kind.name] = kind


def kinds() -> list[Kept]:
    """Return every kind of thing that is kept about people, in the order of registration."""
    return list(_KEPT.values())


def person(workspace: Workspace, phone: str, *, with_below: bool = True) -> Person:
    """Return the person with an E.164 number in `workspace` and below, known or not; or in this
    workspace alone, for somebody who may not see the people below."""
    below = descendant_ids(workspace) if with_below else [workspace.pk]
    contacts = Contact.objects.filter(workspace__in=below, phone=phone).order_by("id")
    return Person(
        workspace=workspace,
        workspace_ids=below,
        phone=phone,
        contact_ids=list(contacts.values_list("id", flat=True)),
    )
