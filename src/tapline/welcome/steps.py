"""The way from a new workspace to the first broadcast: each step ticks itself off by facts."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from tapline.broadcasts.models import Broadcast
from tapline.clicks.models import FileContent
from tapline.contacts.models import Contact
from tapline.links.domains import usable_domains
from tapline.links.hosts import is_local
from tapline.providers.senders import sender_of
from tapline.workspaces.access import Access
from tapline.workspaces.models import AuditEntry, Workspace
from tapline.workspaces.tree import FIRST_WORKSPACE_NAME

# What the audit says of what was done here.
SET_UP, TRIED = "workspace.set_up", "sample.made"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is, where it is done, and whether it is."""

    words: str
    url: str
    is_done: bool


def steps(workspace: Workspace, access: Access) -> list[Step]:
    """Return the steps that somebody with `access` can take, in their order; empty once all are
    done, and where there are none: for who only looks, and in sample data."""
    if workspace.sample or not access.edits:
        return []
    found = _all(workspace) if access.manages else _for_editors(workspace)
    return [] if all(step.is_done for step in found) else found


def is_new(workspace: Workspace) -> bool:
    """Say whether nobody has set the workspace up, or used it, yet."""
    return (
        workspace.name == FIRST_WORKSPACE_NAME
        and not AuditEntry.objects.filter(workspace=workspace, action=SET_UP).exists()
        and not Broadcast.objects.filter(workspace=workspace).exists()
        and not Contact.objects.in_workspace(workspace).exists()
    )


def _all(workspace: Workspace) -> list[Step]:
    def at(name: str) -> str:
        return reverse(name, args=[workspace.pk])

    has_domain = any(not is_local(each.host) for each in usable_domains(workspace))
    return [
        Step(_("Name your workspace"), at("welcome:set-up"), not is_new(workspace)),
        Step(
            _("See a tap come in, with sample data"), at("welcome:try"), _has_seen_taps(workspace)
        ),
        Step(_("Connect a provider"), at("providers:list"), _has_provider(workspace)),
        Step(_("Add the domain that your links show"), at("links:domains"), has_domain),
        *_for_editors(workspace),
    ]


def _for_editors(workspace: Workspace) -> list[Step]:
    contacts = Contact.objects.in_workspace(workspace).filter(is_staff=False)
    sent = Broadcast.objects.filter(workspace=workspace, started_at__isnull=False, is_test=False)
    return [
        Step(
            _("Bring in contacts"),
            reverse("contacts:upload", args=[workspace.pk]),
            contacts.exists(),
        ),
        Step(
            _("Send your first broadcast"),
            reverse("broadcasts:new", args=[workspace.pk]),
            sent.exists(),
        ),
    ]


def _has_seen_taps(workspace: Workspace) -> bool:
    tried = AuditEntry.objects.filter(workspace=workspace, action=TRIED).exists()
    if tried and not Workspace.objects.exclude(sample="").exists():
        return True  # The sample shop has been and gone.
    samples = Workspace.objects.exclude(sample="").values_list("pk", flat=True)
    held = FileContent.objects.filter(workspace_id__in=[workspace.pk, *samples])
    return held.filter(file__delisted_at__isnull=True).exists()


def _has_provider(workspace: Workspace) -> bool:
    return sender_of(workspace).provider != "simulator"
