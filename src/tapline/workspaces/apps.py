"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    name = "tapline.workspaces"
    label = "workspaces"
