"""What stands around every page: `{% load shell %}`."""

from __future__ import annotations

from django import template

from tapline.web import icons, rooms

register = template.Library()
register.simple_tag(icons.icon)
register.simple_tag(icons.mark)
register.simple_tag(rooms.entries)
register.simple_tag(rooms.setting_entries)
register.simple_tag(rooms.other_workspaces)
