"""The pages of the first minutes: sample data, and a tap with one's own phone."""

from __future__ import annotations

import segno
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from tapline.broadcasts.models import Message
from tapline.broadcasts.pages_contents import describe_tap
from tapline.clicks.newest import clicks_of_message, clicks_of_single_link
from tapline.errors import NotFound, TaplineError
from tapline.links.models import Link
from tapline.providers.senders import sender_of
from tapline.web.visits import Visit, inside
from tapline.welcome.own_phone import make_own_link, own_link, text_myself
from tapline.welcome.removing import ask_removal
from tapline.welcome.sample import find_sample, make_sample
from tapline.welcome.steps import TRIED
from tapline.workspaces import audit
from tapline.workspaces.access import Need
from tapline.workspaces.members import access_for
from tapline.workspaces.models import Sample, Workspace

MOST_TAPS = 3


class NoSample(NotFound):
    """This workspace holds no sample data."""


@inside(Need.MANAGE)
def show_try(visit: Visit) -> HttpResponse:
    """Offer sample data, or lead to it."""
    sample = find_sample()
    may_open = sample is not None and access_for(visit.user, sample) is not None
    context = {"room": "home", "sample": sample, "may_open": may_open}
    return visit.render("welcome/try.html", context)


@inside(Need.MANAGE, "POST")
def make(visit: Visit) -> HttpResponse:
    """Make the sample data, and go there."""
    made = make_sample(visit.user)
    audit.record(visit.workspace, visit.actor, TRIED, made)
    return redirect("welcome:phone", made.pk)


@inside(Need.MANAGE, "POST")
def remove(visit: Visit) -> HttpResponse:
    """Remove the sample data; the worker does it within a minute or two."""
    _refuse_real(visit.workspace)
    ask_removal(visit.workspace)
    messages.info(visit.request, _("The sample data is being removed: all of it is gone shortly."))
    return redirect("/")


@inside(Need.EDIT, "GET", "HEAD", "POST")
def show_phone(visit: Visit) -> HttpResponse:
    """Show a link for one's own phone; its POST makes one, or sends it as a real text."""
    if visit.workspace.sample:
        return _phone_in_sample(visit)
    if visit.request.method != "POST":
        return _text_page(visit)
    try:
        message = text_myself(visit.workspace, visit.form("phone"), visit.actor)
    except TaplineError as error:
        return _text_page(visit, error)
    return redirect("welcome:text", visit.workspace.pk, message.pk)


@inside(Need.EDIT)
def show_text(visit: Visit, message_id: int) -> HttpResponse:
    """Show what became of a text to one's own phone; renews itself."""
    message = get_object_or_404(Message, pk=message_id, workspace=visit.workspace)
    is_fragment = visit.wants_fragment
    context = {"room": "home", "message": message, "taps": _openings(message)}
    return visit.render("welcome/_text.html" if is_fragment else "welcome/text.html", context)


@inside(Need.EDIT)
def show_phone_taps(visit: Visit, link_id: int) -> HttpResponse:
    """Show, as a fragment, who tapped the link for one's own phone."""
    link = get_object_or_404(Link, pk=link_id, workspace=visit.workspace)
    return visit.render("welcome/_phone_taps.html", {"taps": _taps(visit, link.pk)})


def _phone_in_sample(visit: Visit) -> HttpResponse:
    if visit.request.method == "POST":
        make_own_link(visit.workspace)
        return redirect("welcome:phone", visit.workspace.pk)
    own = own_link(visit.workspace)
    context = {
        "room": "home",
        "own": own,
        "picture": _qr(own.url) if own else "",
        "taps": _taps(visit, own.link.pk) if own else [],
    }
    return visit.render("welcome/phone.html", context)


def _text_page(visit: Visit, error: TaplineError | None = None) -> HttpResponse:
    context = {
        "room": "home",
        "error": error,
        "has_provider": sender_of(visit.workspace).provider != "simulator",
        "phone": visit.form("phone"),
    }
    return visit.render("welcome/text_me.html", context, status=422 if error else 200)


def _openings(message: Message) -> list[str]:
    ids = (message.workspace_id, message.broadcast_id, message.pk)
    found = clicks_of_message(*ids, MOST_TAPS)
    return [describe_tap(each, timezone.now()) for each in found]


def _qr(url: str) -> str:
    """Return an address of our own as a code to scan, drawn as SVG."""
    return mark_safe(segno.make(url, error="m").svg_inline(scale=6, border=3))  # noqa: S308


def _taps(visit: Visit, link_id: int) -> list[str]:
    found = clicks_of_single_link(visit.workspace.pk, link_id, MOST_TAPS)
    return [describe_tap(each, timezone.now()) for each in found]


def _refuse_real(workspace: Workspace) -> None:
    if workspace.sample != Sample.THERE:
        raise NoSample(
            _("There is no sample data here."),
            why=_("Only a workspace that was made as a sample can be tried out and removed."),
            do=_("Open the sample in the list of workspaces."),
        )
