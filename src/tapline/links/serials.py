"""How serials are handed out: once, in a short transaction of their own, and never again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.db.models import Sum

from tapline.codes.alphabet import MAX_LENGTH
from tapline.codes.capacity import capacity, fitting_length
from tapline.errors import TaplineError
from tapline.links.generations import cipher_of, newest_generation, older_generations
from tapline.links.models import Domain, KeyGeneration, SerialCounter

# Codes are compared with older generations' in pieces, so that memory stays flat.
COMPARED_AT_ONCE = 1 << 17

TAKE_SERIALS = """
-- Take `count` serials; the counter only grows, whatever becomes of the serials.
insert into links_serialcounter (generation_id, length, next_serial)
values (%(generation)s, %(length)s, %(count)s)
on conflict (generation_id, length)
do update set next_serial = links_serialcounter.next_serial + %(count)s
returning next_serial
"""


class NoCodesLeft(TaplineError):
    """The domain has handed out all that it safely can."""


@dataclass(frozen=True, slots=True)
class SerialRun:
    """Serials `first … first + count - 1` of one generation and length."""

    generation: KeyGeneration
    length: int
    first: int
    count: int


def take_serials(domain: Domain, count: int) -> list[SerialRun]:
    """Return runs of `count` serials in all, never handed out before, of the newest generation.

    A code that an older generation may have on phones is left out, so runs may have gaps. Must
    not be called inside a transaction: a rollback would hand the same serials out again. Raises
    `NoCodesLeft`.
    """
    runs: list[SerialRun] = []
    missing = count
    while missing > 0:
        fresh = list(_without_older_codes(_take(domain, missing)))
        runs += fresh
        missing -= sum(run.count for run in fresh)
    return runs


def _take(domain: Domain, count: int) -> SerialRun:
    with transaction.atomic(durable=True):
        generation = newest_generation(domain.pk)
        length = fitting_length(handed_out(domain), count, domain.code_length)
        if length is None:
            raise _no_codes_left(domain, count)
        values = {"generation": generation.pk, "length": length, "count": count}
        with connection.cursor() as cursor:
            cursor.execute(TAKE_SERIALS, values)
            (next_serial,) = cursor.fetchone()
    return SerialRun(generation, length, int(next_serial) - count, count)


def handed_out(domain: Domain) -> dict[int, int]:
    """Return length → serials handed out, all generations together."""
    counters = SerialCounter.objects.filter(generation__domain=domain)
    return dict(counters.values_list("length").annotate(Sum("next_serial")))


def _without_older_codes(run: SerialRun) -> Iterator[SerialRun]:
    """Yield `run` without the serials whose code an older generation may have handed out.

    That is one code in a million per older generation. What it may have handed out is all below
    the capacity, also where a restored database knows of less.
    """
    older = [cipher_of(each, run.length) for each in older_generations(run.generation)]
    if not older:
        yield run
        return
    newest, limit = cipher_of(run.generation, run.length), capacity(run.length)
    for start in range(run.first, run.first + run.count, COMPARED_AT_ONCE):
        end = min(start + COMPARED_AT_ONCE, run.first + run.count)
        codes = newest.encode_many(np.arange(start, end))
        taken = np.zeros(end - start, bool)
        for cipher in older:
            taken |= cipher.decode_many(codes) < limit
        yield from _gaps(run, start, end, np.flatnonzero(taken).tolist())


def _gaps(run: SerialRun, start: int, end: int, taken: list[int]) -> Iterator[SerialRun]:
    """Yield the runs that the offsets `taken` leave of the serials `start … end - 1`."""
    free_from = start
    for serial in [*(start + offset for offset in taken), end]:
        if serial > free_from:
            yield SerialRun(run.generation, run.length, free_from, serial - free_from)
        free_from = serial + 1


def _no_codes_left(domain: Domain, count: int) -> NoCodesLeft:
    return NoCodesLeft(
        f"{domain.host} cannot hand out {count:,} more codes.",
        why=f"Even codes of {MAX_LENGTH} characters would be guessed too easily.",
        do="Use another domain for new links.",
    )
