"""Registers the feature with Django, and what it keeps about people."""

from __future__ import annotations

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "tapline.contacts"
    label = "contacts"

    def ready(self) -> None:
        from tapline.contacts import keeping, kept

        keeping.register(*kept.KEPT)
