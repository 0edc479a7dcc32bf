"""In which language pages speak: as the member chose, else as the browser asks, else English."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tapline.workspaces.models import User

# What programs read stays as it is documented, whatever their library asks for.
FOR_PROGRAMS = ("/api/", "/hooks/")
WITHOUT_WORDS = "/static/"
COOKIE_SECONDS = 365 * 86400


class MemberLanguage:
    """Middleware, after `LocaleMiddleware` (which reads cookie and browser) and authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if chosen := _chosen(request):
            translation.activate(chosen)
            request.LANGUAGE_CODE = translation.get_language() or chosen
        return self.get_response(request)


def _chosen(request: HttpRequest) -> str:
    """Return the language that is not the browser's to say; empty where it is."""
    if request.path.startswith(FOR_PROGRAMS):
        return settings.LANGUAGE_CODE
    if request.path.startswith(WITHOUT_WORDS) or not isinstance(request.user, User):
        return ""
    return request.user.language


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep somebody's language (a member's everywhere, a visitor's in this browser); lead back."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise Http404
    if isinstance(request.user, User):
        request.user.language = language
        request.user.save(update_fields=["language"])
    response = redirect(_back(request.POST.get("next", "")))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _back(address: str) -> str:
    """Return where somebody was, if that is here."""
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else "/"
