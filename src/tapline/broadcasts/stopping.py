"""How an opt-out stops what still waits for that number, in the opt-out's own transaction."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from tapline.contacts.phones import hash_phone
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import descendant_ids

STOP_WAITING = """
-- Messages to this number that have not left, from the scope and below, for the stopped purposes.
-- A leased one is included: the statement that submits it looks at the state again. The one
-- confirmation of an opt-out is not: it is what they are owed.
update broadcasts_message set state = 'cancelled', error_code = 'opted_out', leased_by = ''
where state in ('pending', 'leased')
  and (contact_id in (
      select c.id from contacts_contact c where c.phone_hash = %(hash)s and c.phone = %(phone)s)
    or (contact_id is null and phone <> '' and phone = %(phone)s))
  and workspace_id in ({workspaces})
  and exists (
    select 1 from broadcasts_broadcast b join contacts_suppression stop
      on stop.phone_hash = %(hash)s and stop.scope_id = %(scope)s and stop.lifted_at is null
        and stop.purpose in ('', b.purpose)
    where b.id = broadcasts_message.broadcast_id and b.kind <> 'notices')
"""


def stop_waiting(phone: str, scope: Workspace, at: dt.datetime) -> None:
    """Cancel what waits for `phone` (E.164) in `scope` and below. `contacts.consent` calls this
    after it wrote the suppression; `at` is when the person said so."""
    workspaces = ", ".join(map(str, descendant_ids(scope)))
    with connection.cursor() as cursor:
        cursor.execute(
            STOP_WAITING.format(workspaces=workspaces),
            {"hash": hash_phone(phone), "phone": phone, "scope": scope.pk},
        )
