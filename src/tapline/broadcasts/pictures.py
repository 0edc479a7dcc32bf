"""What is said of a broadcast's pictures, and when they are forgotten."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tapline.broadcasts.models import Broadcast, BroadcastState
from tapline.pictures.cleaning import LIGHT_BYTES
from tapline.pictures.keeping import forget, long_unused, sweep
from tapline.pictures.media import OWN, addresses_in, can_be_fetched, own, pictures_in
from tapline.pictures.models import Picture
from tapline.providers.registry import reaches_people, takes_media


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A broadcast's pictures: our own, and others' by their addresses; what stands against them."""

    own: Sequence[Picture]
    addresses: Sequence[str]
    are_taken: bool  # by the provider: else the text leaves without them
    can_be_fetched: bool  # by the provider, from where our own lie
    are_heavy: bool  # so that some networks shrink them

    def __len__(self) -> int:
        return len(self.own) + len(self.addresses)


def pictures_of(broadcast: Broadcast) -> Shown:
    """Return what is shown of a broadcast's pictures. It may be unsaved."""
    ours = pictures_in(broadcast.workspace, broadcast.media)
    is_simulated = not reaches_people(broadcast.provider)
    return Shown(
        own=ours,
        addresses=addresses_in(broadcast.media),
        are_taken=takes_media(broadcast.provider),
        can_be_fetched=is_simulated or not ours or can_be_fetched(),
        are_heavy=sum(each.size_bytes for each in ours) > LIGHT_BYTES,
    )


def forget_unused(now: dt.datetime) -> int:
    """Forget the pictures that nobody chose lately and no broadcast holds, and files without a
    picture; return how many pictures. What was sent keeps its pictures."""
    old = long_unused(now)
    used = _used({picture.workspace_id for picture in old})
    unused = [each for each in old if own(each) not in used[each.workspace_id]]
    for picture in unused:
        forget(picture)
    sweep(now.timestamp())
    return len(unused)


def _used(workspaces: set[int]) -> dict[int, set[str]]:
    """Return which pictures the broadcasts of some workspaces hold; one that was given up before
    it began holds none."""
    given_up = {"state": BroadcastState.CANCELLED, "started_at": None}
    holding = Broadcast.objects.filter(workspace__in=workspaces).exclude(media=[])
    used: dict[int, set[str]] = defaultdict(set)
    for workspace, media in holding.exclude(**given_up).values_list("workspace_id", "media"):
        used[workspace].update(each for each in media if each.startswith(OWN))
    return used
