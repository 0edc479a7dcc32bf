"""Who of an audience gets a text, and why the others get none: what preparing and counting share.

Both are conditions on the contact alias `c`, without parameters but `%(cap_since)s`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from django.db import connection

from tapline.broadcasts.audience import audience_sql, freeze_audience
from tapline.broadcasts.capping import too_often_sql
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.wordings import Wordings, language_sql
from tapline.contacts.consent import textable_sql
from tapline.contacts.textable import suppressed_sql
from tapline.hours.clues import place_sql
from tapline.workspaces.counting import only_counted
from tapline.workspaces.models import Workspace

GETS_IT = "{textable} and {complete} and {linkable} and not {too_often}"

# Null for those who get it. (`not textable` would not do: it is null for who was never asked.)
REASON = """case
    when {textable} then case when not {complete} then 'missing_field'
      when not {linkable} then 'personal_link'
      when {too_often} then 'too_often' end
    when {suppressed} then 'opted_out'
    else 'no_consent' end"""

# A workspace of up to so many contacts is looked through at once; a larger one piece by piece.
LOOKED_THROUGH_AT_ONCE = 10_000

# All contacts of a workspace, and those in a range of ids. The plus sign keeps SQLite from walking
# over all of the workspace's instead.
ALL = "c.workspace_id = %(workspace)s"
CHUNK = "c.id > %(after)s and c.id <= %(end)s and +c.workspace_id = %(workspace)s"

IS_LARGE = """
-- Has a workspace more contacts than that? By the index alone, and no further than it must.
select exists (select 1 from contacts_contact where workspace_id = %s limit 1 offset %s)
"""

_FIELD_NAME = re.compile(r"[^\W\d]\w*")


def conditions(broadcast: Broadcast, wordings: Wordings) -> Mapping[str, str]:
    """Return what the statements about a broadcast's audience are made of, by name."""
    counted = only_counted(broadcast.workspace).sql("c.phone")
    return {
        "only_counted": counted,
        # A link that is made for one person would say who tapped it.
        "linkable": f"not {counted}" if wordings.has_personal else "true",
        "audience": audience_sql(broadcast.workspace, broadcast.audience),
        "textable": textable_sql(broadcast.workspace, broadcast.purpose),
        "complete": _complete_sql(wordings),
        "suppressed": suppressed_sql(broadcast.workspace, broadcast.purpose),
        "place": place_sql("c"),
        "too_often": too_often_sql(broadcast, "c.id"),
    }


def _complete_sql(wordings: Wordings) -> str:
    """Return a condition: the contact has what its text needs, in its own language."""
    if not wordings.languages:
        return complete_sql(wordings.needed)
    cases = " ".join(
        f"when {variant} then {complete_sql(wordings.needed_by(variant))}"
        for variant in range(len(wordings.templates))
    )
    return f"(case {language_sql(wordings)} {cases} end)"


def complete_sql(needed: frozenset[str]) -> str:
    """Return a condition on the contact alias `c`: it has every needed attribute, and not empty."""
    tests = [
        f"trim(coalesce({attribute_sql(name)}, ''), char(9, 10, 13, 32)) <> ''"
        for name in sorted(needed)
    ]
    return f"({' and '.join(tests) or 'true'})"


def attribute_sql(name: str) -> str:
    """Return one attribute of the contact alias `c`; null where it has none."""
    if not _FIELD_NAME.fullmatch(name):  # It stands in the statement itself.
        raise ValueError(f"no name of an attribute: {name!r}")
    return f"json_extract(c.attributes, '$.\"{name}\"')"


def is_large(workspace: Workspace) -> bool:
    """Say whether a workspace has too many contacts to look through all of them at once."""
    with connection.cursor() as cursor:
        cursor.execute(IS_LARGE, [workspace.pk, LOOKED_THROUGH_AT_ONCE])
        return bool(cursor.fetchone()[0])


def question_key(broadcast: Broadcast, wordings: Wordings, about_text: str = "") -> str:
    """Return what tells the question who gets a text, and what is asked about it, from all others
    of the workspace."""
    who = freeze_audience(broadcast.workspace, broadcast.audience) | {"at": ""}
    asked = [
        who,
        broadcast.purpose,
        [sorted(wordings.needed_by(n)) for n in range(len(wordings.templates))],
        wordings.languages,
        wordings.has_personal,
        about_text,
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
