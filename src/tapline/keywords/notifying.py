"""How the team hears that a keyword was texted: by e-mail, sent at least once.

A notice waits in the database. A mail server that is down is tried again, at growing distances;
a notice never holds a number, only where to look.
"""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Callable

from django.core.mail import EmailMessage
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from tapline import config
from tapline.contacts.phones import mask
from tapline.errors import TaplineError
from tapline.keywords.models import Notice
from tapline.mail import mail_server

NOTICES_PER_STEP = 20
# Nobody else tries a notice while one worker does; it must outlive a time-out of the server's.
TAKEN_FOR = dt.timedelta(minutes=2)
TRIED_AGAIN_AFTER = tuple(
    dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440)
)


def send_notices(now: Callable[[], dt.datetime] = timezone.now) -> bool:
    """Send the notices that are due; say if there were any."""
    due = Notice.objects.filter(sent_at=None, failed_at=None, next_try_at__lte=now())
    some = list(due.select_related("use__keyword__workspace", "use__reply").order_by("pk"))
    for notice in some[:NOTICES_PER_STEP]:
        if _take(notice, now()):
            _send(notice, now())
    return bool(some)


def write_notice(notice: Notice) -> EmailMessage:
    """Return the e-mail, in the workspace's language."""
    use, settings = notice.use, config.current()
    workspace = use.reply.workspace
    with override(workspace.language):
        words = {
            "word": use.keyword.word,
            "who": mask(use.reply.phone),
            "where": f"{settings.web_url}/w/{workspace.pk}/replies/",
        }
        return EmailMessage(
            subject=_("%(word)s was texted") % words,
            body=_("%(who)s texted %(word)s.\n\nRead and answer: %(where)s\n") % words,
            from_email=settings.mail_from,
            to=[notice.address],
        )


def _take(notice: Notice, now: dt.datetime) -> bool:
    """Claim a notice; False where another worker was faster."""
    free = Notice.objects.filter(pk=notice.pk, sent_at=None, next_try_at=notice.next_try_at)
    return bool(free.update(next_try_at=now + TAKEN_FOR))


def _send(notice: Notice, now: dt.datetime) -> None:
    try:
        with mail_server(config.current().mail_url) as server:
            server.send_messages([write_notice(notice)])
    except (OSError, smtplib.SMTPException, TaplineError) as error:
        _put_off(notice, now, f"{type(error).__name__}: {error}")
    else:
        Notice.objects.filter(pk=notice.pk).update(sent_at=now, error="")


def _put_off(notice: Notice, now: dt.datetime, why: str) -> None:
    known = Notice.objects.filter(pk=notice.pk)
    if notice.tries >= len(TRIED_AGAIN_AFTER):
        known.update(failed_at=now, error=why[:255])
    else:
        later = now + TRIED_AGAIN_AFTER[notice.tries]
        known.update(tries=notice.tries + 1, next_try_at=later, error=why[:255])
