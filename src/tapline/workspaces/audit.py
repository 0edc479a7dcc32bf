"""Who changed what, when, from what to what: one row per change, in the change's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model, QuerySet

from tapline.workspaces.models import AuditEntry, User, Workspace


def record(
    workspace: Workspace,
    actor: str,
    action: str,
    obj: Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write down one change and return its row.

    Call it inside the transaction that makes the change, so that neither exists without the
    other. `before` and `after` hold the changed fields alone, as JSON values; secrets never.
    """
    return AuditEntry.objects.create(
        workspace=workspace,
        actor=actor,
        action=action,
        object_kind=obj._meta.model_name or "",
        object_id=obj.pk,
        before=dict(before or {}),
        after=dict(after or {}),
    )


def as_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a model as the audit holds them: JSON values as they are, things by their
    name (or number), all else (moments, amounts) as text."""
    return {name: _as_value(value) for name, value in fields.items()}


def _as_value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | dict | list):
        return value
    return (getattr(value, "name", "") or value.pk) if isinstance(value, Model) else str(value)


def user_actor(user: User) -> str:
    """Return how a person is named as the actor of a change."""
    return f"user {user.pk}"


def history(workspace: Workspace) -> QuerySet[AuditEntry]:
    """Return the changes of one workspace, newest first."""
    return AuditEntry.objects.filter(workspace=workspace).order_by("-at", "-id")


def actor_names(entries: list[AuditEntry]) -> dict[str, str]:
    """Return actor → what pages call them, for everybody in `entries`."""
    return names_of_actors(entry.actor for entry in entries)


def names_of_actors(actors: Iterable[str]) -> dict[str, str]:
    """Return actor → what pages call them: people by e-mail address, others as they are."""
    ids = {actor: _user_id(actor) for actor in actors}
    users = User.objects.in_bulk([number for number in ids.values() if number is not None])
    return {
        actor: users[number].email if number in users else actor for actor, number in ids.items()
    }


def _user_id(actor: str) -> int | None:
    kind, _, number = actor.rpartition(" ")
    return int(number) if kind == "user" and number.isdigit() else None
