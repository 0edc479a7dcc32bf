"""Where passkeys can be used: browsers ask for https, and let localhost pass."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest

from tapline import config

THIS_MACHINE = "localhost"


def passkey_host(request: HttpRequest) -> str:
    """Return the host name that passkeys belong to: that of the instance's pages, whatever a Host
    header says, except on this very machine."""
    if request.get_host().partition(":")[0] == THIS_MACHINE:
        return THIS_MACHINE
    return urlsplit(config.current().web_url).hostname or THIS_MACHINE


def passkeys_work(request: HttpRequest) -> bool:
    """Say whether browsers let the page of this request use passkeys."""
    is_safe = urlsplit(config.current().web_url).scheme == "https"
    return is_safe or passkey_host(request) == THIS_MACHINE
