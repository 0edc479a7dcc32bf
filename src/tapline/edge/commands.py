"""`tapline edge`: answer links."""

from __future__ import annotations

import click

from tapline import config
from tapline.edge.parent import serve


@click.command()
def edge() -> None:
    """Answer links: send each tap to its page and write it down.

    Prints one line when it serves. It copies what it needs from the control database and goes on
    without it; started first, it waits for it. Ctrl-C answers what is under way, then ends.

    \b
    Settings (environment), among others:
      TAPLINE_EDGE_LISTEN         where links are answered, e.g. 0.0.0.0:80,[::]:80
      TAPLINE_EDGE_PROCESSES      serving children; one per core that is to serve
      TAPLINE_EDGE_ADMIN_LISTEN   /-/health and /-/metrics
      TAPLINE_EDGE_TLS_LISTEN     with …_TLS_CERTIFICATE and …_TLS_KEY: TLS without a proxy
      TAPLINE_EDGE_TRUSTED_PROXIES, TAPLINE_EDGE_CLIENT_ADDRESS_HEADER   behind a proxy

    \b
    Examples:
      tapline edge
      TAPLINE_EDGE_LISTEN=[::]:8080 tapline edge
      curl -s http://127.0.0.1:8081/-/health
    """
    serve(config.current(), say=lambda line: click.echo(line, err=True))
