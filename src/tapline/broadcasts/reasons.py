"""Why texts failed or never left, in words, and what can be done: one table for our own codes.

A provider's codes stand in a table of the same shape in its own folder (`providers/*/reasons.py`),
which `providers.registry.REASONS` names. Codes stay what the API, the database and tests speak.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tapline.broadcasts.models import Broadcast, BroadcastKind
from tapline.providers.base import Reason
from tapline.providers.registry import reasons_of

HELD_OUT = "held_out"

OURS: dict[str, Reason] = {
    # Left out while the audience was prepared, or cancelled before they left.
    "no_consent": Reason(
        gettext_lazy("did not agree to such texts"),
        gettext_lazy("Import how they agreed, or ask them with a sign-up form."),
    ),
    "opted_out": Reason(
        gettext_lazy("opted out"),
        gettext_lazy("Nothing: only they can take it back."),
    ),
    "not_textable": Reason(
        gettext_lazy("could not be texted any more when their turn came"),
        gettext_lazy("Nothing: they opted out, or were erased, after the broadcast was prepared."),
    ),
    "duplicate": Reason(
        gettext_lazy("had already got this text"),
        gettext_lazy("Nothing: everybody gets a broadcast once."),
    ),
    "missing_field": Reason(
        gettext_lazy("a merge field had nothing to show"),
        gettext_lazy("Give the field a fallback, such as {{ first_name | there }}."),
    ),
    "personal_link": Reason(
        gettext_lazy("a link for them alone would tell who tapped, and they are only counted"),
        gettext_lazy("Write the links without merge fields, and everybody may share them."),
    ),
    "too_long": Reason(
        gettext_lazy("their text became longer than providers take"),
        gettext_lazy("Shorten the text, or what its merge fields hold."),
    ),
    "too_often": Reason(
        gettext_lazy("had as many texts lately as your cap allows"),
        gettext_lazy("Nothing: the next broadcast reaches them. The cap is in the settings."),
    ),
    HELD_OUT: Reason(
        gettext_lazy("got nothing on purpose, to compare the others with"),
        gettext_lazy("Nothing: you chose how many."),
    ),
    "quiet_hours": Reason(
        gettext_lazy("it was night where they live"),
        gettext_lazy("Let such recipients wait for their morning, or send earlier in the day."),
    ),
    "too_late": Reason(
        gettext_lazy("their place did not open before you wanted to give up"),
        gettext_lazy("Write to them again, or give such texts longer."),
    ),
    "cancelled": Reason(
        gettext_lazy("the broadcast was cancelled before their turn came"),
        gettext_lazy("Make a new broadcast for those who did not get this one."),
    ),
    # Handed over, and never heard of again.
    "no_answer": Reason(
        gettext_lazy("the provider never said what became of it"),
        gettext_lazy("Ask the provider: it may have arrived, so it is not sent again."),
    ),
    "unknown": Reason(
        gettext_lazy("the provider gave no reason"),
        gettext_lazy("Ask the provider if there are many."),
    ),
}


def reason_for(broadcast: Broadcast, code: str) -> Reason:
    """Return the words for one code of a broadcast's messages; an unknown one is shown as it is.

    A provider that uses one of our words, such as `unknown`, means its own.
    """
    known = _tables(broadcast).get(code)
    return known or Reason(
        _("the provider's code %(code)s") % {"code": code},
        _("Look the code up in the provider's documentation."),
    )


def _tables(broadcast: Broadcast) -> Mapping[str, Reason]:
    """Ours and the provider's. Texts that another system sent failed at a provider of its own."""
    if broadcast.kind == BroadcastKind.TRACKED:
        return OURS
    return {**OURS, **reasons_of(broadcast.provider)}
