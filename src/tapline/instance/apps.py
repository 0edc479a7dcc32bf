"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class InstanceConfig(AppConfig):
    name = "tapline.instance"
    label = "instance"
