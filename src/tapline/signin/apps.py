"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "tapline.signin"
    label = "signin"

    def ready(self) -> None:
        """Listen to changes of second factors; end sessions when the instance is restored."""
        from tapline.instance.restoring import CLOSE_ACCESS
        from tapline.signin import recording  # It needs the models.
        from tapline.signin.ending import end_all_sessions

        recording.connect()
        if end_all_sessions not in CLOSE_ACCESS:
            CLOSE_ACCESS.append(end_all_sessions)
