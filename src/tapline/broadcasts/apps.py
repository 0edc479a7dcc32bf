"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class BroadcastsConfig(AppConfig):
    name = "tapline.broadcasts"
    label = "broadcasts"
