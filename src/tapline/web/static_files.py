"""What browsers load besides pages: the bundle, served from memory under hashed names.

Django serves static files only while debugging; a folder of four small files needs no server of
its own. A name holds the hash of its content, so browsers keep a file for ever.
"""

from __future__ import annotations

import functools
import gzip
import json
import mimetypes

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from tapline.errors import TaplineError
from tapline.web.bundle import DIST

URL = "/static/tapline/"
FOR_EVER = "public, max-age=31536000, immutable"


class PagesNotBuilt(TaplineError):
    """The bundle is missing, so pages would come without style and without life."""


@functools.cache
def manifest() -> dict[str, str]:
    """Return name → hashed name of every bundled file; empty where nothing was bundled."""
    path = DIST / "manifest.json"
    if not path.exists():
        return {}
    names: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return names


def refuse_unbuilt() -> None:
    """Raise `PagesNotBuilt` where the bundle is missing."""
    if not manifest():
        raise PagesNotBuilt(
            "The pages were not built.",
            why=f"There is no manifest.json in {DIST}.",
            do="Run `make setup` in the source folder, or install the wheel: it has them inside.",
        )


def bundled_url(name: str) -> str:
    """Return the address of a bundled file, such as `app.js`."""
    return URL + manifest().get(name, name)


@require_safe
def serve(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with one bundled file. Only names of the manifest exist: nothing else can be read."""
    if name not in manifest().values():
        raise Http404
    plain, packed = _read(name)
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return HttpResponse(packed if zipped else plain, content_type=kind, headers=headers)


@functools.cache
def _read(name: str) -> tuple[bytes, bytes]:
    plain = (DIST / name).read_bytes()
    return plain, gzip.compress(plain)
