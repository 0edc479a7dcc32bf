"""Addresses of sign-in and of a workspace's settings."""

from __future__ import annotations

from django.urls import include, path

from tapline.signin import pages as signin
from tapline.workspaces import (
    pages,
    pages_audit,
    pages_below,
    pages_keys,
    pages_members,
    pages_privacy,
)

settings_urls = [
    path("", pages.show_settings, name="settings"),
    path("change", pages.change, name="change"),
    path("members", pages_members.show, name="members"),
    path("members/leave", pages_members.leave, name="leave"),
    path("members/invite", pages_members.ask, name="invite"),
    path("members/invited/<int:invitation_id>/withdraw", pages_members.uninvite, name="uninvite"),
    path("members/<int:member_id>/change", pages_members.change, name="change-member"),
    path("members/<int:member_id>/remove", pages_members.remove, name="remove-member"),
    path(
        "members/<int:member_id>/reset-second-factor",
        pages_members.reset_factor,
        name="reset-factor",
    ),
    path("members/second-factor", pages_members.ask_second_factor, name="second-factor"),
    path("keys", pages_keys.show, name="keys"),
    path("keys/<int:key_id>/revoke", pages_keys.end, name="revoke-key"),
    path("keys/<int:key_id>/open", pages_keys.open_again, name="open-key"),
    path("below", pages_below.show, name="below"),
    path("below/move", pages_below.move_here, name="move"),
    path("privacy", pages_privacy.show, name="privacy"),
    path("changes", pages_audit.show, name="audit"),
    path("changes.<str:file_kind>", pages_audit.export, name="export-audit"),
]

app_name = "workspaces"
urlpatterns = [
    path("sign-in", signin.explain_sign_in, name="sign-in"),
    path("sign-in/<str:token>", signin.sign_in, name="use-sign-in-link"),
    path("sign-out", signin.sign_out, name="sign-out"),
    path("invitation/<str:token>", signin.invitation, name="invitation"),
    path("workspaces", pages.list_workspaces, name="list"),
    path("w/<int:workspace_id>/settings/", include(settings_urls)),
]
