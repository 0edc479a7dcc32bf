"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class LinksConfig(AppConfig):
    name = "tapline.links"
    label = "links"
