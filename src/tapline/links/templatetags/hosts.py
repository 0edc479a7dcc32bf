"""Host names as pages write them: `{% load hosts %}`."""

from __future__ import annotations

from django import template

from tapline.links.hosts import as_read

register = template.Library()


@register.filter
def as_people_read(base_url: str) -> str:
    """Return a domain's address without what is usual: `go.bücher.example`, but
    `http://localhost:8080`."""
    return as_read(base_url.removeprefix("https://"))
