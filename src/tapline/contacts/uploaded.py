"""How an uploaded file is imported: by the worker, one at a time, watched from its page.

An import waits in the database until a worker leases it. While it reads and writes, the worker
writes down how far it is, which also renews the lease. One whose worker died is begun again when
its lease ran out: chunks that are in come in once more without doubling anything, and are counted
alike. What the file itself makes impossible ends it, in words; so does dying three times.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from tapline.contacts.importing import COUNTS, ImportOptions, ImportReport, import_file, understand
from tapline.contacts.models import ContactImport, ImportState
from tapline.contacts.uploads import find_upload, own_name, refused_file
from tapline.errors import Conflict, TaplineError
from tapline.workspaces import audit
from tapline.workspaces.models import Workspace

logger = logging.getLogger(__name__)

# Renewed with every word on how far it is; a chunk takes a fraction of a second.
LEASE_SECONDS = 60
TOLD_EVERY_SECONDS = 0.5
MOST_ATTEMPTS = 3


class BrokeOff(TaplineError):
    """The worker died again and again while it imported this file."""


class _LeaseLost(Exception):
    """Another worker has this import: this one slept for too long."""


def ask_for(workspace: Workspace, name: str, options: ImportOptions) -> ContactImport:
    """Return an import of an uploaded file, waiting for a worker; asked for twice it is one.

    Raises `NotFound` for a file that is gone, and what `understand` raises.
    """
    understand(workspace, find_upload(workspace, name), options)
    with transaction.atomic():
        same = ContactImport.objects.filter(workspace=workspace, upload=name, is_trial=False)
        asked = same.exclude(state=ImportState.FAILED).first()
        if asked is not None and not options.dry_run:
            return asked
        made = ContactImport.objects.create(
            workspace=workspace,
            file_name=own_name(name),
            upload=name,
            state=ImportState.WAITING,
            is_trial=options.dry_run,
            options=msgspec.to_builtins(options),
        )
        if not options.dry_run:  # A trial writes nothing.
            after = {"file": made.file_name}
            audit.record(workspace, options.by, "contacts.imported", made, after=after)
    return made


def options_of(asked: ContactImport) -> ImportOptions:
    """Return what the importer said about the file."""
    return msgspec.convert(asked.options, ImportOptions)


def ask_again(failed: ContactImport) -> ContactImport:
    """Let a failed import wait for a worker once more. Raises `NotFound` without its file, and
    `Conflict` for one that did not fail."""
    find_upload(failed.workspace, failed.upload)
    changed = ContactImport.objects.filter(pk=failed.pk, state=ImportState.FAILED).update(
        state=ImportState.WAITING, attempts=0, failure={}, finished_at=None
    )
    if not changed:
        raise Conflict(
            f"«{failed.file_name}» is being imported, or was.",
            why="Only an import that failed can be begun again.",
            do="Look at it again: somebody may have been faster.",
        )
    failed.refresh_from_db()
    return failed


def import_next() -> bool:
    """Do the import that has waited longest, to its end; say whether there was one."""
    owner = secrets.token_hex(8)
    leased = _lease(owner)
    if leased is None:
        return False
    if leased.attempts > MOST_ATTEMPTS:
        _fail(leased, _died_too_often(leased))
        return True
    try:
        _run(leased, owner)
    except _LeaseLost:
        logger.warning("import %s went on in another worker", leased.pk)
    except TaplineError as error:
        _fail(leased, error)
    return True


def _lease(owner: str) -> ContactImport | None:
    now = timezone.now()
    free = Q(state=ImportState.WAITING) | Q(state=ImportState.RUNNING, leased_until__lt=now)
    under_way = ContactImport.objects.filter(state__in=[ImportState.WAITING, ImportState.RUNNING])
    if not under_way.filter(free).exists():  # Asked first: two looks a second take no writer.
        return None
    with transaction.atomic():
        found = under_way.filter(free).order_by("id").select_for_update().first()
        if found is None:
            return None
        ContactImport.objects.filter(pk=found.pk).update(
            state=ImportState.RUNNING,
            leased_by=owner,
            leased_until=now + dt.timedelta(seconds=LEASE_SECONDS),
            attempts=F("attempts") + 1,
        )
    return ContactImport.objects.select_related("workspace").get(pk=found.pk)


def _run(leased: ContactImport, owner: str) -> None:
    path = find_upload(leased.workspace, leased.upload)
    options = replace(options_of(leased), bad_rows_file=refused_file(leased))
    _, sheet, _ = understand(leased.workspace, path, options)
    _note(leased, owner, rows_in_file=sheet.count_rows(), **dict.fromkeys(COUNTS, 0))
    teller = _Teller(leased, owner)
    report = import_file(leased.workspace, path, options, teller.tell, leased)
    _note(
        leased,
        owner,
        state=ImportState.DONE,
        finished_at=timezone.now(),
        mapping=report.columns,
        **_counts(report),
    )
    if not leased.is_trial:
        path.unlink(missing_ok=True)
    if not report.refused:
        refused_file(leased).unlink(missing_ok=True)


@dataclass(slots=True)
class _Teller:
    """Writes down how far an import is, now and then; raises `_LeaseLost`."""

    leased: ContactImport
    owner: str
    monotonic: Callable[[], float] = time.monotonic
    _told_at: float = field(default=0.0)

    def tell(self, report: ImportReport) -> None:
        if self.monotonic() - self._told_at >= TOLD_EVERY_SECONDS:
            _note(self.leased, self.owner, **_counts(report))
            self._told_at = self.monotonic()


def _counts(report: ImportReport) -> dict[str, int]:
    return {name: getattr(report, name) for name in COUNTS}


def _note(leased: ContactImport, owner: str, **values: Any) -> None:
    """Write `values` down and renew the lease; raises `_LeaseLost`."""
    until = timezone.now() + dt.timedelta(seconds=LEASE_SECONDS)
    mine = ContactImport.objects.filter(pk=leased.pk, leased_by=owner, state=ImportState.RUNNING)
    if not mine.update(leased_until=until, **values):
        raise _LeaseLost


def _fail(leased: ContactImport, error: TaplineError) -> None:
    ContactImport.objects.filter(pk=leased.pk, state=ImportState.RUNNING).update(
        state=ImportState.FAILED,
        finished_at=timezone.now(),
        failure={"what": error.what, "why": error.why, "do": error.do},
    )


def _died_too_often(leased: ContactImport) -> BrokeOff:
    return BrokeOff(
        f"«{leased.file_name}» could not be imported.",
        why=f"The worker broke off {MOST_ATTEMPTS} times while it did it.",
        do="Look at the log of `tapline up`, and try it again; nothing comes in twice.",
    )
