"""Who asks for a page: the client behind our own proxies, by the same rule as at the edge."""

from __future__ import annotations

import functools

from django.http import HttpRequest

from tapline import config
from tapline.addresses import ProxyTrust, normal_address, proxy_trust


def client_address(request: HttpRequest) -> str:
    """Return the address of whoever sent a request: the rightmost hop that is no configured proxy,
    else the peer; empty where there is none, as on a Unix socket."""
    peer = normal_address(request.META.get("REMOTE_ADDR", ""))
    if peer is None:
        return ""
    settings = config.current()
    trust = _trust(settings.web_client_address_header, settings.web_trusted_proxies)
    name = trust.header.decode()
    # Django joins a header that came twice in the order in which it came, as proxies append.
    told = request.headers.get(name)
    return trust.client_address(peer, {} if told is None else {trust.header: told.encode()})


@functools.lru_cache(maxsize=4)
def _trust(header: str, networks: str) -> ProxyTrust:
    return proxy_trust(header, networks, "web_trusted_proxies")
