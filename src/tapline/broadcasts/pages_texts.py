"""Pages of saved texts, with what each did, and of the words that a workspace does not write."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from tapline.broadcasts.models import SavedText
from tapline.broadcasts.saved_texts import forget_text, histories, save_text, saved_texts_of
from tapline.broadcasts.style_words import own_words, read_words, set_words, style_of, write_words
from tapline.errors import TaplineError
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need


@inside(Need.RATES)
def list_texts(visit: Visit) -> HttpResponse:
    """Show the saved texts with what each did."""
    told = histories(visit.workspace, saved_texts_of(visit.workspace))
    return visit.render("broadcasts/texts.html", {"room": "broadcasts", "texts": told})


@inside(Need.EDIT, "GET", "HEAD", "POST")
def new_text(visit: Visit) -> HttpResponse:
    """Save a text."""
    return _edit(visit, SavedText(workspace=visit.workspace))


@inside(Need.EDIT, "GET", "HEAD", "POST")
def show_text(visit: Visit, text_id: int) -> HttpResponse:
    """Show a saved text with its history, and change it where it is the workspace's own."""
    return _edit(visit, get_object_or_404(saved_texts_of(visit.workspace), pk=text_id))


@inside(Need.EDIT, "POST")
def delete_text(visit: Visit, text_id: int) -> HttpResponse:
    """Forget a saved text of the workspace itself."""
    saved = get_object_or_404(SavedText, pk=text_id, workspace=visit.workspace)
    forget_text(saved, actor=visit.actor)
    messages.success(visit.request, _("«%(name)s» is gone.") % {"name": saved.name})
    return redirect("broadcasts:texts", visit.workspace.pk)


@inside(Need.MANAGE, "GET", "HEAD", "POST")
def words(visit: Visit) -> HttpResponse:
    """Say which words the workspace does not write."""
    error, lines = None, write_words(own_words(visit.workspace))
    if visit.request.method == "POST":
        lines = visit.form("words")
        try:
            set_words(visit.workspace, read_words(lines), actor=visit.actor)
        except TaplineError as wrong:
            error = wrong
        else:
            messages.success(visit.request, _("The composer points them out from now on."))
            return redirect("broadcasts:words", visit.workspace.pk)
    own = own_words(visit.workspace)
    context = {
        "room": "broadcasts",
        "lines": lines,
        "above": [each for each in style_of(visit.workspace).items() if each[0] not in own],
        "error": error,
    }
    return visit.render("broadcasts/words.html", context, status=422 if error else 200)


def _edit(visit: Visit, saved: SavedText) -> HttpResponse:
    is_own = saved.workspace_id == visit.workspace.pk
    error = None
    if visit.request.method == "POST":
        if not is_own:  # Those above use it, too.
            raise Http404
        stored = saved if saved.pk else None
        try:
            kept = save_text(
                visit.workspace,
                visit.form("name"),
                visit.form("text"),
                actor=visit.actor,
                stored=stored,
            )
        except TaplineError as wrong:
            error = wrong
            saved.name, saved.text = visit.form("name"), visit.form("text")
        else:
            messages.success(visit.request, _("«%(name)s» is saved.") % {"name": kept.name})
            return redirect("broadcasts:texts", visit.workspace.pk)
    context = {
        "room": "broadcasts",
        "saved": saved,
        "is_own": is_own,
        "history": histories(visit.workspace, [saved])[0] if saved.pk else None,
        "error": error,
    }
    return visit.render("broadcasts/text.html", context, status=422 if error else 200)
