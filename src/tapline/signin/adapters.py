"""What django-allauth asks of us: where people land, who they are called, how secrets are kept."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tapline import config
from tapline.errors import TaplineError
from tapline.instance.seals import seal, unseal
from tapline.signin.ending import end_sessions
from tapline.signin.passkeys import passkey_host
from tapline.signin.recent import proved_recently
from tapline.signin.single_sign_on import (
    SignInRefused,
    find_or_make_user,
    only_single_sign_on,
    read_said,
    same_nonce,
    switched_off,
)
from tapline.web.clients import client_address
from tapline.web.errors import error_page
from tapline.workspaces.models import User

NAME = "Tapline"
UNKNOWN_ADDRESS = "::"  # behind a Unix socket there is none


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Nobody signs up by themselves, nothing is mailed, and addresses follow our proxies' rule."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": gettext_lazy("Too many wrong codes. Try again in five minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say that members come by invitation or from the identity provider."""
        return False

    def pre_login(
        self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any
    ) -> HttpResponse | None:
        """Refuse who comes by a passkey alone where single sign-on is the only way."""
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        ways = {each["method"] for each in get_authentication_records(request, user)}
        if answer is None and config.current().oidc_only and not ways & {"link", "socialaccount"}:
            return error_page(request, only_single_sign_on())
        return answer

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Say that the account was switched off."""
        return error_page(request, switched_off())

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return who asks, for rate limits and the list of sessions."""
        return client_address(request) or UNKNOWN_ADDRESS

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: the sessions page and the audit tell what happened."""

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing about signing in and out: the page that follows says it."""
        template = args[2] if len(args) > 2 else kwargs.get("message_template")
        if template is None or not str(template).startswith("account/messages/logged_"):
            super().add_message(*args, **kwargs)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Say whether the second factor may be changed only after proving who one is again."""
        return not proved_recently(self.request)

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, Any]]:
        """Return the second factors of the user; a fresh sign-in where there are none."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        again = {"id": "again", "description": _("Sign in again"), "url": reverse("signin:again")}
        return methods or [again]


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Who comes from the identity provider is let in by the operator's settings, or not at all."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Bind what the identity provider says to a user; raises the answer where it refuses."""
        try:
            self._bind(request, sociallogin)
        except TaplineError as error:
            raise ImmediateHttpResponse(error_page(request, error)) from error

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Say in our words that it went wrong, without what the identity provider said."""
        raise ImmediateHttpResponse(error_page(request, _not_proved()))

    def _bind(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        claims = sociallogin.account.extra_data["userinfo"]
        if not same_nonce(sociallogin.state.get("nonce", ""), claims):
            raise _not_proved()
        said = read_said(claims, config.current())
        if not sociallogin.is_existing:
            user = find_or_make_user(said, config.current())
            forget_earlier_ways(user)
            sociallogin.connect(request, user)


def forget_earlier_ways(user: User) -> None:
    """End the sessions and second factors of an account that its identity provider takes over.

    Whoever was first to open an invitation for this address may have been somebody else.
    """
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)


def _not_proved() -> SignInRefused:
    return SignInRefused(
        _("Single sign-on did not prove who you are."),
        why=_("The answer of the identity provider is missing, too old, or not for this server."),
        do=_("Begin again on the page for signing in."),
    )


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Secrets are sealed in the database, and passkeys belong to the address of the pages."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy(
            "This code is not right. Codes of an app change every half minute: write the newest."
        ),
        "cannot_delete_authenticator": gettext_lazy("This second factor cannot be removed now."),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Recovery codes stand in for a second factor: set one up first."
        ),
    }

    def get_totp_issuer(self) -> str:
        """Return what authenticator apps show beside the e-mail address."""
        return NAME

    def encrypt(self, text: str) -> str:
        """Return a secret as it is stored."""
        return seal(text, table="mfa_authenticator", row="", column="data")

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored secret."""
        return unseal(encrypted_text, table="mfa_authenticator", row="", column="data")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return for whom passkeys are: the host name of the pages."""
        return {"id": passkey_host(context.request), "name": NAME}

    def generate_authenticator_name(
        self,
        user: AbstractBaseUser,
        type: Authenticator.Type,  # noqa: A002  # allauth's name
    ) -> str:
        """Return what a passkey is called until somebody names it."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey %(number)d") % {"number": count + 1}
