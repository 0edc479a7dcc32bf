"""Whether somebody was texted enough lately: the cap that a workspace sets on marketing texts.

Counted over all broadcasts and single texts of the contact's workspace, by the statements that
pick recipients and that lease, so that two broadcasts at once do not both slip through.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from tapline.broadcasts.bulk import in_database
from tapline.broadcasts.models import Broadcast
from tapline.contacts.models import Purpose
from tapline.hours.deciding import policy_of

# The join is fixed: SQLite, knowing no sizes, would walk over all messages of each broadcast.
TOO_OFTEN = """(
    -- Texts that left since, by the index alone but for their broadcast; and those just leaving.
    select count(*) from broadcasts_message had
    cross join broadcasts_broadcast of_it on of_it.id = had.broadcast_id
    where had.contact_id = {contact} and had.submitted_at > %(cap_since)s
      and had.state not in ('failed', 'cancelled') and of_it.purpose = 'marketing'
  ) + (
    select count(*) from broadcasts_message had
    cross join broadcasts_broadcast of_it on of_it.id = had.broadcast_id
    where had.contact_id = {contact} and had.submitted_at is null and had.state = 'leased'
      and of_it.purpose = 'marketing'
  ) >= {most}"""


def too_often_sql(broadcast: Broadcast, contact: str) -> str:
    """Return a condition, with the parameter `cap_since`: has the contact had enough texts?

    `contact` is an expression for its id. False where no cap is set, and for service texts.
    """
    most = policy_of(broadcast.workspace).most_texts
    if not most or broadcast.purpose != Purpose.MARKETING:
        return "false"
    return f"({TOO_OFTEN.format(contact=contact, most=int(most))})"


def cap_since(broadcast: Broadcast, now: dt.datetime) -> Any:
    """Return since when texts count, as the database stores times."""
    return in_database(now - dt.timedelta(days=policy_of(broadcast.workspace).cap_days))
