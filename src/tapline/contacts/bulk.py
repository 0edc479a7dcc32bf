"""What is done to several contacts at once: tagged, given a role, written into a file.

Contacts are named by their ids, or by the filter of the list. Each chunk is one short turn of the
database's writer; a change is written down once, with how many it was about.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from tapline.cells import harmless
from tapline.contacts.fields import known_fields
from tapline.contacts.listing import Filter, every_id
from tapline.contacts.models import Contact, Tag
from tapline.contacts.roles import ContactRole
from tapline.contacts.textable import textable_sql
from tapline.contacts.upserting import BadContact, refuse_bad_tag
from tapline.errors import TaplineError
from tapline.turns import Turns
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

CHUNK = 2_000
EXPORTED_AT_ONCE = 500
# More are waited for too long on a page; a segment or an import does it.
MOST_AT_ONCE = 50_000
COLUMNS = ("phone", "language", "zone", "tags", "may_get_marketing", "added_at")

TAG = """
-- Tags those of a chunk who do not carry the tag yet; only contacts of the workspace.
insert into contacts_tag_contacts (tag_id, contact_id)
select %(tag)s, c.id from json_each(%(ids)s) wanted cross join contacts_contact c
  on c.id = wanted.value
where c.workspace_id = %(workspace)s
on conflict (tag_id, contact_id) do nothing
"""

UNTAG = """
-- Takes the tag off those of a chunk who carry it; the tag is the workspace's own.
delete from contacts_tag_contacts
where tag_id = (select id from contacts_tag where id = %(tag)s and workspace_id = %(workspace)s)
  and contact_id in (select value from json_each(%(ids)s))
"""

SET_ROLE = """
-- Gives those of a chunk another role; only contacts of the workspace, and whom it changes.
update contacts_contact set is_staff = %(is_staff)s, is_canary = %(is_canary)s
where id in (select value from json_each(%(ids)s)) and workspace_id = %(workspace)s
  and (is_staff <> %(is_staff)s or is_canary <> %(is_canary)s)
"""

EXPORTED = """
-- What the file says of some contacts, the newest first.
select c.phone, c.language, c.zone, c.attributes, c.created_at,
  (select group_concat(tag.name, ', ') from contacts_tag_contacts tagged
   join contacts_tag tag on tag.id = tagged.tag_id where tagged.contact_id = c.id),
  {textable}
from json_each(%(ids)s) wanted cross join contacts_contact c on c.id = wanted.value
where c.workspace_id = %(workspace)s
order by c.id desc
"""


class TooMany(TaplineError):
    """More contacts are meant than can be changed at once."""


def chosen(workspace: Workspace, ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield those of `ids` that are contacts of the workspace, in chunks."""
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        rows = Contact.objects.in_workspace(workspace).filter(pk__in=chunk)
        yield list(rows.order_by("-pk").values_list("pk", flat=True))


def found(workspace: Workspace, wanted: Filter) -> Iterator[list[int]]:
    """Yield everybody whom the list's filter lets through, in chunks."""
    return every_id(workspace, wanted, CHUNK)


def add_tag(workspace: Workspace, ids: Iterable[list[int]], name: str, *, actor: str) -> int:
    """Tag contacts, making the tag where there is none; return how many carry it newly.

    Raises `BadContact` for what cannot be a tag, and `TooMany`.
    """
    refuse_bad_tag(name := name.strip())
    if not (chunks := _few(ids)):
        return 0
    tag, _is_new = Tag.objects.get_or_create(workspace=workspace, name=name)
    changed = _in_turns(TAG, chunks, {"workspace": workspace.pk, "tag": tag.pk})
    told = {"name": name, "contacts": changed}
    record(workspace, actor, "tag.added", tag, after=told)
    return changed


def take_tag_off(workspace: Workspace, ids: Iterable[list[int]], name: str, *, actor: str) -> int:
    """Take a tag off contacts; return how many carried it. Raises `BadContact` and `TooMany`."""
    tag = Tag.objects.filter(workspace=workspace, name=name.strip()).first()
    if tag is None:
        raise BadContact(
            _("There is no tag '%(name)s'.") % {"name": name[:80]},
            why=_("Nobody of this workspace carries it."),
            do=_("Choose one of the tags that there are."),
        )
    changed = _in_turns(UNTAG, _few(ids), {"workspace": workspace.pk, "tag": tag.pk})
    told = {"name": tag.name, "contacts": changed}
    record(workspace, actor, "tag.removed", tag, before=told)
    return changed


def set_role(
    workspace: Workspace, ids: Iterable[list[int]], role: ContactRole, *, actor: str
) -> int:
    """Give contacts a role, as `roles.change_role` does for one; return how many changed."""
    values = {
        "workspace": workspace.pk,
        "is_staff": role == ContactRole.STAFF,
        "is_canary": role == ContactRole.CANARY,
    }
    changed = _in_turns(SET_ROLE, _few(ids), values)
    told = {"role": role, "contacts": changed}
    record(workspace, actor, "contact.roles_changed", workspace, after=told)
    return changed


def export_csv(workspace: Workspace, ids: Iterable[list[int]], *, actor: str) -> Iterator[bytes]:
    """Yield a CSV file of contacts, piece by piece; no cell of it is a formula.

    That somebody took it is written down before the first piece, and at its end how many rows.
    """
    record(workspace, actor, "contacts.exported", workspace)
    names = [name for name in known_fields(workspace) if name not in COLUMNS]
    statement = EXPORTED.format(textable=textable_sql(workspace, "marketing"))
    yield b"\xef\xbb\xbf" + _written([[*COLUMNS[:1], *names, *COLUMNS[1:]]])  # for Excel
    count = 0
    for chunk in ids:
        for start in range(0, len(chunk), EXPORTED_AT_ONCE):
            some = json.dumps(chunk[start : start + EXPORTED_AT_ONCE])
            with connection.cursor() as cursor:
                cursor.execute(statement, {"workspace": workspace.pk, "ids": some})
                rows = cursor.fetchall()
            count += len(rows)
            yield _written(_cells(row, names) for row in rows)
    record(workspace, actor, "contacts.export_ended", workspace, after={"rows": count})


def _cells(row: Sequence[object], names: Sequence[str]) -> list[str]:
    phone, language, zone, attributes, added_at, tags, textable = row
    known = json.loads(str(attributes))
    told = [str(known.get(name, "")) for name in names]
    may = "yes" if textable else "no"
    return [str(phone), *told, str(language), str(zone), str(tags or ""), may, str(added_at)[:19]]


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([harmless(cell) for cell in row] for row in rows)
    return file.getvalue().encode()


def _in_turns(statement: str, ids: Iterable[list[int]], values: Mapping[str, Any]) -> int:
    turns, changed = Turns(), 0
    for chunk in ids:
        with turns.take(), connection.cursor() as cursor:
            cursor.execute(statement, {**values, "ids": json.dumps(chunk)})
            changed += cursor.rowcount
    return changed


def _few(ids: Iterable[list[int]]) -> list[list[int]]:
    """Return the chunks that hold anybody, or raise `TooMany` before anything changes."""
    chunks, count = [], 0
    for chunk in filter(None, ids):
        chunks.append(chunk)
        count += len(chunk)
        if count > MOST_AT_ONCE:
            raise TooMany(
                _("More than %(most)s contacts are meant.") % {"most": f"{MOST_AT_ONCE:,}"},
                why=_("So many are not changed from a page."),
                do=_("Narrow the filter, or use a segment: it needs no tags."),
            )
    return chunks
