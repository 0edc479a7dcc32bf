"""What an account at Twilio consists of."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from tapline.digits import whole_number
from tapline.outbound import check_address
from tapline.providers.arrival import arrival_fields
from tapline.providers.kinds import BadAccount, Field, Kind
from tapline.providers.twilio.send import TwilioProvider
from tapline.providers.twilio.wire import BASE_URL

_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
MOST_CONNECTIONS = 100


def check(options: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    """Raise `BadAccount` or `BadAddress` for what Twilio cannot take."""
    if not _ACCOUNT_SID.fullmatch(options["account_sid"]):
        _refuse("That is no Account SID.", "It is AC and 32 hexadecimal digits.")
    if options["messaging_service_sid"] and not _SERVICE_SID.fullmatch(
        options["messaging_service_sid"]
    ):
        _refuse("That is no Messaging Service SID.", "It is MG and 32 hexadecimal digits.")
    if not 1 <= (whole_number(options["connections"]) or 0) <= MOST_CONNECTIONS:
        _refuse(
            "That is no number of requests at once.",
            f"It is a number from 1 to {MOST_CONNECTIONS}.",
        )
    check_address(options["base_url"])


def _refuse(what: str, why: str) -> None:
    raise BadAccount(what, why=why, do="Copy it from the Twilio Console, without spaces.")


KIND = Kind(
    key="twilio",
    label="Twilio",
    fields=(
        Field(
            name="account_sid",
            label=_("Account SID"),
            help=_("On the first page of the Twilio Console; it begins with AC."),
        ),
        Field(
            name="auth_token",
            label=_("Auth Token"),
            help=_("Below the Account SID. It signs what Twilio sends us, so a key is not enough."),
            secret=True,
        ),
        Field(
            name="messaging_service_sid",
            label=_("Messaging Service SID"),
            help=_("Begins with MG. Only if your numbers belong to a Messaging Service."),
            required=False,
        ),
        Field(
            name="connections",
            label=_("Requests at once"),
            help=_("Twilio answers more of them with «too many requests»; then we slow down."),
            required=False,
            default="20",
        ),
        Field(
            name="base_url",
            label=_("Address of the API"),
            help=_("Another one only for a region, or a stand-in."),
            required=False,
            default=BASE_URL,
        ),
        *arrival_fields(soonest_tap_seconds="2", receipts="yes"),
    ),
    check=check,
    build=TwilioProvider,
    takes_media=lambda options: True,
    hooks=((_("Receipts"), "receipts"), (_("Inbound texts"), "inbound")),
)
