"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "tapline.signin"
    label = "signin"

    def ready(self) -> None:
        """Listen to changes of second factors."""
        from tapline.signin import recording  # It needs the models.

        recording.connect()
