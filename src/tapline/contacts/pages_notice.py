"""The page «What we keep about recipients»: for the workspace, and published for recipients."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_safe

from tapline import config
from tapline.contacts import notice
from tapline.contacts.models import Notice
from tapline.contacts.notice import NoNotice
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need


@inside(Need.PEOPLE)
def show(visit: Visit) -> HttpResponse:
    """Show what is kept and for how long, and whether recipients may read it."""
    current = Notice.objects.filter(workspace=visit.workspace).first()
    context = {
        "room": "contacts",
        "statements": notice.statements(visit.workspace),
        "notice": current,
        "address": f"{config.current().web_url}/privacy/{current.token}" if current else "",
    }
    return visit.render("contacts/notice.html", context)


@inside(Need.MANAGE, "POST")
def publish(visit: Visit) -> HttpResponse:
    """Publish it, or change whom it says to ask."""
    notice.publish(visit.workspace, contact=visit.form("contact"), actor=visit.actor)
    return redirect("contacts:notice", visit.workspace.pk)


@inside(Need.MANAGE, "POST")
def withdraw(visit: Visit) -> HttpResponse:
    """Take it back."""
    notice.withdraw(visit.workspace, actor=visit.actor)
    return redirect("contacts:notice", visit.workspace.pk)


@require_safe
def read(request: HttpRequest, token: str) -> HttpResponse:
    """Show a published page to whoever has its address: no sign-in, no cookie."""
    try:
        found = notice.published(token)
    except NoNotice as error:
        return render(request, "contacts/public_notice.html", {"error": error}, status=404)
    with translation.override(found.workspace.language):
        context = {"notice": found, "statements": notice.statements(found.workspace)}
        return render(request, "contacts/public_notice.html", context)
