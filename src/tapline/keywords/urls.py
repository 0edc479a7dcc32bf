"""Addresses of keywords, below a workspace's own."""

from __future__ import annotations

from django.urls import path

from tapline.keywords import pages

app_name = "keywords"
urlpatterns = [
    path("", pages.list_keywords, name="list"),
    path("destinations", pages.show_destinations, name="destinations"),
    path("new", pages.create, name="new"),
    path("<int:keyword_id>/", pages.show, name="show"),
    path("<int:keyword_id>/change", pages.change, name="change"),
    path("<int:keyword_id>/end", pages.end, name="end"),
]
