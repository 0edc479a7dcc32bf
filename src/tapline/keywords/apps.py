"""Registers the feature with Django, how it hears texts, and what it keeps about people."""

from __future__ import annotations

from django.apps import AppConfig


class KeywordsConfig(AppConfig):
    name = "tapline.keywords"
    label = "keywords"

    def ready(self) -> None:
        from tapline.contacts import keeping
        from tapline.keywords import kept
        from tapline.keywords.hearing import hear
        from tapline.replies.taking import ON_REPLY

        if hear not in ON_REPLY:
            ON_REPLY.append(hear)
        keeping.register(*kept.KEPT)
