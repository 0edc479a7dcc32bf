"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "tapline.insights"
    label = "insights"
