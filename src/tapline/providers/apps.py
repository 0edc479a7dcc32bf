"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "tapline.providers"
    label = "providers"
