"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class PicturesConfig(AppConfig):
    name = "tapline.pictures"
    label = "pictures"
