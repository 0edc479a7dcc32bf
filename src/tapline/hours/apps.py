"""Registers the feature with Django, and what it keeps about people."""

from __future__ import annotations

from django.apps import AppConfig


class HoursConfig(AppConfig):
    name = "tapline.hours"
    label = "hours"

    def ready(self) -> None:
        from tapline.contacts import keeping
        from tapline.hours import kept

        keeping.register(*kept.KEPT)
