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


def shares_of(broadcast: Broadcast) -> QuerySet[ReportShare]:
    """Return the links of a report that open it now, newest first."""
    return _open_ones(timezone.now()).filter(broadcast=broadcast).order_by("-id")


def shared_report(token: str) -> Broadcast | None:
    """Return the broadcast whose report `token` opens; None where it opens nothing any more."""
    found = _open_ones(timezone.now()).select_related("broadcast__workspace")
    share = found.filter(token_hash=_hash(token)).first()
    return share.broadcast if share else None


def _open_ones(now: dt.datetime) -> QuerySet[ReportShare]:
    in_time = Q(expires_at=None) | Q(expires_at__gt=now)
    return ReportShare.objects.filter(in_time, withdrawn_at=None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _text(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
