"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ClicksConfig(AppConfig):
    name = "tapline.clicks"
    label = "clicks"
