"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "tapline.web"
    label = "web"
