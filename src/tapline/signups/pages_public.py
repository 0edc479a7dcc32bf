"""The page that people see who want texts. No sign-in, no cookie, and a GET changes nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tapline.clicks.addresses import network_of
from tapline.contacts.phones import BadNumber
from tapline.errors import TaplineError
from tapline.signups.forms import FormClosed, open_form
from tapline.signups.models import SignUpForm
from tapline.signups.signing_up import Filled, sign_up
from tapline.web.clients import client_address

# People never see this field; programs that fill in every field do.
TRAP = "website"


# Nobody is signed in here, so there is no session that a foreign page could use; and a cookie for
# its check would be one more thing that recipients get without need.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form, and take it in."""
    try:
        form = open_form(token)
    except FormClosed as error:
        return render(request, "signups/public.html", {"error": error}, status=404)
    with translation.override(form.language):
        if request.method != "POST":
            return _page(request, form)
        if request.POST.get(TRAP):
            return redirect("join-thanks", form.token)
        try:
            sign_up(form, _filled(request), timezone.now())
        except TaplineError as error:
            status = 422 if isinstance(error, BadNumber) else 409
            return _page(request, form, error=error, status=status)
    return redirect("join-thanks", form.token)


@require_safe
def thanks(request: HttpRequest, token: str) -> HttpResponse:
    """Say what happens next: the same to everybody, whoever's number was given."""
    try:
        form = open_form(token)
    except FormClosed as error:
        return render(request, "signups/public.html", {"error": error}, status=404)
    with translation.override(form.language):
        return render(request, "signups/thanks.html", {"form": form, "version": form.newest})


def _page(
    request: HttpRequest, form: SignUpForm, error: TaplineError | None = None, status: int = 200
) -> HttpResponse:
    context = {"form": form, "version": form.newest, "error": error, "filled": request.POST}
    return render(request, "signups/public.html", context, status=status)


def _filled(request: HttpRequest) -> Filled:
    posted = request.POST
    return Filled(
        phone=posted.get("phone", "").strip(),
        agreed=bool(posted.get("agreed")),
        version=posted.get("version", ""),
        first_name=posted.get("first_name", ""),
        network=network_of(client_address(request)),
        agent=request.headers.get("User-Agent", ""),
    )
