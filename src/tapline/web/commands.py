"""`tapline web`: pages and API in one process."""

from __future__ import annotations

import click
import uvicorn

from tapline import config
from tapline.addresses import proxy_trust
from tapline.instance.first_start import make_ready
from tapline.web.static_files import refuse_unbuilt

STOP_SECONDS = 10


@click.command()
@click.option("--listen", metavar="HOST:PORT", help="Instead of TAPLINE_WEB_LISTEN.")
def web(listen: str | None) -> None:
    """Serve pages and API, one process; any number may run on one data folder.

    `tapline up` starts it for you. Requests at work are finished when it is told to stop.

    \b
    Examples:
      tapline web
      tapline web --listen 0.0.0.0:8000
    """
    refuse_unbuilt()
    settings = config.current()
    # A mistake in it is told now, not to the first visitor.
    proxy_trust(
        settings.web_client_address_header, settings.web_trusted_proxies, "web_trusted_proxies"
    )
    host, port = config.parse_address(listen or settings.web_listen)
    make_ready()
    uvicorn.run(
        "tapline.asgi:application",
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # Paths hold one-time sign-in tokens.
        server_header=False,
        proxy_headers=False,  # `web.clients` reads them, by the rule of the edge.
        lifespan="off",
        timeout_graceful_shutdown=STOP_SECONDS,
    )
