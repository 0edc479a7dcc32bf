"""Registers the feature with Django, and what it keeps about people."""

from __future__ import annotations

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "tapline.contacts"
    label = "contacts"

    def ready(self) -> None:
        from tapline.contacts import history, keeping, kept
        from tapline.contacts.erasures import erase_after_restore
        from tapline.contacts.history_own import tell_own
        from tapline.instance.restoring import ERASE_AGAIN

        keeping.register(*kept.KEPT)
        if tell_own not in history.SOURCES:
            history.SOURCES.append(tell_own)
        if erase_after_restore not in ERASE_AGAIN:
            ERASE_AGAIN.append(erase_after_restore)
