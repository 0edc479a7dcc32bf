"""Addresses of quiet hours, below a workspace's settings."""

from __future__ import annotations

from django.urls import path

from tapline.hours import pages

app_name = "hours"
urlpatterns = [
    path("", pages.show, name="show"),
    path("decisions", pages.change, name="change"),
    path("rules", pages.replace, name="replace"),
]
