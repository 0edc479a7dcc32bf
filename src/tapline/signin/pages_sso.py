"""Pages of single sign-on: the way to the identity provider, and back."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from tapline import config
from tapline.signin.provider import FAILURES, PROVIDER_ID, Adapter
from tapline.signin.single_sign_on import SignInRefused, is_set
from tapline.web.errors import error_page


@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Lead to the identity provider."""
    return _run(OAuth2LoginView, request)


@require_safe
def come_back(request: HttpRequest) -> HttpResponse:
    """Take what the identity provider says, and let somebody in or refuse."""
    return _run(OAuth2CallbackView, request)


def _run(view: type, request: HttpRequest) -> HttpResponse:
    if not is_set(config.current()):
        raise Http404
    try:
        answer: HttpResponse = view.adapter_view(Adapter(request, PROVIDER_ID))(request)  # type: ignore[attr-defined]
    except FAILURES as error:
        return error_page(request, unreachable(str(error)))
    return answer


def unreachable(said: str) -> SignInRefused:
    """Return what is said where the identity provider cannot be asked."""
    return SignInRefused(
        "Single sign-on does not work at the moment.",
        why=f"The identity provider could not be asked: {said[:120]}",
        do="Try again in a minute; whoever runs this server finds the reason in its settings.",
    )
