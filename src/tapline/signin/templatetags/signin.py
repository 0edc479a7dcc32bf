"""What pages of passkeys need: `{% load signin %}`."""

from __future__ import annotations

import json
from typing import Any

from django import template

from tapline.signin import passkeys

register = template.Library()


@register.simple_tag(takes_context=True)
def passkeys_work(context: template.Context) -> bool:
    """Say whether browsers let this page use passkeys."""
    return passkeys.passkeys_work(context["request"])


@register.filter
def as_json(options: Any) -> str:
    """Return what a browser needs for a passkey as JSON, for an attribute."""
    return json.dumps(options)
