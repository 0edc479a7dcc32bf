"""Registers the feature with Django, and what it keeps about people."""

from __future__ import annotations

from django.apps import AppConfig


class HoursConfig(AppConfig):
    name = "tapline.hours"
    label = "hours"

    def ready(self) -> None:
        from tapline.contacts import keeping, question_sql
        from tapline.hours import kept
        from tapline.hours.living import lives_in_sql

        keeping.register(*kept.KEPT)
        if lives_in_sql not in question_sql.PLACES:
            question_sql.PLACES.append(lives_in_sql)
