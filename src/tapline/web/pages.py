"""Where people begin, and how the instance is doing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from tapline.clicks.models import ClickFile, LogSegment
from tapline.instance.models import Instance
from tapline.links.models import Domain
from tapline.web.edge_health import ask_edge, ask_what_was_in_vain
from tapline.web.visits import Visit, inside
from tapline.welcome.steps import is_new
from tapline.workspaces.access import Need
from tapline.workspaces.members import workspaces_of
from tapline.workspaces.models import User, Workspace


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Lead people to their workspace, or to the list of them, or to signing in."""
    if not isinstance(request.user, User):
        return redirect("workspaces:sign-in")
    seen = workspaces_of(request.user)
    real = [(workspace, access) for workspace, access in seen if not workspace.sample]
    if len(real) == 1 and is_new(real[0][0]) and real[0][1].manages:
        return redirect("welcome:set-up", real[0][0].pk)
    seen = real or seen
    own = [workspace for workspace, access in seen if access.sees_people]
    if len(own) == 1 or len(seen) == 1:
        return redirect("web:home", (own or [seen[0][0]])[0].pk)
    return redirect("workspaces:list")


@inside(Need.MANAGE)
def show_health(visit: Visit) -> HttpResponse:
    """Show how edge, click log and ingest are doing, on the whole instance."""
    context = {
        "room": "health",
        "edge": ask_edge(),
        "ingest": _ingest_health(),
        "in_vain": _asked_in_vain(visit.workspace),
        "key_exported_at": Instance.objects.values_list("key_exported_at", flat=True).first(),
    }
    return visit.render("web/health.html", context)


@require_safe
def answer_health(request: HttpRequest) -> HttpResponse:
    """Say to load balancers that this process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return JsonResponse({"status": "ok"})


def _asked_in_vain(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the latest requests that led nowhere on hosts of `workspace`, newest first; hosts that
    nobody has proved concern whoever runs the instance, hence no workspace below another."""
    proved = Domain.objects.filter(workspace=workspace, proved_at__isnull=False)
    hosts = set(proved.values_list("host", flat=True))
    return [
        each | {"at": dt.datetime.fromtimestamp(each["time_s"], dt.UTC)}
        for each in ask_what_was_in_vain()
        if each["host"] in hosts
        or (each["reason"] == "unknown_host" and workspace.parent_id is None)
    ]


def _ingest_health() -> dict[str, Any]:
    segments = LogSegment.objects.aggregate(
        waiting=Count("id", filter=Q(finished_at=None)), bad_lines=Sum("bad_lines")
    )
    files = ClickFile.objects.filter(delisted_at=None).aggregate(
        files=Count("id"), rows=Sum("rows"), size_bytes=Sum("size_bytes")
    )
    return {name: value or 0 for name, value in {**segments, **files}.items()}
