"""How an opt-out stops what still waits for that number, in the opt-out's own transaction."""

from __future__ import annotations

from collections.abc import Sequence

from tapline.broadcasts.bulk import run_bulk
from tapline.contacts.phones import hash_phone
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import descendant_ids

STOP_WAITING = """
-- Messages to these numbers that have not left, from the scope and below, for the stopped purposes.
-- A leased one is included: the statement that submits it looks at the state again. The one
-- confirmation of an opt-out is not: it is what they are owed.
with gone as (select value ->> 0 as phone, value ->> 1 as hash from json_each(%(rows)s)),
theirs as (
  select m.id, m.broadcast_id, m.workspace_id, gone.hash
  from gone cross join contacts_contact c on c.phone = gone.phone and c.phone_hash = gone.hash
  cross join broadcasts_message m on m.contact_id = c.id
  where m.state in ('pending', 'leased')
  union all
  -- Texts to people who are no contacts. Worded as the index is that holds these alone; by the
  -- index of contacts every such text would be looked at.
  select m.id, m.broadcast_id, m.workspace_id, gone.hash
  from gone cross join broadcasts_message m indexed by message_without_contact
    on m.phone = gone.phone
  where m.contact_id is null and not (m.phone = '') and m.state in ('pending', 'leased'))
update broadcasts_message set state = 'cancelled', error_code = 'opted_out', leased_by = ''
where id in (
  select theirs.id from theirs
  join broadcasts_broadcast b on b.id = theirs.broadcast_id
  join contacts_suppression stop on stop.phone_hash = theirs.hash and stop.scope_id = %(scope)s
    and stop.lifted_at is null and stop.purpose in ('', b.purpose)
  where theirs.workspace_id in ({workspaces}) and b.kind <> 'notices')
"""


def stop_waiting(phones: Sequence[str], scope: Workspace) -> None:
    """Cancel what waits for `phones` (E.164) in `scope` and below. `contacts.consent` calls this
    after it wrote the suppressions."""
    workspaces = ", ".join(map(str, descendant_ids(scope)))
    run_bulk(
        STOP_WAITING.format(workspaces=workspaces),
        [(phone, hash_phone(phone)) for phone in phones],
        {"scope": scope.pk},
    )
