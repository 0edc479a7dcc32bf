"""All addresses of pages, API and provider hooks, assembled in one place."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from tapline.providers.simulator import hooks

urlpatterns: list[URLPattern | URLResolver] = [
    path("hooks/simulator/receipts", hooks.receipts),
    path("hooks/simulator/replies", hooks.replies),
]
