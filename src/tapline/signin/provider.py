"""OpenID Connect as django-allauth speaks it, and stricter about signature, nonce and issuer.

django-allauth finds this module by its name. Sources: OpenID Connect Core 1.0 (3.1.3.7, 5.3.2) and
Discovery 1.0 (4.3).
"""

from __future__ import annotations

import json
import secrets
from typing import Any

import jwt
import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse

from tapline import config

PROVIDER_ID = "oidc"
# Asymmetric ones alone: with a shared secret or none, whoever holds a public key could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
LEEWAY_SECONDS = 60


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth ships no types
    """Speaks to the one identity provider of the instance."""

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Return where the identity provider sends people back, whatever a Host header says."""
        return config.current().web_url.rstrip("/") + "/single-sign-on/callback"

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return what the issuer publishes; it has to call itself what the operator called it."""
        found: dict[str, Any] = super().openid_config
        if found.get("issuer") != config.current().oidc_issuer:
            raise OAuth2Error("The issuer calls itself otherwise.")
        return found

    def complete_login(
        self, request: HttpRequest, app: Any, token: Any, **kwargs: Any
    ) -> SocialLogin:
        """Return who came, from a token whose signature and addressee are right."""
        claims = self.read_token(kwargs["response"].get("id_token"), app.client_id)
        more = self._fetch_user_info(token.token) if "email" not in claims else {}
        if more and more.get("sub") != claims["sub"]:
            raise OAuth2Error("The user information is somebody else's.")
        data = {"userinfo": {**more, **claims}, "id_token": claims}
        return self.get_provider().sociallogin_from_response(request, data)

    def read_token(self, token: str | None, client_id: str) -> dict[str, Any]:
        """Return the claims of an ID token; raises `OAuth2Error` for one that proves nothing."""
        if not token:
            raise OAuth2Error("The issuer sent no ID token.")
        try:
            return dict(
                jwt.decode(
                    token,
                    self._key_of(token),
                    algorithms=ALGORITHMS,
                    audience=client_id,
                    issuer=self.openid_config["issuer"],
                    leeway=LEEWAY_SECONDS,
                    options={"require": ["exp", "iat", "iss", "sub", "aud", "nonce"]},
                )
            )
        except (jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
            raise OAuth2Error("The ID token proves nothing.") from error

    def _key_of(self, token: str) -> jwt.PyJWK:
        named = jwt.get_unverified_header(token).get("kid")
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = [key for key in answer.json()["keys"] if key.get("use", "sig") == "sig"]
        fitting = [key for key in keys if key.get("kid") == named] if named else keys
        if len(fitting) != 1:
            raise jwt.InvalidKeyError(f"{len(fitting)} keys fit")
        return jwt.PyJWK.from_json(json.dumps(fitting[0]))


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth ships no types
    """The one identity provider, as the operator's settings name it."""

    id = PROVIDER_ID
    name = "Single sign-on"
    oauth2_adapter_class = Adapter
    pkce_enabled_default = True

    def get_callback_url(self) -> str:
        return "/single-sign-on/callback"

    def redirect(self, request: HttpRequest, process: str, **kwargs: Any) -> HttpResponse:
        """Lead to the identity provider, with a nonce that its token has to repeat."""
        nonce = secrets.token_urlsafe(24)
        # Only these: allauth would let an address add parameters of its own.
        kwargs |= {"auth_params": {"nonce": nonce}, "scope": self.get_scope(), "nonce": nonce}
        answer: HttpResponse = super().redirect(request, process, **kwargs)
        return answer


provider_classes = [Provider]
FAILURES = (OAuth2Error, requests.RequestException)
