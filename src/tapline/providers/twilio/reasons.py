"""What Twilio's error codes mean, and what we do about them: the one table.

Sources: Twilio's error and warning dictionary, a page for each code below
twilio.com/docs/api/errors/, and its page on status callbacks. Codes that are not here are shown
as they are. «Who gets no text any more» is left to people: carriers call living numbers dead.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tapline.providers.base import Act, Reason

_ACCOUNT = _("Correct the account's settings here, then let the broadcast go on.")
_NUMBER = _("Correct the number, or ask these people for a mobile number.")
_REGISTER = _("Register the sender number with the carriers; Twilio's Console leads through it.")
_CONTENT = _("Use one link on a domain of your own, say who you are, and check your registration.")

REASONS: dict[str, Reason] = {
    # The account or the sender cannot send at all: nobody would get it, so everything waits.
    "20003": Reason(_("the account's SID or token was not accepted"), _ACCOUNT, Act.STOP),
    "20005": Reason(_("the Twilio account is not active"), _ACCOUNT, Act.STOP),
    "20404": Reason(_("the account is not known to Twilio"), _ACCOUNT, Act.STOP),
    "21603": Reason(_("the text had no sender number"), _ACCOUNT, Act.STOP),
    "21659": Reason(_("the sender number is not Twilio's"), _ACCOUNT, Act.STOP),
    "21660": Reason(_("the sender number belongs to another account"), _ACCOUNT, Act.STOP),
    "21701": Reason(_("the Messaging Service does not exist"), _ACCOUNT, Act.STOP),
    "21703": Reason(_("the Messaging Service has no numbers"), _ACCOUNT, Act.STOP),
    "30002": Reason(_("the Twilio account was suspended"), _ACCOUNT),
    # Too fast. It surely did not leave.
    "20429": Reason(_("too much was asked of Twilio at once"), _("Nothing."), Act.SEND_AGAIN),
    "21611": Reason(
        _("the sender number's queue at Twilio was full"), _("Nothing."), Act.SEND_AGAIN
    ),
    "30001": Reason(_("the queue at Twilio was full"), _("Nothing."), Act.SEND_AGAIN),
    "30022": Reason(
        _("the carriers' rate for this sender was passed"),
        _("Enter the carriers' rate with the sender number; then we keep to it."),
        Act.SEND_AGAIN,
    ),
    # The person, or the phone.
    "21610": Reason(
        _("they had opted out at Twilio"),
        _("Nothing: they opted out, and are opted out here now too."),
        Act.OPT_OUT,
    ),
    "21211": Reason(_("the number is no phone number"), _NUMBER),
    "21217": Reason(_("the number is no phone number"), _NUMBER),
    "21265": Reason(_("the number is a short code"), _NUMBER),
    "21614": Reason(_("the number cannot get texts"), _NUMBER),
    "21635": Reason(_("the number is a landline"), _NUMBER),
    "30003": Reason(
        _("the phone was switched off or out of reach"),
        _("Try these people again another day."),
    ),
    "30004": Reason(
        _("the carrier or the person blocks such texts"),
        _("Ask these people to allow them; each carrier has its own switch."),
    ),
    "30005": Reason(_("the number is not in use"), _NUMBER),
    "30006": Reason(_("the number is a landline, or its carrier cannot be reached"), _NUMBER),
    # What was said, or how the sender is registered.
    "30007": Reason(_("a filter of the carrier or of Twilio blocked the text"), _CONTENT),
    "30023": Reason(
        _("the brand's daily count at T-Mobile was used up"),
        _("Enter it with the sender number as parts per day, or ask for a higher one."),
    ),
    "30032": Reason(_("the toll-free number is not verified"), _REGISTER),
    "30034": Reason(_("the sender number is not registered (10DLC)"), _REGISTER),
    "30035": Reason(
        _("the sender number's registration is not finished"),
        _("Wait until it is, then make a new broadcast for these people."),
    ),
    # «For this destination», says Twilio: it may hold for one recipient alone.
    "21606": Reason(
        _("the sender number cannot send texts, at least not there"),
        _("Check that it is the account's and takes texts; else use another for that country."),
    ),
    "21612": Reason(
        _("this sender number cannot reach that number"),
        _("Use another sender number for that country."),
    ),
    "21408": Reason(
        _("the Twilio account may not write to that country"),
        _("Allow the country under «Geo permissions» in the Twilio Console."),
    ),
    "21617": Reason(_("the text is too long"), _("Keep to 1,600 characters.")),
    "21602": Reason(_("the text was empty"), _("Write something.")),
    "21620": Reason(_("a picture's address is no good"), _("Give one that anybody can open.")),
    "12300": Reason(
        _("a picture is of a kind that carriers do not take"), _("Use JPEG, PNG or GIF.")
    ),
    "30036": Reason(
        _("its time ran out before it could leave"),
        _("Send earlier in the day, or more slowly than the queue fills."),
    ),
    "30008": Reason(
        _("the carrier gave no reason"),
        _("Try these people again; ask Twilio if there are many."),
    ),
    "30410": Reason(
        _("the carrier did not answer in time"), _("Try these people again another day.")
    ),
}
