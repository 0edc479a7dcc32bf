"""Registers the feature with Django, what it keeps about people, and how it hears a yes."""

from __future__ import annotations

from django.apps import AppConfig


class SignUpsConfig(AppConfig):
    name = "tapline.signups"
    label = "signups"

    def ready(self) -> None:
        from tapline.contacts import keeping
        from tapline.replies.taking import ON_REPLY
        from tapline.signups import kept
        from tapline.signups.confirming import hear

        if hear not in ON_REPLY:
            ON_REPLY.append(hear)
        keeping.register(*kept.KEPT)
