"""The settings of conversations: what a member hears by e-mail, and what is said by itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tapline import config
from tapline.errors import TaplineError
from tapline.replies.automatic import (
    BY_ITSELF,
    WORDS,
    automatic_text,
    own_words,
    reach_of_opt_outs,
    save_reach,
    save_words,
)
from tapline.replies.models import Listener, Scope
from tapline.replies.telling import listen
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need


@inside(Need.EDIT)
def show(visit: Visit) -> HttpResponse:
    """Show what may be chosen, with the texts as people get them."""
    return _show(visit)


@inside(Need.EDIT, "POST")
def choose_mails(visit: Visit) -> HttpResponse:
    """Keep what this member hears of by e-mail."""
    listen(
        visit.workspace,
        visit.user,
        replies=bool(visit.form("replies")),
        decisions=bool(visit.form("decisions")),
    )
    return _saved(visit)


@inside(Need.EDIT, "POST")
def change_words(visit: Visit) -> HttpResponse:
    """Keep the workspace's own words; empty ones are inherited."""
    values = {name: visit.form(name).replace("\r\n", "\n") for name in WORDS}
    try:
        save_words(visit.workspace, values, actor=visit.actor)
    except TaplineError as error:
        return _show(visit, error=error, filled=values, status=422)
    return _saved(visit)


@inside(Need.MANAGE, "POST")
def change_reach(visit: Visit) -> HttpResponse:
    """Keep how far an opt-out reaches, for the whole tree below a workspace at the top."""
    reach = Scope.WORKSPACE if visit.form("reach") == Scope.WORKSPACE else Scope.BRAND
    save_reach(visit.workspace, reach, actor=visit.actor)
    return _saved(visit)


def _show(visit: Visit, status: int = 200, **more: object) -> HttpResponse:
    language = visit.workspace.language[:2]
    context = {
        "room": "replies",
        "listener": Listener.objects.filter(workspace=visit.workspace, user=visit.user).first(),
        "has_mail_server": bool(config.current().mail_url),
        "filled": own_words(visit.workspace),
        "texts": [
            (kind.value, automatic_text(visit.workspace, kind, language)) for kind in BY_ITSELF
        ],
        "reach": reach_of_opt_outs(visit.workspace),
        "is_top": visit.workspace.parent_id is None,
        **more,
    }
    return visit.render("replies/settings.html", context, status=status)


def _saved(visit: Visit) -> HttpResponse:
    messages.success(visit.request, _("Saved."))
    return redirect("replies:settings", visit.workspace.pk)
