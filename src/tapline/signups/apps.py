"""Registers the feature with Django, and what it keeps about people."""

from __future__ import annotations

from django.apps import AppConfig


class SignUpsConfig(AppConfig):
    name = "tapline.signups"
    label = "signups"

    def ready(self) -> None:
        from tapline.contacts import keeping
        from tapline.signups import kept

        keeping.register(*kept.KEPT)
