"""Addresses of contacts, below a workspace's own."""

from __future__ import annotations

from django.urls import path

from tapline.contacts import pages, pages_consent

app_name = "contacts"
urlpatterns = [
    path("", pages.list_contacts, name="list"),
    path("<int:contact_id>/", pages.show, name="show"),
    path("<int:contact_id>/consent.pdf", pages_consent.show_pdf, name="consent-pdf"),
    path("<int:contact_id>/stop", pages.stop, name="stop"),
    path("import", pages.upload, name="upload"),
    path("import/<str:name>", pages.import_upload, name="import"),
]
