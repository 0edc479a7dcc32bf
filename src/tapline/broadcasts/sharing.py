"""Links that show one report to whoever holds them, without signing in; they can be withdrawn.

A link's token is random and stands in no table: only its hash does, so that nobody who reads the
database or a backup can open a report by it. Who was shown what is in the audit log.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tapline.broadcasts.models import Broadcast, ReportShare
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace
from tapline.workspaces.restored import BY_RESTORE

TOKEN_BYTES = 24


def share_report(
    broadcast: Broadcast, *, expires_at: dt.datetime | None = None, actor: str
) -> tuple[ReportShare, str]:
    """Return a new share and its token, which nobody can show again."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        share = ReportShare.objects.create(
            broadcast=broadcast, token_hash=_hash(token), created_by=actor, expires_at=expires_at
        )
        told = {"broadcast": broadcast.pk, "expires_at": _text(expires_at)}
        record(broadcast.workspace, actor, "report.shared", share, after=told)
    return share, token


def withdraw_share(share: ReportShare, *, actor: str) -> None:
    """Let the link open nothing any more; doing it twice changes nothing."""
    with transaction.atomic():
        now = timezone.now()
        open_ones = ReportShare.objects.filter(pk=share.pk, withdrawn_at=None)
        if open_ones.update(withdrawn_at=now):
            workspace = share.broadcast.workspace
            after = {"broadcast": share.broadcast_id, "withdrawn_at": _text(now)}
            record(workspace, actor, "report.withdrawn", share, after=after)


def open_share_again(share: ReportShare, *, actor: str) -> None:
    """Open a link that a restore closed; doing it twice changes nothing."""
    with transaction.atomic():
        if _alive(timezone.now()).filter(pk=share.pk, held_at__isnull=False).update(held_at=None):
            after = {"broadcast": share.broadcast_id}
            record(share.broadcast.workspace, actor, "report.opened", share, after=after)


def close_shares(now: dt.datetime) -> int:
    """Hold every link after a restore, since it may have been withdrawn; return how many."""
    held = list(_open_ones(now).select_related("broadcast__workspace"))
    ReportShare.objects.filter(pk__in=[share.pk for share in held]).update(held_at=now)
    for share in held:
        after = {"broadcast": share.broadcast_id}
        record(share.broadcast.workspace, BY_RESTORE, "report.held", share, after=after)
    return len(held)


def shares_of(broadcast: Broadcast) -> QuerySet[ReportShare]:
    """Return the links of a report that open it now, newest first."""
    return _open_ones(timezone.now()).filter(broadcast=broadcast).order_by("-id")


def held_shares_of(broadcast: Broadcast) -> QuerySet[ReportShare]:
    """Return the links of a report that a restore closed, newest first."""
    held = _alive(timezone.now()).filter(broadcast=broadcast, held_at__isnull=False)
    return held.order_by("-id")


def held_shares_in(workspace: Workspace) -> QuerySet[ReportShare]:
    """Return the links of all reports of a workspace that a restore closed."""
    found = _alive(timezone.now()).filter(broadcast__workspace=workspace)
    return found.filter(held_at__isnull=False).order_by("broadcast_id", "id")


def shared_report(token: str) -> Broadcast | None:
    """Return the broadcast whose report `token` opens; None where it opens nothing any more."""
    found = _open_ones(timezone.now()).select_related("broadcast__workspace")
    share = found.filter(token_hash=_hash(token)).first()
    return share.broadcast if share else None


def _open_ones(now: dt.datetime) -> QuerySet[ReportShare]:
    return _alive(now).filter(held_at=None)


def _alive(now: dt.datetime) -> QuerySet[ReportShare]:
    """Return what neither its end nor anybody's word has closed."""
    in_time = Q(expires_at=None) | Q(expires_at__gt=now)
    return ReportShare.objects.filter(in_time, withdrawn_at=None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _text(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
