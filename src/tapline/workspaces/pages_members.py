"""The page of members: who belongs to a workspace, who is invited, and what each may do."""

from __future__ import annotations

import threading

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tapline import config
from tapline.errors import TaplineError
from tapline.signin.mailing import tell_of_reset
from tapline.signin.recent import have_second_factor
from tapline.signin.resetting import (
    CannotReset,
    refuse_reset,
    reset_second_factor,
    resettable,
)
from tapline.web.shown_once import lead_to_secret, take_secret
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need
from tapline.workspaces.changing import require_second_factor
from tapline.workspaces.invitations import invite, waiting, withdraw
from tapline.workspaces.members import BadMember, change_member, members_of, remove_member
from tapline.workspaces.models import Invitation, Membership, Role

# What each role may do, as the form says it.
DOES = {
    Role.OWNER: lambda: _("also members, their roles, and the workspaces below"),
    Role.MANAGER: lambda: _("also domains, providers, hours, API keys and privacy"),
    Role.SENDER: lambda: _("also writes, sends and changes links"),
    Role.VIEWER: lambda: _("sees everything, changes nothing"),
}


@inside(Need.PEOPLE, "GET", "HEAD")
def show(visit: Visit) -> HttpResponse:
    """Show the members; owners see the invitations too, and once the link of a new one."""
    return _page(visit, link=take_secret(visit.request))


@inside(Need.OWN, "POST", again=True)
def ask(visit: Visit) -> HttpResponse:
    """Invite somebody, and lead to the link that is to be handed over."""
    try:
        _invitation, path = invite(
            visit.workspace,
            visit.form("email"),
            _role(visit),
            sees_people_below=bool(visit.form("sees_people_below")),
            invited_by=visit.user,
        )
    except BadMember as error:
        return _page(visit, error=error)
    members = reverse("workspaces:members", args=[visit.workspace.pk])
    return lead_to_secret(visit.request, members, config.current().web_url.rstrip("/") + path)


@inside(Need.OWN, "POST")
def uninvite(visit: Visit, invitation_id: int) -> HttpResponse:
    """Withdraw an invitation."""
    found = get_object_or_404(Invitation, pk=invitation_id, workspace=visit.workspace)
    withdraw(found, actor=visit.actor)
    return redirect("workspaces:members", visit.workspace.pk)


@inside(Need.OWN, "POST", again=True)
def change(visit: Visit, member_id: int) -> HttpResponse:
    """Give a member another role."""
    member = get_object_or_404(Membership, pk=member_id, workspace=visit.workspace)
    below = bool(visit.form("sees_people_below"))
    try:
        change_member(member, _role(visit), sees_people_below=below, actor=visit.actor)
    except BadMember as error:
        return _page(visit, error=error)
    messages.success(visit.request, _("Saved."))
    return redirect("workspaces:members", visit.workspace.pk)


@inside(Need.OWN, "POST", again=True)
def remove(visit: Visit, member_id: int) -> HttpResponse:
    """End a membership."""
    member = get_object_or_404(Membership, pk=member_id, workspace=visit.workspace)
    return _end(visit, member)


@inside(Need.PEOPLE, "POST")
def leave(visit: Visit) -> HttpResponse:
    """End one's own membership."""
    member = get_object_or_404(Membership, user=visit.user, workspace=visit.workspace)
    return _end(visit, member)


@inside(Need.OWN, "POST", again=True)
def ask_second_factor(visit: Visit) -> HttpResponse:
    """Let members in with a second factor only, or without again."""
    require_second_factor(visit.workspace, bool(visit.form("needed")), actor=visit.actor)
    messages.success(visit.request, _("Saved."))
    return redirect("workspaces:members", visit.workspace.pk)


@inside(Need.OWN, "POST", again=True)
def reset_factor(visit: Visit, member_id: int) -> HttpResponse:
    """Take away a member's second factor, which they lost."""
    member = get_object_or_404(Membership, pk=member_id, workspace=visit.workspace)
    try:
        refuse_reset(visit.user, member.user)
    except CannotReset as error:
        return _page(visit, error=error)
    if reset_second_factor(member.user, actor=visit.actor):
        threading.Thread(target=tell_of_reset, args=(member.user,), daemon=True).start()
    told = _("%(email)s comes in by a link now, and sets up another second factor.")
    messages.success(visit.request, told % {"email": member.user.email})
    return redirect("workspaces:members", visit.workspace.pk)


def _end(visit: Visit, member: Membership) -> HttpResponse:
    try:
        remove_member(member, actor=visit.actor)
    except BadMember as error:
        return _page(visit, error=error)
    if member.user_id == visit.user.pk:  # They cannot see this page any more.
        return redirect("workspaces:list")
    return redirect("workspaces:members", visit.workspace.pk)


def _role(visit: Visit) -> Role:
    if visit.form("role") not in Role.values:
        raise BadMember(
            _("There is no such role."),
            why=_("Members are owners, managers, senders or viewers."),
            do=_("Choose one of them."),
        )
    return Role(visit.form("role"))


def _page(visit: Visit, *, link: str = "", error: TaplineError | None = None) -> HttpResponse:
    found = list(members_of(visit.workspace))
    with_factor = have_second_factor(member.user_id for member in found)
    context = {
        "room": "members",
        "members": found,
        "with_factor": with_factor,
        "resettable": resettable(visit.user, with_factor) if visit.access.owns else set(),
        "invitations": waiting(visit.workspace) if visit.access.owns else [],
        "roles": [(role.value, role.label, DOES[role]()) for role in Role],
        "link": link,
        "error": error,
    }
    return visit.render("workspaces/members.html", context, status=422 if error else 200)
