"""Pages for signing in, and for the settings of a workspace: members, keys, what lies below."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth import login, logout
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tapline.errors import TaplineError
from tapline.web.visits import Visit, inside
from tapline.workspaces import audit
from tapline.workspaces.access import Access, Need
from tapline.workspaces.api_keys import SCOPES, create_api_key, revoke
from tapline.workspaces.counting import (
    EVERYBODY,
    BadCountry,
    only_counted_above,
    set_only_counted,
)
from tapline.workspaces.members import (
    BadMember,
    add_member,
    members_of,
    remove_member,
    workspaces_of,
)
from tapline.workspaces.models import ApiKey, AuditEntry, Membership, Role, User, Workspace
from tapline.workspaces.sign_in import find_user, use_sign_in_link
from tapline.workspaces.tree import create_workspace

BACKEND = "django.contrib.auth.backends.ModelBackend"
CHANGES_PER_PAGE = 50


@require_safe
def explain_sign_in(request: HttpRequest) -> HttpResponse:
    """Say how to get a sign-in link."""
    return render(request, "workspaces/sign_in.html")


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button that signs in; its POST does, and uses the link up."""
    if request.method != "POST":
        return render(request, "workspaces/sign_in.html", {"person": find_user(token)})
    login(request, use_sign_in_link(token), backend=BACKEND)
    return redirect("/")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("workspaces:sign-in")


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the list of workspaces."""

    workspace: Workspace
    access: Access
    depth: int

    @property
    def indent(self) -> str:
        return "\u2003" * self.depth


@require_safe
def list_workspaces(request: HttpRequest) -> HttpResponse:
    """Show every workspace that the person may see."""
    if not isinstance(request.user, User):
        return redirect("workspaces:sign-in")
    seen = workspaces_of(request.user)
    top = min((len(each.ancestor_ids) for each, _access in seen), default=0)
    places = [Place(each, access, len(each.ancestor_ids) - top) for each, access in seen]
    return render(request, "workspaces/list.html", {"places": places})


@inside(Need.MANAGE)
def show_settings(visit: Visit) -> HttpResponse:
    """Show members, API keys and the workspaces below."""
    return _settings_page(visit)


@inside(Need.OWN, "POST")
def add(visit: Visit) -> HttpResponse:
    """Add a member, or change one's role."""
    if visit.form("role") not in Role.values:
        raise BadMember(
            _("There is no such role."),
            why=_("Members are owners, managers, senders or viewers."),
            do=_("Choose one of them."),
        )
    add_member(
        visit.workspace,
        visit.form("email"),
        Role(visit.form("role")),
        sees_people_below=bool(visit.form("sees_people_below")),
        actor=visit.actor,
    )
    return redirect("workspaces:settings", visit.workspace.pk)


@inside(Need.OWN, "POST")
def remove(visit: Visit, member_id: int) -> HttpResponse:
    """End a membership."""
    member = get_object_or_404(Membership, pk=member_id, workspace=visit.workspace)
    remove_member(member, actor=visit.actor)
    if member.user_id == visit.user.pk:  # They cannot see the settings any more.
        return redirect("workspaces:list")
    return redirect("workspaces:settings", visit.workspace.pk)


@inside(Need.MANAGE, "POST")
def create_key(visit: Visit) -> HttpResponse:
    """Make an API key and show its token, this once."""
    try:
        _key, token = create_api_key(
            visit.workspace,
            visit.form("name"),
            visit.request.POST.getlist("scopes"),
            actor=visit.actor,
        )
    except TaplineError as error:
        return _settings_page(visit, error=error)
    return _settings_page(visit, new_token=token)


@inside(Need.MANAGE, "POST")
def revoke_key(visit: Visit, key_id: int) -> HttpResponse:
    """Revoke an API key."""
    revoke(get_object_or_404(ApiKey, pk=key_id, workspace=visit.workspace), actor=visit.actor)
    return redirect("workspaces:settings", visit.workspace.pk)


@inside(Need.MANAGE, "POST")
def count_only(visit: Visit) -> HttpResponse:
    """Say whose taps are only counted from now on."""
    countries = [EVERYBODY] if visit.form("everybody") else visit.form("countries").split(",")
    try:
        set_only_counted(visit.workspace, countries, actor=visit.actor)
    except BadCountry as error:
        return _settings_page(visit, error=error)
    messages.success(visit.request, _("Saved. It holds for texts from now on."))
    return redirect("workspaces:settings", visit.workspace.pk)


@inside(Need.OWN, "POST")
def create_below(visit: Visit) -> HttpResponse:
    """Make a workspace below this one, with its first owner."""
    above = visit.workspace
    with transaction.atomic():  # Without its owner nobody could ever enter it.
        below = create_workspace(
            visit.form("name"),
            parent=above,
            default_country=above.default_country,
            language=above.language,
            zone=above.zone,
        )
        add_member(below, visit.form("owner"), Role.OWNER, actor=visit.actor)
    messages.success(visit.request, _("'%(name)s' was added.") % {"name": below.name})
    return redirect("workspaces:settings", above.pk)


@dataclass(frozen=True, slots=True)
class Change:
    """One audited change as the page shows it."""

    entry: AuditEntry
    who: str

    @property
    def before(self) -> str:
        return _as_words(self.entry.before)

    @property
    def after(self) -> str:
        return _as_words(self.entry.after)


@inside(Need.MANAGE)
def show_audit(visit: Visit) -> HttpResponse:
    """Show who changed what, newest first."""
    page = Paginator(audit.history(visit.workspace), CHANGES_PER_PAGE).get_page(
        visit.request.GET.get("page")
    )
    entries = list(page.object_list)
    names = audit.actor_names(entries)
    changes = [Change(entry, names[entry.actor]) for entry in entries]
    context = {"room": "settings", "page": page, "changes": changes}
    return visit.render("workspaces/audit.html", context)


def _settings_page(
    visit: Visit, *, new_token: str = "", error: TaplineError | None = None
) -> HttpResponse:
    context = {
        "room": "settings",
        "members": members_of(visit.workspace),
        "roles": Role.choices,
        "api_keys": visit.workspace.api_keys.order_by("-id"),
        "scopes": SCOPES.items(),
        "children": visit.workspace.children.order_by("name"),
        "only_counted_above": only_counted_above(visit.workspace),
        "everybody": [EVERYBODY],
        "new_token": new_token,
        "error": error,
    }
    return visit.render("workspaces/settings.html", context, status=422 if error else 200)


def _as_words(values: dict[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items())
