"""Pictures of a text that is being written: chosen and taken out, without leaving the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from tapline.broadcasts.composing import MOST_MEDIA
from tapline.broadcasts.drafts import as_unsaved, read_what_can_be_read
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.pictures import pictures_of
from tapline.errors import TaplineError
from tapline.pictures.cleaning import BadPicture
from tapline.pictures.keeping import add_picture
from tapline.pictures.media import OWN, own
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

ADD, WITHOUT = "picture", "without,"


@inside(Need.EDIT, "POST")
def change_pictures(visit: Visit) -> HttpResponse:
    """Add the chosen picture, or take one out; show, as a fragment, which there are now."""
    values, _wrong = read_what_can_be_read(visit.workspace, visit.request.POST)
    draft = as_unsaved(visit.workspace, values, None)
    error = None
    try:
        wish = visit.request.GET.get("do", ADD)
        draft.media = changed_media(visit, draft.media, wish)
    except TaplineError as wrong:
        error = wrong
    context = pictures_context(draft) | {"broadcast": draft, "picture_error": error}
    return visit.render("broadcasts/compose/_pictures.html", context)


def pictures_context(draft: Broadcast) -> dict[str, Any]:
    """Return what the composer shows of a draft's pictures."""
    shown = pictures_of(draft)
    return {"pictures": shown, "media": "\n".join(shown.addresses)}


def is_about_pictures(wish: str) -> bool:
    """Say whether a pressed button is one of the pictures'."""
    return wish == ADD or wish.startswith(WITHOUT)


def changed_media(visit: Visit, media: Sequence[str], wish: str) -> list[str]:
    """Return a draft's media as a pressed button wants them. Raises `BadPicture`."""
    if wish.startswith(WITHOUT):
        return [each for each in media if each != OWN + wish.removeprefix(WITHOUT)]
    upload = visit.request.FILES.get("picture_file")
    if upload is None:
        raise BadPicture(
            _("No picture was chosen."),
            why=_("There is nothing to add."),
            do=_("Choose a file first."),
        )
    if len(media) >= MOST_MEDIA:
        raise BadPicture(
            _("There are %(most)d pictures already.") % {"most": MOST_MEDIA},
            why=_("Providers take no more with one text."),
            do=_("Take one out first."),
        )
    chosen = own(add_picture(visit.workspace, upload, actor=visit.actor))
    return list(dict.fromkeys([*media, chosen]))
