"""Who may be texted: the one condition that every statement choosing recipients carries.

An answer has a condition of its own. Its person wrote to us, which is why it may go; consent to
broadcasts neither helps nor hinders it, and an opt-out after what they wrote forbids it.
"""

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


def answerable_sql(workspace: Workspace, *, message: str = "m") -> str:
    """Return a condition on the message alias `message`: may this answer leave at `%(now)s`?

    True before the answer expires, unless its person opted out of all or of service texts since
    they last wrote. The confirmation of an opt-out is the other way round: it may go while the
    opt-out is in force, in the minutes before it expires. The tables of conversations stand
    further right and are known here by name, so that this file alone says who gets what.
    """
    stop = f"""
      from contacts_suppression stop
      where stop.phone_hash = thread.phone_hash and stop.scope_id in ({_scopes(workspace)})
        and stop.lifted_at is null"""
    return f"""exists (
    select 1 from replies_answer answer join replies_thread thread on thread.id = answer.thread_id
    where answer.message_id = {message}.id and answer.expires_at > %(now)s
      and case when answer.kind = 'confirmation'
        then exists (select 1 {stop} and stop.purpose = '')
        else not exists (select 1 {stop} and stop.purpose in ('', 'service')
          and coalesce(stop.at >= thread.last_wrote_at, true)) end)"""


# Inlined rather than bound, to fit into any statement; so both must be proved harmless here.


def _scopes(workspace: Workspace) -> str:
    return ", ".join(str(int(scope)) for scope in workspace.ancestor_ids)


def _known(purpose: str) -> str:
    if purpose not in _PURPOSES:
        raise ValueError(f"no such purpose: {purpose!r}")
    return purpose
