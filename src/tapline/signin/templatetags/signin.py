"""What pages of passkeys need: `{% load signin %}`."""

from __future__ import annotations

import json
from typing import Any

from django import template

from tapline.signin.pages import passkeys_work

register = template.Library()
register.simple_tag(passkeys_work)


@register.filter
def as_json(options: Any) -> str:
    """Return what a browser needs for a passkey as JSON, for an attribute."""
    return json.dumps(options)
