"""How sessions end: one person's, or everybody's."""

from __future__ import annotations

import datetime as dt

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from tapline.workspaces.models import User


def end_sessions(user: User) -> None:
    """Sign one person out wherever they are signed in."""
    for session in UserSession.objects.filter(user=user):
        session.end()


def end_all_sessions(_now: dt.datetime) -> int:
    """Sign everybody out: a session of the backup may have ended since. Nobody opens them again."""
    UserSession.objects.all().delete()
    Session.objects.all().delete()
    return 0
