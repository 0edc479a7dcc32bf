"""Registers the feature with Django, what it keeps about people, and how far opt-outs reach."""

from __future__ import annotations

from django.apps import AppConfig


class RepliesConfig(AppConfig):
    name = "tapline.replies"
    label = "replies"

    def ready(self) -> None:
        from tapline.broadcasts.opted_out import SCOPES
        from tapline.contacts import history, keeping
        from tapline.replies import kept
        from tapline.replies.automatic import opt_out_scope
        from tapline.replies.history import tell_openings, tell_texts

        if opt_out_scope not in SCOPES:
            SCOPES.append(opt_out_scope)
        keeping.register(*kept.KEPT)
        if tell_texts not in history.SOURCES:
            history.SOURCES.append(tell_texts)
            history.FINISHES.append(tell_openings)
