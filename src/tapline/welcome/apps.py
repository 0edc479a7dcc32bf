"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class WelcomeConfig(AppConfig):
    name = "tapline.welcome"
    label = "welcome"
