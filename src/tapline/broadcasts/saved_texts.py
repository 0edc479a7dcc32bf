"""How texts are saved to be used again, and what each did in its broadcasts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tapline.broadcasts.composing import MOST_CHARACTERS, BadBroadcast
from tapline.broadcasts.models import Broadcast, SavedText
from tapline.broadcasts.samples import samples_of
from tapline.digits import whole_number
from tapline.errors import Conflict
from tapline.intervals import Range, Sample, pooled, range_of
from tapline.texts.personal import compile_text
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One broadcast that began with a saved text, and how many of those reached tapped."""

    broadcast: Broadcast
    sample: Sample

    @property
    def range(self) -> Range:
        """From where to where its click rate may lie."""
        return range_of(self.sample)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a saved text did so far, the newest use first."""

    saved: SavedText
    uses: tuple[Use, ...]

    @property
    def sample(self) -> Sample:
        return pooled(use.sample for use in self.uses)

    @property
    def range(self) -> Range:
        return range_of(self.sample)


def saved_texts_of(workspace: Workspace) -> QuerySet[SavedText]:
    """Return the texts that a workspace may use, by name: its own and those of all above it."""
    mine = SavedText.objects.filter(workspace_id__in=workspace.ancestor_ids)
    return mine.select_related("workspace").order_by("name", "id")


def find_saved_text(workspace: Workspace, raw: str) -> SavedText | None:
    """Return the saved text that an address or a form names, where the workspace may use it."""
    return saved_texts_of(workspace).filter(pk=whole_number(raw) or 0).first()


def save_text(
    workspace: Workspace, name: str, text: str, *, actor: str, stored: SavedText | None = None
) -> SavedText:
    """Return a new saved text, or `stored` with another name and text.

    Raises `BadBroadcast`, `Conflict` where the name is taken, and what `compile_text` raises.
    """
    name, text = name.strip(), text.replace("\r\n", "\n").strip()
    _refuse_bad(name, text)
    saved = stored or SavedText(workspace=workspace, created_by=actor)
    before = {"name": saved.name, "text": saved.text} if stored else None
    saved.name, saved.text = name, text
    try:
        with transaction.atomic():
            saved.save()
            action = "saved_text.changed" if stored else "saved_text.created"
            record(workspace, actor, action, saved, before, {"name": name, "text": text})
    except IntegrityError as error:
        raise Conflict(
            _("There is a saved text called «%(name)s».") % {"name": name},
            why=_("Names tell saved texts apart."),
            do=_("Choose another name, or change that one."),
        ) from error
    return saved


def forget_text(saved: SavedText, *, actor: str) -> None:
    """Forget a saved text; broadcasts that began with it stay as they are."""
    with transaction.atomic():
        before = {"name": saved.name, "text": saved.text}
        record(saved.workspace, actor, "saved_text.deleted", saved, before)
        saved.delete()


def histories(workspace: Workspace, texts: Iterable[SavedText]) -> list[History]:
    """Return what each text did in the broadcasts of `workspace` itself, tests left out."""
    texts = list(texts)
    found = Broadcast.objects.filter(
        workspace=workspace, saved_text__in=texts, is_test=False, started_at__isnull=False
    )
    broadcasts = list(found.order_by("-started_at"))
    samples = samples_of([each.pk for each in broadcasts])
    uses: dict[int | None, list[Use]] = {}
    for each in broadcasts:
        use = Use(broadcast=each, sample=samples[each.pk])
        uses.setdefault(each.saved_text_id, []).append(use)
    return [History(saved=each, uses=tuple(uses.get(each.pk, ()))) for each in texts]


def _refuse_bad(name: str, text: str) -> None:
    if not 0 < len(name) <= 80:
        raise BadBroadcast(
            _("The saved text needs a name."),
            why=_("It is found again by it; it has 1 to 80 characters."),
            do=_("Name it after what it is for, such as «Monthly menu»."),
        )
    if not text or len(text) > MOST_CHARACTERS:
        raise BadBroadcast(
            _("The text is empty or too long."),
            why=_("Providers take texts of up to %(most)d characters.") % {"most": MOST_CHARACTERS},
            do=_("Write it, or shorten it."),
        )
    compile_text(text)
