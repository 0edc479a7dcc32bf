"""How the replica's file loses what was erased: LMDB itself never overwrites what it lets go.

It writes a change beside what it replaces, gives pages out again later, and copies a page without
cleaning its gap. So unused pages are overwritten, every page is copied once, and what that freed is
overwritten again: in small steps, between which the replica serves and changes as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import lmdb

# Keys of rows that only overwrite pages: they sort after all others, and nobody looks for them.
FILLER = b"~"
PAGE_HEADER_BYTES = 16
# Some 8 MB a step, so that changes wait a fraction of a second.
PAGES_PER_STEP = 2_000
ROWS_PER_STEP = 10_000
# A page is given out again two transactions after it was freed, the longest free ones first.
ROUNDS = 4


def scrub_steps(env: lmdb.Environment) -> Iterator[None]:
    """Do the work step by step; what the replica held before the first step is gone after the
    last. Raises `lmdb.MapFullError`."""
    yield from _overwrite_unused(env)
    yield from _copy_every_page(env)
    yield from _overwrite_unused(env)


def _overwrite_unused(env: lmdb.Environment) -> Iterator[None]:
    pages = _unused_pages(env)
    # A value of this length fills a page of its own, header apart. Smaller ones leave gaps, and
    # into a gap LMDB writes whatever lay in the memory that it takes for the page.
    value = bytes(int(env.stat()["psize"]) - PAGE_HEADER_BYTES)
    steps = [PAGES_PER_STEP] * (pages // PAGES_PER_STEP) + [pages % PAGES_PER_STEP]
    for step in steps * ROUNDS:
        keys = [FILLER + b"%08d" % number for number in range(step)]
        with env.begin(write=True) as txn:
            txn.cursor().putmulti([(key, value) for key in keys])
        with env.begin(write=True) as txn:
            for key in keys:
                txn.delete(key)
        yield


def _copy_every_page(env: lmdb.Environment) -> Iterator[None]:
    """Write every row as it is: its page is copied for that, without what lay in the gap."""
    key = b"\0"
    while True:
        with env.begin(write=True) as txn:
            cursor = txn.cursor()
            if not cursor.set_range(key):
                return
            rows = list(islice(cursor, ROWS_PER_STEP))
            cursor.putmulti(rows)
        key = rows[-1][0] + b"\0"
        yield


def _unused_pages(env: lmdb.Environment) -> int:
    """Return a few more pages than are unused."""
    with env.begin() as txn:
        stat = txn.stat(env.open_db(txn=txn))
    used = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
    return max(0, int(env.info()["last_pgno"]) - int(used)) + 1
