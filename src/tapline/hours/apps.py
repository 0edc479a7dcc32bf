"""Registers the feature with Django, and what it keeps about people."""

from __future__ import annotations

from django.apps import AppConfig


class HoursConfig(AppConfig):
    name = "tapline.hours"
    label = "hours"

    def ready(self) -> None:
        from tapline.contacts import keeping, question_places
        from tapline.hours import kept
        from tapline.hours.living import PLACE_BOOK

        keeping.register(*kept.KEPT)
        if PLACE_BOOK not in question_places.BOOKS:
            question_places.BOOKS.append(PLACE_BOOK)
