"""What other rooms' pages show of conversations: `{% load replies %}`."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tapline.contacts.models import Contact
from tapline.replies.models import Thread
from tapline.replies.threads import COUNTED_TO, Waiting, count_waiting
from tapline.replies.threads import is_urgent as _is_urgent
from tapline.workspaces.models import Workspace

register = template.Library()


@register.simple_tag
def replies_waiting(workspace: Workspace) -> Waiting:
    """Return what the workspace's conversations wait for."""
    return count_waiting(workspace)


@register.simple_tag
def thread_of(contact: Contact) -> Thread | None:
    """Return a contact's conversation with its workspace, if there is one."""
    return Thread.objects.filter(workspace=contact.workspace_id, phone=contact.phone).first()


@register.filter
def at_most(number: int) -> str:
    """Return a count that ended early as «99+»."""
    return str(number) if number < COUNTED_TO else f"{COUNTED_TO - 1}+"


@register.filter
def caller(thread: Thread) -> str:
    """Return whom a conversation is with: their name, else their number."""
    known = thread.contact.attributes if thread.contact else {}
    name = f"{known.get('first_name', '')} {known.get('last_name', '')}".strip()
    return name or thread.phone or _("number withheld")


@register.filter
def is_urgent(until: dt.datetime | None) -> bool:
    """Say whether a decision's clock has run down to its last days."""
    return _is_urgent(until, timezone.now())


@register.filter
def time_left(until: dt.datetime | None) -> str:
    """Return how long there is until a moment: «6 days left», «3 h left», «overdue»."""
    seconds = (until - timezone.now()).total_seconds() if until else 0
    if seconds <= 0:
        return _("overdue")
    if seconds < 86400:
        return _("%(count)d h left") % {"count": seconds // 3600}
    days = int(seconds // 86400)
    return ngettext("%(count)d day left", "%(count)d days left", days) % {"count": days}
