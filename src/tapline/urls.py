"""All addresses of pages, API and provider hooks, assembled in one place."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
