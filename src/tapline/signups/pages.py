"""Pages about sign-up forms, for members: the list, one form with its QR code, changing it."""

from __future__ import annotations

import io

import segno
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tapline.contacts.models import Purpose
from tapline.errors import TaplineError
from tapline.signups.forms import (
    FormDetails,
    change_form,
    create_form,
    public_address,
    set_open,
)
from tapline.signups.models import SignUpForm, SignUpState
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import ancestors

LANGUAGE_NAMES = (("en", "English"), ("es", "Español"), ("fr", "Français"), ("de", "Deutsch"))
QR_KINDS = {"svg": "image/svg+xml", "png": "image/png"}
PNG_SCALE = 12  # pixels a module: sharp on a poster of A4


@inside(Need.PEOPLE)
def list_forms(visit: Visit) -> HttpResponse:
    """Show the workspace's forms, and how many signed up on each."""
    forms = (
        SignUpForm.objects.filter(workspace=visit.workspace)
        .annotate(
            agreed=Count("sign_ups", filter=Q(sign_ups__state=SignUpState.AGREED)),
            waiting=Count("sign_ups", filter=Q(sign_ups__state=SignUpState.WAITING)),
        )
        .order_by("-id")
    )
    return visit.render("signups/list.html", {"room": "contacts", "forms": forms})


@inside(Need.EDIT, "GET", "HEAD", "POST")
def create(visit: Visit) -> HttpResponse:
    """Write a new form."""
    if visit.request.method != "POST":
        return visit.render("signups/edit.html", _choices(visit))
    try:
        form = create_form(visit.workspace, _details(visit), actor=visit.actor)
    except TaplineError as error:
        context = _choices(visit) | {"error": error, "filled": visit.request.POST}
        return visit.render("signups/edit.html", context, status=422)
    return redirect("signups:show", visit.workspace.pk, form.pk)


@inside(Need.PEOPLE)
def show(visit: Visit, form_id: int) -> HttpResponse:
    """Show a form's address, QR code, words and numbers."""
    form = _find(visit, form_id)
    counts = dict(form.sign_ups.values_list("state").annotate(Count("id")))
    context = {
        "room": "contacts",
        "form": form,
        "address": public_address(form),
        "counts": [(words, counts.get(state, 0)) for state, words in SignUpState.choices],
        "versions": form.versions.select_related("wording").order_by("-id"),
    }
    return visit.render("signups/form.html", context)


@inside(Need.EDIT, "GET", "HEAD", "POST")
def change(visit: Visit, form_id: int) -> HttpResponse:
    """Change a form; what people saw before stays on record."""
    form = _find(visit, form_id)
    context = _choices(visit) | {"form": form, "filled": _as_filled(form)}
    if visit.request.method != "POST":
        return visit.render("signups/edit.html", context)
    try:
        change_form(form, _details(visit), actor=visit.actor)
    except TaplineError as error:
        context |= {"error": error, "filled": visit.request.POST}
        return visit.render("signups/edit.html", context, status=422)
    return redirect("signups:show", visit.workspace.pk, form.pk)


@inside(Need.EDIT, "POST")
def switch(visit: Visit, form_id: int) -> HttpResponse:
    """Close a form, or open it again."""
    set_open(_find(visit, form_id), visit.form("to") == "open", actor=visit.actor)
    return redirect("signups:show", visit.workspace.pk, form_id)


@inside(Need.PEOPLE)
def show_qr(visit: Visit, form_id: int, kind: str) -> HttpResponse:
    """Give the form's QR code as a picture, to print or to show."""
    form = _find(visit, form_id)
    if kind not in QR_KINDS:
        raise Http404
    picture = io.BytesIO()
    segno.make(public_address(form), error="m").save(picture, kind=kind, scale=PNG_SCALE)
    return HttpResponse(picture.getvalue(), content_type=QR_KINDS[kind])


def _find(visit: Visit, form_id: int) -> SignUpForm:
    return get_object_or_404(
        SignUpForm.objects.select_related("workspace", "scope"),
        pk=form_id,
        workspace=visit.workspace,
    )


def _choices(visit: Visit) -> dict[str, object]:
    return {
        "room": "contacts",
        "purposes": Purpose.choices,
        "languages": LANGUAGE_NAMES,
        "scopes": list(reversed(ancestors(visit.workspace))),
        "filled": {"asks_name": "on"},
    }


def _as_filled(form: SignUpForm) -> dict[str, str]:
    newest = form.newest
    return {
        "name": form.name,
        "title": newest.title,
        "wording": newest.wording.text,
        "language": form.language,
        "purpose": form.purpose,
        "scope": str(form.scope_id),
        "tags": ", ".join(form.tags),
        "asks_name": "on" if form.asks_name else "",
        "needs_confirmation": "on" if form.needs_confirmation else "",
    }


def _details(visit: Visit) -> FormDetails:
    return FormDetails(
        name=visit.form("name"),
        title=visit.form("title"),
        wording=visit.form("wording").replace("\r\n", "\n"),
        language=visit.form("language") or "en",
        purpose=visit.form("purpose") or Purpose.MARKETING,
        asks_name=bool(visit.form("asks_name")),
        needs_confirmation=bool(visit.form("needs_confirmation")),
        tags=tuple(tag.strip() for tag in visit.form("tags").split(",") if tag.strip()),
        scope=_scope(visit),
    )


def _scope(visit: Visit) -> Workspace:
    chosen = visit.form("scope")
    above = {str(each.pk): each for each in ancestors(visit.workspace)}
    return above.get(chosen, visit.workspace)
