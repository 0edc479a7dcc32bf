"""What a restore closes of workspaces: a backup does not know what was taken away after it."""

from __future__ import annotations

import datetime as dt

from tapline.workspaces import audit
from tapline.workspaces.models import ApiKey, Invitation, SignInLink

BY_RESTORE = "restore"  # as the audit names who did it


def close_access(now: dt.datetime) -> int:
    """End sign-in links and invitations, and hold API keys; return how many keys are held."""
    SignInLink.objects.filter(used_at=None).update(used_at=now)
    Invitation.objects.filter(ended_at=None).update(ended_at=now)
    held = list(ApiKey.objects.filter(revoked_at=None, held_at=None).select_related("workspace"))
    ApiKey.objects.filter(pk__in=[key.pk for key in held]).update(held_at=now)
    for key in held:
        audit.record(key.workspace, BY_RESTORE, "api_key.held", key, after={"prefix": key.prefix})
    return len(held)
