"""How long files leave piece by piece, whatever server runs the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse


class FileStream(StreamingHttpResponse):
    """A download from a plain generator. Under ASGI Django would first read all of it into memory
    (StreamingHttpResponse.__aiter__); here the next piece is made when the last one has left."""

    def __init__(self, pieces: Iterator[bytes], name: str, content_type: str) -> None:
        super().__init__(pieces, content_type=content_type)
        self._pieces = pieces
        self.headers["Content-Disposition"] = f'attachment; filename="{name}"'

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await sync_to_async(self._next)():
            yield piece

    def _next(self) -> bytes:
        return next(self._pieces, b"")
