"""How sample data goes: all rows that hang on its workspace, in short turns, until none is left.

What belongs to a workspace is read from the foreign keys themselves, so that a feature that is
added later is not forgotten. Asking for it stops the texts and the links at once; the worker does
the rest, a chunk at a time, and goes on after a crash.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from tapline.broadcasts.lifecycle import cancel
from tapline.broadcasts.models import Broadcast, Message
from tapline.clicks.erasing import wipe_log
from tapline.clicks.models import FileContent
from tapline.clicks.rewrite import rewrite
from tapline.contacts.models import Erasure
from tapline.errors import Conflict
from tapline.links.changes import next_change
from tapline.links.models import Domain, Link
from tapline.providers.simulator.kept import forget_texts
from tapline.turns import Turns
from tapline.welcome.own_phone import ACTOR
from tapline.workspaces.models import Sample, Workspace

ROWS_PER_TURN = 500
# Edges hear of stopped links four times a second, and ingest is a moment behind them: what was on
# its way is taken in before the clicks go.
SETTLING = dt.timedelta(seconds=10)

# The list of files drops replaced ones itself; erasures are known for as long as backups are.
OUTLIVE = (FileContent, Erasure)

_turns = Turns()


def ask_removal(workspace: Workspace) -> None:
    """Stop everything in a sample workspace, and have the worker remove it."""
    for broadcast in Broadcast.objects.filter(workspace=workspace):
        try:
            cancel(broadcast, actor=ACTOR)
        except Conflict:
            continue  # It is over already.
    with transaction.atomic():
        now = timezone.now()
        Link.objects.filter(workspace=workspace).update(deleted_at=now, change=next_change())
        Domain.objects.filter(workspace=workspace).update(deleted_at=now, change=next_change())
        Workspace.objects.filter(pk=workspace.pk, sample=Sample.THERE).update(
            sample=Sample.GOING, sample_going_at=now
        )


def remove_step() -> bool:
    """Remove the next piece of sample data that was asked for; say whether there was any."""
    asked = Workspace.objects.filter(
        sample=Sample.GOING, sample_going_at__lt=timezone.now() - SETTLING
    )
    workspace = asked.order_by("id").first()
    if workspace is None:
        return False
    if _remove_chunk(workspace):
        return True
    _remove_clicks(workspace)
    _remove_workspace(workspace)
    return True


def rows_left(workspace: Workspace) -> int:
    """Return how many rows still hang on a workspace."""
    return sum(_of(model, workspace).count() for model in owned_models())


@functools.cache
def owned_models() -> tuple[type[models.Model], ...]:
    """Return the models whose rows belong to a workspace, those that point at others first."""
    owned = [model for model in _all_models() if _paths(model)]
    ordered: list[type[models.Model]] = []
    while owned:
        # A model can go once no other one points at it.
        free = [each for each in owned if not any(_points(o, each) for o in owned if o != each)]
        ordered += free or owned
        owned = [each for each in owned if each not in ordered]
    return tuple(ordered)


def _remove_chunk(workspace: Workspace) -> bool:
    """Remove some rows of the first model that has any; say whether there were any."""
    for model in owned_models():
        found = list(_of(model, workspace).values_list("pk", flat=True)[:ROWS_PER_TURN])
        if not found:
            continue
        if model is Message:
            wipe_log(found)
        if model is Broadcast:
            _forget_broadcasts(found)
        with _turns.take():
            # The ledger of consent refuses `delete()`: its rows go only with their person, as here.
            model._base_manager.filter(pk__in=found)._raw_delete("default")
        return True
    return False


def _forget_broadcasts(ids: list[int]) -> None:
    """Forget what lies about broadcasts in places without foreign keys."""
    tokens = Broadcast.objects.filter(pk__in=ids).values_list("token", flat=True)
    forget_texts(list(tokens))


def _remove_clicks(workspace: Workspace) -> None:
    """Remove the clicks, and what names the workspace by its number alone."""
    rewrite("workspace = :workspace", {"workspace": workspace.pk}, None)
    for model in _all_models():
        names = {field.name for field in model._meta.concrete_fields}
        if "workspace_id" in names and model not in OUTLIVE:
            model._base_manager.filter(workspace_id=workspace.pk).delete()


def _remove_workspace(workspace: Workspace) -> None:
    """Remove the empty workspace. Edges hear of changed rows, not of missing ones, so another
    domain counts as changed: then they read anew which domains there are."""
    with _turns.take():
        Workspace.objects.filter(pk=workspace.pk).delete()
        other = Domain.objects.order_by("id").values("pk")[:1]
        Domain.objects.filter(pk__in=other).update(change=next_change())


def _of(model: type[models.Model], workspace: Workspace) -> models.QuerySet[models.Model]:
    condition = Q()
    for path in _paths(model):
        condition |= Q(**{path: workspace.pk})
    return model._base_manager.filter(condition).order_by()


def _all_models() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model is not Workspace and not model._meta.proxy:
            yield model


@functools.cache
def _paths(model: type[models.Model], above: tuple[type[models.Model], ...] = ()) -> list[str]:
    """Return the look-ups that lead from a model to its workspace: its own, else by its parents."""
    keys = _foreign_keys(model)
    if direct := [key.name for key in keys if key.related_model is Workspace]:
        return direct
    return [
        f"{key.name}__{path}"
        for key in keys
        if key.related_model not in (*above, model)
        for path in _paths(key.related_model, (*above, model))
    ]


def _foreign_keys(model: type[models.Model]) -> list[models.ForeignKey[models.Model]]:
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is not model
    ]


def _points(one: type[models.Model], other: type[models.Model]) -> bool:
    return any(key.related_model is other for key in _foreign_keys(one))
