"""What an account knows of how its texts arrive, for telling people from machines.

Read by `clicks.arrival`, which gives the figures to the rules.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tapline.clicks.arrival import LATEST_SOONEST_TAP, RECEIPTS_OPTION, SOONEST_OPTION
from tapline.providers.kinds import Field


def arrival_fields(*, soonest_tap_seconds: str, receipts: str) -> tuple[Field, ...]:
    """Return the fields in which an account says this, with the defaults of its kind."""
    return (
        Field(
            name=SOONEST_OPTION,
            label=_("Seconds before which nobody can have tapped"),
            help=_(
                "Counted from when the provider takes a text. Whatever opens a link sooner counts"
                " as a machine. 0: nothing is said from this."
            ),
            required=False,
            default=soonest_tap_seconds,
            limits=(0.0, LATEST_SOONEST_TAP),
        ),
        Field(
            name=RECEIPTS_OPTION,
            label=_("When a receipt says that a text arrived"),
            help=_("Some providers say «delivered» when the carrier took the text."),
            required=False,
            default=receipts,
            choices=(
                ("yes", _("It was on the phone then")),
                ("no", _("Not to be relied on: an opening before it is no sign of a machine")),
            ),
        ),
    )
