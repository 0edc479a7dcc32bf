"""Registers the feature with Django, and with the opt-outs that stop its waiting messages."""

from __future__ import annotations

from django.apps import AppConfig


class BroadcastsConfig(AppConfig):
    name = "tapline.broadcasts"
    label = "broadcasts"

    def ready(self) -> None:
        from tapline.broadcasts.stopping import stop_waiting
        from tapline.contacts.consent import ON_OPT_OUT

        if stop_waiting not in ON_OPT_OUT:
            ON_OPT_OUT.append(stop_waiting)
