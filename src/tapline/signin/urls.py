"""Addresses of signing in again, of sessions and of second factors."""

from __future__ import annotations

from django.urls import path

from tapline.signin import pages, pages_sso

app_name = "signin"
urlpatterns = [
    path("sign-in-again", pages.again, name="again"),
    path("account/second-factor-needed", pages.needed, name="needed"),
    path("single-sign-on", pages_sso.begin, name="single-sign-on"),
    path("single-sign-on/callback", pages_sso.come_back, name="came-back"),
    path("account/sessions", pages.show_sessions, name="sessions"),
    path("account/sessions/end-others", pages.end_others, name="end-others"),
    path("account/sessions/<int:session_id>/end", pages.end_session, name="end-session"),
]
