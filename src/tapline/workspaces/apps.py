"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    name = "tapline.workspaces"
    label = "workspaces"

    def ready(self) -> None:
        """Close, after a restore, what may have been taken away since the backup."""
        from tapline.instance.restoring import CLOSE_ACCESS
        from tapline.workspaces.restored import close_access

        if close_access not in CLOSE_ACCESS:
            CLOSE_ACCESS.append(close_access)
