"""Reads a picture that somebody chose: by what it holds, not by its name; without what its camera
wrote into it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from tapline.errors import TaplineError
from tapline.pictures import gif, jpeg, png
from tapline.pictures.shape import Malformed

# All pictures of one text together. Source: Twilio, «Accepted content types for media»: a text of
# more than 5 MB, its words included, is rejected; JPEG, PNG and GIF are fitted to the phone.
MOST_BYTES = 5_000_000
# Others' adapters may not fit pictures to the network, and some networks take no larger ones.
# Source: SignalWire, «Messaging MIME types»: 500 KB to reach all carriers.
LIGHT_BYTES = 500_000
# A phone holds four bytes for each while it shows the picture.
MOST_PIXELS = 50_000_000

KINDS = {
    b"\xff\xd8\xff": ("jpeg", jpeg.clean),
    b"\x89PNG": ("png", png.clean),
    b"GIF8": ("gif", gif.clean),
}


class BadPicture(TaplineError):
    """A file is no picture that phones show."""


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A picture as it is kept: `kind` is jpeg, png or gif, sides are in pixels."""

    kind: str
    content: bytes
    width: int
    height: int


def clean_picture(content: bytes) -> CleanPicture:
    """Return the picture in a file, without position, time, device or comments; raises
    `BadPicture`."""
    if len(content) > MOST_BYTES:
        raise too_large(len(content))
    found = [each for start, each in KINDS.items() if content.startswith(start)]
    if not found:
        raise BadPicture(
            _("The file is no picture that texts can carry."),
            why=_("Carriers take JPEG, PNG and GIF; this is none of them, whatever its name says."),
            do=_("Save it as JPEG or PNG, and choose it again."),
        )
    ((kind, clean),) = found
    try:
        cleaned, shape = clean(content)
    except Malformed as error:
        raise BadPicture(
            _("The picture cannot be read: it is damaged or cut off."),
            why=_("Phones would show nothing of it."),
            do=_("Save it again, and choose it again."),
        ) from error
    if not 0 < shape.width * shape.height <= MOST_PIXELS:
        raise BadPicture(
            _("The picture has %(width)d × %(height)d pixels.") % shape._asdict(),
            why=_("Phones cannot show so many."),
            do=_("Make it smaller: 1,200 pixels on its longer side are enough."),
        )
    return CleanPicture(kind, cleaned, shape.width, shape.height)


def too_large(size_bytes: int) -> BadPicture:
    """Return what is said of a picture, or of a text's pictures together, that are too large."""
    return BadPicture(
        _("The pictures have %(size)s MB.") % {"size": f"{size_bytes / 1e6:.1f}"},
        why=_("Providers take at most %(most)d MB with one text.") % {"most": MOST_BYTES // 10**6},
        do=_("Make them smaller: 1,200 pixels on the longer side are enough."),
    )
