"""What makes the pages an app that can be installed: manifest, icons, and a page for no network.

The service worker keeps that one page and its style, and nothing else: pages show people's data.
"""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tapline.web.bundle import DIST, ICON_SIZES
from tapline.web.static_files import bundled_url, manifest

OFFLINE = "/offline"
PAPER, ACCENT = "#f6f7f5", "#0b6b4d"


@require_safe
def show_manifest(request: HttpRequest) -> HttpResponse:
    """Answer what browsers ask before they install: name, icons, where it starts."""
    pictures = [
        {"src": bundled_url(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in ICON_SIZES
    ]
    told = {
        "name": "Tapline",
        "short_name": "Tapline",
        "description": _("Who tapped the links in your texts"),
        "id": "/",
        "start_url": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": ACCENT,
        "icons": [
            {"src": bundled_url("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            *pictures,
            {**pictures[-1], "purpose": "maskable"},
        ],
    }
    return JsonResponse(told, content_type="application/manifest+json")


@require_safe
def serve_worker(request: HttpRequest) -> HttpResponse:
    """Answer with the service worker, told what it may keep; a new style makes it a new one."""
    keep = json.dumps([OFFLINE, bundled_url("app.css")])
    code = (DIST / manifest()["service-worker.js"]).read_text(encoding="utf-8")
    headers = {"Cache-Control": "no-cache"}
    return HttpResponse(f"self.keep={keep};\n{code}", "text/javascript", headers=headers)


@require_safe
def show_offline(request: HttpRequest) -> HttpResponse:
    """Show what is kept for when the network is gone."""
    return render(request, "web/offline.html")
