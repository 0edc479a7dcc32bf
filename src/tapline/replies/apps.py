"""Registers the feature with Django, and what it keeps about people."""

from __future__ import annotations

from django.apps import AppConfig


class RepliesConfig(AppConfig):
    name = "tapline.replies"
    label = "replies"

    def ready(self) -> None:
        from tapline.contacts import keeping
        from tapline.replies import kept

        keeping.register(*kept.KEPT)
