"""What became of a text, in people's words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tapline.broadcasts.models import MessageState

STATE_WORDS: dict[str, str | Promise] = {
    MessageState.PENDING: _("waiting"),
    MessageState.LEASED: _("waiting"),
    MessageState.SUBMITTED: _("sending"),
    MessageState.ACCEPTED: _("sent"),
    MessageState.DELIVERED: _("delivered"),
    MessageState.FAILED: _("failed"),
    MessageState.UNKNOWN: _("not settled yet"),
    MessageState.LOST: _("fate unknown"),
    MessageState.CANCELLED: _("not sent"),
    MessageState.EXTERNAL: _("sent by another system"),
}
