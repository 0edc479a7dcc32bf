"""Serves pictures to whoever has their address: phones' carriers cannot sign in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from tapline.pictures.keeping import read_content
from tapline.pictures.models import SUFFIXES, Picture

# A provider fetches it once or for each text; what it is never changes.
A_DAY_SECONDS = 24 * 3600
HEADERS = {
    "Cache-Control": f"public, max-age={A_DAY_SECONDS}, immutable",
    # Whatever a browser takes it for: it runs nothing, and is no page.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@require_safe
def serve_picture(_request: HttpRequest, token: str, suffix: str) -> HttpResponse:
    """Answer a picture, whole."""
    picture = get_object_or_404(Picture, token=token)
    if suffix != SUFFIXES[picture.kind]:
        raise Http404
    # Short and plain, as providers want names.
    named = {"Content-Disposition": f'inline; filename="picture.{suffix}"'}
    return HttpResponse(
        read_content(picture), content_type=f"image/{picture.kind}", headers=HEADERS | named
    )
