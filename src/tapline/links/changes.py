"""In which order edges hear of changes."""

from __future__ import annotations

from django.db import connection, transaction

# The upsert makes the row where there is none, and locks it until the transaction commits.
TAKE_NEXT_CHANGE = """
-- Take the next number of a change that edges must hear of.
insert into links_changecounter (id, value) values (1, 1)
on conflict (id) do update set value = links_changecounter.value + 1
returning value
"""


def next_change() -> int:
    """Return the number for rows written in the current transaction; it must be open.

    The counter stays locked until that transaction ends, so changes become visible in the order
    of their numbers, and an edge that has seen number n has missed none below it.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("next_change() needs a transaction")
    with connection.cursor() as cursor:
        cursor.execute(TAKE_NEXT_CHANGE)
        (number,) = cursor.fetchone()
    return int(number)
