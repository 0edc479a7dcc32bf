"""What a text's `media` holds: addresses of others' pictures, and pictures of our own by token.

Ours are stored without their host, so that they move with the instance; providers get the whole
address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from tapline import config
from tapline.destinations import check_destination
from tapline.errors import NotFound
from tapline.outbound import is_public_host
from tapline.pictures.cleaning import MOST_BYTES, too_large
from tapline.pictures.models import Picture
from tapline.workspaces.models import Workspace

OWN = "picture:"


def own(picture: Picture) -> str:
    """Return how a text's `media` names a picture of ours."""
    return OWN + picture.token


def address_of(picture: Picture) -> str:
    """Return the address from which a provider fetches a picture."""
    return _base() + picture.path


def check_media(workspace: Workspace, media: Sequence[str]) -> list[str]:
    """Return `media` as it is stored: our own addresses by their token, others' as they are.

    Raises `NotFound` for a picture that is not the workspace's, `BadDestination` for an address
    that is none, and `BadPicture` where those of ours are too large together.
    """
    entries = [_as_own(each) for each in media]
    found = _found(workspace, entries)
    checked = [each if each in found else _refuse_unknown(each) for each in dict.fromkeys(entries)]
    size = sum(picture.size_bytes for picture in found.values())
    if size > MOST_BYTES:
        raise too_large(size)
    return checked


def pictures_in(workspace: Workspace, media: Iterable[str]) -> list[Picture]:
    """Return the workspace's own pictures in `media`, in their order."""
    entries = list(dict.fromkeys(media))
    found = _found(workspace, entries)
    return [found[each] for each in entries if each in found]


def addresses_in(media: Iterable[str]) -> list[str]:
    """Return others' pictures in `media`: their addresses."""
    return [each for each in media if not each.startswith(OWN)]


def public_media(workspace: Workspace, media: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses that a provider gets; a picture that is gone is left out."""
    found = _found(workspace, media)
    return tuple(
        address_of(found[each]) if each in found else each
        for each in media
        if each in found or not each.startswith(OWN)
    )


def can_be_fetched() -> bool:
    """Say whether providers can reach our own pictures: whether the pages' public address is no
    machine of this network."""
    return is_public_host(urlsplit(_base()).hostname or "")


def _found(workspace: Workspace, media: Iterable[str]) -> dict[str, Picture]:
    tokens = [each.removeprefix(OWN) for each in media if each.startswith(OWN)]
    if not tokens:
        return {}
    return {
        own(each): each for each in Picture.objects.filter(workspace=workspace, token__in=tokens)
    }


def _as_own(entry: str) -> str:
    path = entry.removeprefix(_base())
    is_ours = path != entry and path.startswith("/pictures/")
    return OWN + path.removeprefix("/pictures/").partition(".")[0] if is_ours else entry


def _refuse_unknown(entry: str) -> str:
    """Return others' address, checked; raises `NotFound` for a picture of ours that is not here."""
    if not entry.startswith(OWN):
        return check_destination(entry)
    raise NotFound(
        "There is no such picture here.",
        why="It belongs to another workspace, or nobody used it for days.",
        do="Choose it again.",
    )


def _base() -> str:
    return config.current().web_url.rstrip("/")
