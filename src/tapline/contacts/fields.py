"""Which attributes a workspace's contacts have: what merge fields can be filled with."""

from __future__ import annotations

from django.db import connection

from tapline.workspaces.models import Workspace

MOST = 60

KNOWN = """
-- The names of what some of the workspace's contacts have, not of all: they mostly have the same.
select known.key from (
  select attributes from contacts_contact where workspace_id = %s limit 300
) some, json_each(some.attributes) known
group by 1 order by count(*) desc, 1 limit %s
"""


def known_fields(workspace: Workspace) -> list[str]:
    """Return names of attributes, those that most contacts have first; at most `MOST`."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [workspace.pk, MOST])
        return [name for (name,) in cursor.fetchall() if name.isidentifier()]
