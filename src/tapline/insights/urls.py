"""Addresses of what works, below a workspace's own."""

from __future__ import annotations

from django.urls import path

from tapline.insights import pages

app_name = "insights"
urlpatterns = [path("", pages.what_works, name="what-works")]
