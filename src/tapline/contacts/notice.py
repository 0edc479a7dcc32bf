"""What recipients may read about what is kept of them, made from the list and the settings.

A workspace may publish it under an address that nobody can guess, and withdraw it at any time.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tapline import config
from tapline.clicks.listing import tells_of_people
from tapline.contacts import keeping
from tapline.contacts.keeping import Kept
from tapline.contacts.models import Notice
from tapline.contacts.retention import days_kept
from tapline.errors import NotFound
from tapline.workspaces import audit
from tapline.workspaces.counting import OnlyCounted, only_counted
from tapline.workspaces.models import Workspace

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

# Kinds that somebody who is only counted is in none of.
OF_TAPS = ("clicks", "tap_places")


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that is kept, and for how long, in words for the person it is about."""

    what: _StrOrPromise
    how_long: _StrOrPromise


class NoNotice(NotFound):
    """The page was never published, or was withdrawn."""


def statements(workspace: Workspace) -> list[Statement]:
    """Return everything that is kept about a recipient of a workspace."""
    counted = only_counted(workspace)
    kinds = keeping.kinds()
    if counted.is_everybody and not tells_of_people(workspace.pk):
        kinds = [kind for kind in kinds if kind.name not in OF_TAPS]
    kept = [Statement(kind.words, _how_long(kind)) for kind in kinds]
    days = config.current().clicklog_keep_days
    log = Statement(_("The address that your phone had on the internet"), _days(days))
    return [*kept, log, *_totals(counted)]


def _totals(counted: OnlyCounted) -> list[Statement]:
    """Return what is kept of those who are only counted: totals, from now on."""
    if not counted.countries:
        return []
    what = _("How often a link that many people got is opened, and not that it was you")
    if not counted.is_everybody:
        what = _("%(what)s: if your number begins with %(prefixes)s") % {
            "what": what,
            "prefixes": ", ".join(counted.prefixes),
        }
    return [Statement(what, _("for good: it is a total, in texts that we send you from now on"))]


def publish(workspace: Workspace, *, contact: str, actor: str) -> Notice:
    """Publish the page, or change whom it says to ask; its address stays while it is published."""
    with transaction.atomic():
        notice, is_new = Notice.objects.update_or_create(
            workspace=workspace,
            defaults={"contact": contact[:255]},
            create_defaults={"contact": contact[:255], "token": secrets.token_urlsafe(16)},
        )
        action = "notice.published" if is_new else "notice.changed"
        audit.record(workspace, actor, action, notice, after={"contact": notice.contact})
    return notice


def withdraw(workspace: Workspace, *, actor: str) -> None:
    """Withdraw the page: its address leads nowhere any more, also when it is published again."""
    with transaction.atomic():
        for notice in Notice.objects.filter(workspace=workspace):
            audit.record(workspace, actor, "notice.withdrawn", notice)
            notice.delete()


def published(token: str) -> Notice:
    """Return the notice behind an address; raises `NoNotice`."""
    notice = Notice.objects.select_related("workspace").filter(token=token).first()
    if notice is None:
        raise NoNotice(
            _("This page is not published."),
            why=_("It never was, or it was withdrawn."),
            do=_("Ask whoever sent you the address."),
        )
    return notice


def _how_long(kind: Kept) -> _StrOrPromise:
    if kind.kept_for:
        return kind.kept_for
    days = days_kept(kind.retention) if kind.retention else 0
    return _days(days) if days else _("until you ask us to erase it")


def _days(days: int) -> str:
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
