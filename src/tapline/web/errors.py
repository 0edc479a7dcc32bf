"""How an error that a person can act on becomes a page or a fragment: in this one place."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from tapline.errors import Conflict, NotFound, TaplineError


class NotAllowed(TaplineError):
    """A member asks for more than their role holds. Strangers never see it: they get 404."""


class ForForms(TaplineError):
    """Somebody opened an address that only takes what a form sends."""


class TooMany(TaplineError):
    """Somebody asks more often than a person does."""


STATUSES: dict[type[TaplineError], int] = {
    NotFound: 404,
    NotAllowed: 403,
    ForForms: 405,
    Conflict: 409,
    TooMany: 429,
}
OTHER_STATUS = 422


class ErrorPages:
    """Middleware that turns a `TaplineError` of a page into what, why and what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a `TaplineError`; leave every other exception to Django."""
        if not isinstance(error, TaplineError):
            return None
        return error_page(request, error)


def error_page(request: HttpRequest, error: TaplineError) -> HttpResponse:
    """Return the error as a fragment for htmx, else as a page: with the menu of the workspace that
    refuses, and the way back to the page with the form."""
    template = "web/_error.html" if wants_fragment(request) else "web/error.html"
    visit = getattr(request, "visit", None)  # `inside` leaves it there, once somebody is in.
    place = {"workspace": visit.workspace, "access": visit.access} if visit else {}
    context = {"error": error, "back": _back(request), **place}
    return render(request, template, context, status=status_of(error))


def wants_fragment(request: HttpRequest) -> bool:
    """Say whether htmx asks, for a piece of a page; whoever has no script gets a whole one."""
    return request.headers.get("HX-Request") == "true"


def status_of(error: TaplineError) -> int:
    """Return the HTTP status of an error: that of its nearest class in the table."""
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return STATUSES[kind]
    return OTHER_STATUS


def too_many_requests(request: HttpRequest, *_args: object) -> HttpResponse:
    """Answer whoever tried too often to sign in: django-allauth counts, and asks for this page."""
    return error_page(
        request,
        TooMany(
            _("Too many tries."),
            why=_("So that nobody guesses their way in, there is a limit for each few minutes."),
            do=_("Wait five minutes, then try again."),
        ),
    )


def _back(request: HttpRequest) -> str:
    """Return the page of ours that led here; empty where there is none."""
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()})
    return came_from if is_ours and came_from != request.build_absolute_uri() else ""
