"""What hours keep of a person; see `contacts.keeping`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tapline.contacts.keeping import Kept

FIND = """
-- Where a person last tapped.
select place, tapped_at from hours_tapplace
where contact_id in (select value from json_each(%(contacts)s))
  and workspace_id in (select value from json_each(%(workspaces)s))
"""

ERASE = """
-- The place says nothing without the person: the row goes.
delete from hours_tapplace
where contact_id in (select value from json_each(%(contacts)s))
  and workspace_id in (select value from json_each(%(workspaces)s))
"""

KEPT = (
    Kept(
        name="tap_places",
        tables=("hours_tapplace",),
        words=_("In which state or country you last tapped a link, so that texts come by day"),
        kept_for=_("at most 30 days"),  # taps.DAYS
        find=lambda person: person.rows(FIND),
        erase=lambda person: person.change(ERASE),
    ),
)
