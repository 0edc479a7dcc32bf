"""Who a broadcast is for: the stored question, checked, and as SQL over contacts."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from tapline.broadcasts.models import Broadcast
from tapline.contacts.consent import textable_sql
from tapline.contacts.doings import DID, did_sql
from tapline.contacts.models import ContactImport, Tag
from tapline.contacts.questions import read_question, write_question
from tapline.contacts.segments import find_segment, question_of, segment_sql, segments_of
from tapline.errors import TaplineError
from tapline.providers.prices import TELLING_DIGITS, country_of
from tapline.workspaces.models import Workspace

# Ids stand in the statement itself; more than these belong under a tag.
MOST_IDS = 5_000

BY_PREFIX = """
-- How many of the audience may be texted, by the digits that tell a number's country.
select substr(c.phone, 1, %(digits)s), count(*)
from contacts_contact c
where c.workspace_id = %(workspace)s and {audience} and {textable}
group by 1
"""


class BadAudience(TaplineError):
    """The audience is not one that can be read."""


def read_audience(workspace: Workspace, audience: Mapping[str, Any]) -> dict[str, Any]:
    """Return `audience` as it is stored; raises `BadAudience`.

    One of `{"all": true}`, `{"segment": id}`, `{"tags": [names]}` (any of them),
    `{"imports": [ids]}`, `{"contacts": [ids]}`, `{"broadcast": id, "did": "tapped" | "not_tapped" |
    "failed" | "held_out"}` (those of an earlier broadcast who did so).
    """
    if "broadcast" in audience or "did" in audience:
        return _read_follow_up(workspace, audience)
    if len(audience) != 1:
        raise _unreadable(
            "It must say exactly one of all, segment, tags, imports, contacts and broadcast."
        )
    ((kind, value),) = audience.items()
    if kind == "segment" and type(value) is int:
        if not segments_of(workspace).filter(pk=value).exists():
            raise _unreadable("It names a segment that this workspace does not have.")
        return {"segment": value}
    if kind == "all" and value is True:
        return {"all": True}
    if kind not in ("tags", "imports", "contacts") or not isinstance(value, list) or not value:
        raise _unreadable(f"'{kind}' with {value!r:.60} is none of the known questions.")
    if len(value) > MOST_IDS:
        raise _unreadable(f"It lists {len(value):,} of them; {MOST_IDS:,} is the most.")
    expected = str if kind == "tags" else int
    if not all(type(item) is expected for item in value):
        raise _unreadable(f"'{kind}' lists {'names' if expected is str else 'ids'} only.")
    if kind == "tags":
        _tag_ids(workspace, value)
    if kind == "imports":
        _refuse_foreign_imports(workspace, value)
    return {kind: list(dict.fromkeys(value))}


def freeze_audience(workspace: Workspace, audience: Mapping[str, Any]) -> dict[str, Any]:
    """Return an audience as it is when its broadcast starts: a segment with the question that it
    asks now, and from which moment «within 30 days» counts; one that was frozen before as it is.
    Raises `BadAudience`."""
    if "question" in audience:
        return dict(audience)
    known = read_audience(workspace, audience)
    if "segment" not in known:
        return known
    segment = find_segment(workspace, known["segment"])
    question = write_question(question_of(segment))
    return {"segment": segment.pk, "question": question, "at": timezone.now().isoformat()}


def audience_sql(workspace: Workspace, audience: Mapping[str, Any]) -> str:
    """Return the audience as a condition on the contact alias `c`, without parameters."""
    if "question" in audience:
        at = dt.datetime.fromisoformat(audience["at"])
        return segment_sql(workspace, read_question(audience["question"]), at)
    known = read_audience(workspace, audience)
    if "segment" in known:
        return segment_sql(workspace, question_of(find_segment(workspace, known["segment"])))
    if "broadcast" in known:
        return did_sql(known["broadcast"], known["did"])
    ((kind, value),) = known.items()
    if kind == "all":
        return "true"
    if kind == "contacts":
        return f"c.id in ({_listed(value)})"
    if kind == "imports":
        return f"c.imported_by_id in ({_listed(value)})"
    return (
        "exists (select 1 from contacts_tag_contacts tagged where tagged.contact_id = c.id"
        f" and tagged.tag_id in ({_listed(_tag_ids(workspace, value))}))"
    )


def count_by_country(broadcast: Broadcast) -> Counter[str]:
    """Return how many of the audience may be texted, by country; "?" where nobody knows. About a
    second for a million contacts."""
    counts = Counter[str]()
    with connection.cursor() as cursor:
        values = {"workspace": broadcast.workspace_id, "digits": TELLING_DIGITS}
        cursor.execute(_over(broadcast, BY_PREFIX), values)
        for prefix, count in cursor.fetchall():
            counts[country_of(prefix) or "?"] += count
    return counts


def _over(broadcast: Broadcast, statement: str) -> str:
    return statement.format(
        audience=audience_sql(broadcast.workspace, broadcast.audience),
        textable=textable_sql(broadcast.workspace, broadcast.purpose),
    )


def _read_follow_up(workspace: Workspace, audience: Mapping[str, Any]) -> dict[str, Any]:
    earlier, did = audience.get("broadcast"), audience.get("did")
    is_known = type(earlier) is int and isinstance(did, str) and did in DID
    if len(audience) != 2 or earlier is None or not is_known:
        raise _unreadable(f"An earlier broadcast is named by its id and one of {', '.join(DID)}.")
    if not Broadcast.objects.filter(workspace=workspace, pk=earlier).exists():
        raise _unreadable("It names a broadcast that this workspace does not have.")
    return {"broadcast": earlier, "did": did}


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(str(int(number)) for number in ids)


def _tag_ids(workspace: Workspace, names: Sequence[str]) -> list[int]:
    found = dict(Tag.objects.filter(workspace=workspace, name__in=names).values_list("name", "id"))
    missing = [name for name in names if name not in found]
    if missing:
        raise BadAudience(
            f"There is no tag '{missing[0]}' in this workspace.",
            why="An audience is made of tags that contacts carry.",
            do="Check the spelling, or tag the contacts first.",
        )
    return list(found.values())


def _refuse_foreign_imports(workspace: Workspace, ids: Sequence[int]) -> None:
    found = ContactImport.objects.filter(workspace=workspace, id__in=ids).count()
    if found != len(set(ids)):
        raise _unreadable("It names an import that this workspace does not have.")


def _unreadable(why: str) -> BadAudience:
    return BadAudience(
        "The audience cannot be read.",
        why=why,
        do='Write {"all": true}, {"segment": 7}, {"tags": ["vip"]}, {"imports": [3]},'
        ' {"contacts": [1, 2]} or {"broadcast": 3, "did": "not_tapped"}.',
    )
