"""What of a broadcast somebody reads before confirming it, as one short fingerprint."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder

from tapline.broadcasts.models import Broadcast

# What changes by itself, or is decided by confirming: everything else was read.
NOT_READ = frozenset(
    {
        *("id", "token", "created_by", "created_at", "started_at", "finished_at"),
        *("state", "state_before_pause", "pause_reason", "scheduled_at"),
        *("spent", "next_position", "prepared_to_contact"),
    }
)


def fingerprint(broadcast: Broadcast) -> str:
    """Return what tells a draft from every other, and from itself after a change."""
    fields = [each for each in broadcast._meta.concrete_fields if each.name not in NOT_READ]
    values = {each.attname: each.to_python(each.value_from_object(broadcast)) for each in fields}
    # A price limit of 5 and of 5.0000 are the same.
    plain = {name: _plain(value) for name, value in values.items()}
    written = json.dumps(plain, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(written.encode()).hexdigest()[:32]


def _plain(value: object) -> object:
    return str(value.normalize()) if isinstance(value, Decimal) else value
