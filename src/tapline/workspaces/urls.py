"""Addresses of sign-in and of a workspace's settings."""

from __future__ import annotations

from django.urls import path

from tapline.workspaces import pages

app_name = "workspaces"
urlpatterns = [
    path("sign-in", pages.explain_sign_in, name="sign-in"),
    path("sign-in/<str:token>", pages.sign_in, name="use-sign-in-link"),
    path("sign-out", pages.sign_out, name="sign-out"),
    path("workspaces", pages.list_workspaces, name="list"),
    path("w/<int:workspace_id>/settings/", pages.show_settings, name="settings"),
    path("w/<int:workspace_id>/settings/members", pages.add, name="add-member"),
    path(
        "w/<int:workspace_id>/settings/members/<int:member_id>/remove",
        pages.remove,
        name="remove-member",
    ),
    path("w/<int:workspace_id>/settings/keys", pages.create_key, name="create-key"),
    path(
        "w/<int:workspace_id>/settings/keys/<int:key_id>/revoke",
        pages.revoke_key,
        name="revoke-key",
    ),
    path("w/<int:workspace_id>/settings/only-counted", pages.count_only, name="count-only"),
    path("w/<int:workspace_id>/settings/below", pages.create_below, name="create-below"),
    path("w/<int:workspace_id>/settings/changes", pages.show_audit, name="audit"),
]
