"""Addresses of contacts, below a workspace's own."""

from __future__ import annotations

from django.urls import path

from tapline.contacts import (
    pages,
    pages_consent,
    pages_edit,
    pages_erase,
    pages_import,
    pages_notice,
    pages_people,
    pages_segments,
)

app_name = "contacts"
urlpatterns = [
    path("", pages_people.list_contacts, name="list"),
    path("several", pages_people.change_several, name="several"),
    path("<int:contact_id>/", pages.show, name="show"),
    path("<int:contact_id>/consent.pdf", pages_consent.show_pdf, name="consent-pdf"),
    path("<int:contact_id>/everything.zip", pages_consent.export, name="export"),
    path("<int:contact_id>/erase", pages_erase.erase, name="erase"),
    path("<int:contact_id>/stop", pages.stop, name="stop"),
    path("<int:contact_id>/change", pages_edit.change, name="change"),
    path("<int:contact_id>/role", pages.set_role, name="role"),
    path("segments/", pages_segments.list_segments, name="segments"),
    path("segments/new", pages_segments.edit, name="new-segment"),
    path("segments/count", pages_segments.count_posted, name="count-segment"),
    path("segments/<int:segment_id>/", pages_segments.show, name="segment"),
    path("segments/<int:segment_id>/edit", pages_segments.edit, name="edit-segment"),
    path("segments/<int:segment_id>/delete", pages_segments.delete, name="delete-segment"),
    path("kept", pages_notice.show, name="notice"),
    path("kept/publish", pages_notice.publish, name="publish-notice"),
    path("kept/withdraw", pages_notice.withdraw, name="withdraw-notice"),
    path("import", pages_import.upload, name="upload"),
    path("imports/", pages_import.list_imports, name="imports"),
    path("imports/<int:import_id>/", pages_import.show_import, name="imported"),
    path("imports/<int:import_id>/progress", pages_import.show_progress, name="progress"),
    path("imports/<int:import_id>/go-on", pages_import.go_on, name="go-on"),
    path("imports/<int:import_id>/refused.csv", pages_import.download_refused, name="refused"),
    path("import/<str:name>", pages_import.import_upload, name="import"),
]
