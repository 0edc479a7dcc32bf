"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class HoursConfig(AppConfig):
    name = "tapline.hours"
    label = "hours"
