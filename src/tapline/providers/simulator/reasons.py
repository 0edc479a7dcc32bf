"""What the simulator's codes mean and what can be done. They are numbered as Twilio's are."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tapline.providers.base import Reason

REASONS: dict[str, Reason] = {
    "30003": Reason(
        _("the phone was switched off or out of reach"),
        _("Try these people again another day."),
    ),
    "30006": Reason(
        _("the number is a landline"),
        _("Ask these people for a mobile number."),
    ),
    "30007": Reason(
        _("the carrier's filter blocked the text"),
        _("Use one link on a domain of your own, say who you are, and check your registration."),
    ),
    "21211": Reason(
        _("the number is no phone number"),
        _("Correct the number."),
    ),
}
