"""Registers the feature with Django: how it hears texts and tells of them, and what it keeps."""

from __future__ import annotations

from django.apps import AppConfig


class KeywordsConfig(AppConfig):
    name = "tapline.keywords"
    label = "keywords"

    def ready(self) -> None:
        from tapline.contacts import keeping
        from tapline.keywords import kept
        from tapline.keywords.hearing import hear
        from tapline.keywords.reports import words_heard
        from tapline.keywords.watched import mend_replies, written_in_replies
        from tapline.links.changing import ON_MENDED
        from tapline.links.watching import FOR_EVERYBODY
        from tapline.replies.conversation import ON_READ
        from tapline.replies.taking import ON_REPLY

        if hear not in ON_REPLY:
            ON_REPLY.append(hear)
        if words_heard not in ON_READ:
            ON_READ.append(words_heard)
        if written_in_replies not in FOR_EVERYBODY:
            FOR_EVERYBODY.append(written_in_replies)
        if mend_replies not in ON_MENDED:
            ON_MENDED.append(mend_replies)
        keeping.register(*kept.KEPT)
