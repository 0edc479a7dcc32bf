"""All addresses of pages, API and provider hooks, assembled in one place."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from tapline.broadcasts import pages_sharing
from tapline.contacts import pages_notice
from tapline.pictures import pages as pictures_pages
from tapline.providers.simulator import hooks
from tapline.signin import pages as signin_pages
from tapline.signups import pages_public
from tapline.web import static_files
from tapline.web.api import api

handler429 = "tapline.web.errors.too_many_requests"  # django-allauth's, for who tries too often
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("tapline.web.urls")),
    path("", include("tapline.workspaces.urls")),
    path("", include("tapline.signin.urls")),
    # django-allauth knows our pages by its own names.
    path("sign-in", signin_pages.explain_sign_in, name="account_login"),
    path("sign-out", signin_pages.sign_out, name="account_logout"),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("w/<int:workspace_id>/broadcasts/", include("tapline.broadcasts.urls")),
    path("w/<int:workspace_id>/contacts/", include("tapline.contacts.urls")),
    path("w/<int:workspace_id>/keywords/", include("tapline.keywords.urls")),
    path("w/<int:workspace_id>/insights/", include("tapline.insights.urls")),
    path("w/<int:workspace_id>/replies/", include("tapline.replies.urls")),
    path("w/<int:workspace_id>/sign-up-forms/", include("tapline.signups.urls")),
    path("w/<int:workspace_id>/settings/hours/", include("tapline.hours.urls")),
    path("w/<int:workspace_id>/", include("tapline.links.urls")),
    path("w/<int:workspace_id>/", include("tapline.providers.urls")),
    path("w/<int:workspace_id>/welcome/", include("tapline.welcome.urls")),
    path("join/<str:token>", pages_public.join, name="join"),
    path("join/<str:token>/thanks", pages_public.thanks, name="join-thanks"),
    path("privacy/<str:token>", pages_notice.read, name="privacy"),
    path("pictures/<str:token>.<str:suffix>", pictures_pages.serve_picture),
    path("shared/<str:token>", pages_sharing.read, name="shared-report"),
    path("shared/<str:token>/audiences", pages_sharing.read_audiences, name="shared-audiences"),
    path("api/v1/", api.urls),
    path("hooks/simulator/receipts", hooks.receipts),
    path("hooks/simulator/replies", hooks.replies),
    path("static/tapline/<str:name>", static_files.serve),
]
