"""Who may be texted: the one condition that every statement choosing recipients carries."""

from __future__ import annotations

from tapline.workspaces.models import Workspace

_PURPOSES = {"marketing", "service"}


def textable_sql(workspace: Workspace, purpose: str, *, contact: str = "c") -> str:
    """Return a condition on the contact alias `contact`: may `workspace` text it for `purpose`?

    True when the contact's newest answer given to the workspace or one above it is yes, and no
    suppression of its number is in force there. Holds no parameters, so that it fits into any
    statement, and runs on SQLite and PostgreSQL. Both parts are answered from indexes alone.
    """
    scopes = _scopes(workspace)
    return f"""(
  (select newest.given from contacts_consent newest
   where newest.contact_id = {contact}.id and newest.purpose = '{_known(purpose)}'
     and newest.scope_id in ({scopes})
   order by newest.at desc, newest.id desc limit 1)
  and not {suppressed_sql(workspace, purpose, contact=contact)})"""


def suppressed_sql(workspace: Workspace, purpose: str, *, contact: str = "c") -> str:
    """Return a condition on the contact alias `contact`: is its number suppressed there?"""
    return f"""exists (
    select 1 from contacts_suppression stop
    where stop.phone_hash = {contact}.phone_hash and stop.scope_id in ({_scopes(workspace)})
      and stop.purpose in ('', '{_known(purpose)}') and stop.lifted_at is null)"""


# Inlined rather than bound, to fit into any statement; so both must be proved harmless here.


def _scopes(workspace: Workspace) -> str:
    return ", ".join(str(int(scope)) for scope in workspace.ancestor_ids)


def _known(purpose: str) -> str:
    if purpose not in _PURPOSES:
        raise ValueError(f"no such purpose: {purpose!r}")
    return purpose
