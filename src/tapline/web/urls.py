"""Addresses of a workspace's start and of health."""

from __future__ import annotations

from django.urls import path

from tapline.web import home, install, languages, pages

app_name = "web"
urlpatterns = [
    path("", pages.start, name="start"),
    path("w/<int:workspace_id>/", home.home, name="home"),
    path("w/<int:workspace_id>/taps", home.show_taps, name="taps"),
    path("w/<int:workspace_id>/rates", home.show_rates, name="rates"),
    path("w/<int:workspace_id>/health", pages.show_health, name="health"),
    path("language", languages.choose_language, name="language"),
    path("manifest.webmanifest", install.show_manifest, name="manifest"),
    path("service-worker.js", install.serve_worker, name="service-worker"),
    path("offline", install.show_offline, name="offline"),
    path("-/health", pages.answer_health, name="answer-health"),
]
