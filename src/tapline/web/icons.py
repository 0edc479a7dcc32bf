"""The pictures beside words: strokes on a field of 20 by 20, drawn for Tapline."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

# Words say it all: pictures are hidden from those who hear the page.
PATHS: dict[str, str] = {
    "home": "M3 9.2 10 3.5l7 5.7V16a1 1 0 0 1-1 1h-3.7v-4.6H7.7V17H4a1 1 0 0 1-1-1z",
    "broadcasts": "M17.2 2.8 9 11m8.2-8.2L12 17.2 9 11 2.8 8z",
    "contacts": (
        "M10 9.5A3.2 3.2 0 1 0 10 3a3.2 3.2 0 0 0 0 6.5zM3.5 17c.4-3.2 3-5 6.5-5s6.1 1.8 6.5 5"
    ),
    "replies": (
        "M3 5.2C3 4 4 3 5.2 3h9.6C16 3 17 4 17 5.2v6.3c0 1.2-1 2.2-2.2 2.2H9L5 17v-3.3"
        "C3.9 13.6 3 12.7 3 11.5z"
    ),
    "links": (
        "M8.3 11.7a3.2 3.2 0 0 0 4.5 0l3.2-3.2a3.2 3.2 0 0 0-4.5-4.5l-.9.9"
        "M11.7 8.3a3.2 3.2 0 0 0-4.5 0L4 11.5A3.2 3.2 0 0 0 8.5 16l.9-.9"
    ),
    "keywords": "M7.8 3.5 6.2 16.5M13.8 3.5l-1.6 13M4 7.5h13M3 12.5h13",
    "insights": "M3.5 16.5h13M5.5 13.5v-3M10 13.5v-9M14.5 13.5V7.5",
    "domains": (
        "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM3 10h14M10 3c2 2 2.9 4.3 2.9 7S12 15 10 17"
        "c-2-2-2.9-4.3-2.9-7S8 5 10 3z"
    ),
    "providers": "M7 3v4m6-4v4M5 7h10v2.5a5 5 0 0 1-10 0zM10 14.5V17.5",
    "hours": "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4l2.7 1.8",
    "settings": (
        "M3 6h7m4 0h3M3 14h3m4 0h7M12 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"
        "M8 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"
    ),
    "health": "M2.5 10.5h3.3L8 5l3.8 10 2.3-4.5h3.4",
    "menu": "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
    "keys": "M3 5.5h14v9H3zM6 8.5h.1M9 8.5h.1M12 8.5h.1M14.5 8.5h.1M6.5 11.7h7",
    "leave": "M8 3.5H4.5a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1H8M12.5 13.5 16.5 10l-4-3.5M16 10H8",
    "unfold": "m6.5 8 3.5-3.5L13.5 8m-7 4 3.5 3.5 3.5-3.5",
    "done": "m4.5 10.5 3.7 3.7 7.3-8",
    "todo": "M10 16.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z",
    "look": "M10 3.2 17.8 16.8H2.2zM10 8.2v3.8M10 14.3v.2",
}


def icon(name: str) -> SafeString:
    """Return the picture of this name as SVG."""
    return format_html(
        '<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="{}"/></svg>',
        mark_safe(PATHS[name]),  # noqa: S308  # one of the constants above
    )


def mark() -> SafeString:
    """Return Tapline's own sign: a tap and the line that it leaves."""
    return mark_safe(  # a constant
        '<svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true" fill="none" '
        'stroke="currentColor" stroke-width="2.6" stroke-linecap="round">'
        '<circle cx="7.5" cy="12" r="3" fill="currentColor" stroke="none"/>'
        '<path d="M12.5 12H22M2.8 7.3a6.7 6.7 0 0 1 9.4 0M2.8 16.7a6.7 6.7 0 0 0 9.4 0"/></svg>'
    )
