"""How e-mail leaves: through the one server that TAPLINE_MAIL_URL names."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.core.mail.backends.smtp import EmailBackend

from tapline.errors import TaplineError

TIMEOUT_SECONDS = 10.0
DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class BadMailServer(TaplineError):
    """TAPLINE_MAIL_URL names no mail server."""


def mail_server(url: str) -> EmailBackend:
    """Return a connection to the server at `smtp://`, `smtp+starttls://` or `smtps://`.

    Name and password stand before the host, percent-encoded. Raises `BadMailServer`.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or DEFAULT_PORTS[parts.scheme]
    except (KeyError, ValueError) as error:
        raise _bad_server() from error
    if not parts.hostname:
        raise _bad_server()
    return EmailBackend(
        host=parts.hostname,
        port=port,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=parts.scheme == "smtp+starttls",
        use_ssl=parts.scheme == "smtps",
        timeout=TIMEOUT_SECONDS,
    )


def _bad_server() -> BadMailServer:
    return BadMailServer(
        "TAPLINE_MAIL_URL names no mail server.",
        why="It needs a kind and a host.",
        do="Write it like smtp+starttls://name:password@mail.example.com:587.",
    )
