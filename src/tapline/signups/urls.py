"""Addresses of sign-up forms, below a workspace's own; people's own page is /join/…."""

from __future__ import annotations

from django.urls import path

from tapline.signups import pages

app_name = "signups"
urlpatterns = [
    path("", pages.list_forms, name="list"),
    path("new", pages.create, name="new"),
    path("<int:form_id>/", pages.show, name="show"),
    path("<int:form_id>/change", pages.change, name="change"),
    path("<int:form_id>/switch", pages.switch, name="switch"),
    path("<int:form_id>/qr.<str:kind>", pages.show_qr, name="qr"),
]
