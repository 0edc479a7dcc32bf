"""How members hear by e-mail of new replies, and of texts that wait for a decision.

A look, not a mail for each text: whatever came since the last mail, and nobody has read, is one
mail. So a flood of texts is a few mails, and what somebody answered meanwhile is none. A mail
holds no number and no text, only how many and where to look. At least once: a crash between
sending and noting it sends the mail again.
"""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Callable
from dataclasses import dataclass

from django.core.mail import EmailMessage
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from tapline import config
from tapline.errors import TaplineError
from tapline.mail import mail_server
from tapline.replies.clock import ALARM_BEFORE
from tapline.replies.models import Listener, Reply, ThreadState
from tapline.replies.threads import COUNTED_TO, undecided
from tapline.workspaces.access import Need
from tapline.workspaces.members import access_for
from tapline.workspaces.models import User, Workspace

LOOKS_EVERY = dt.timedelta(seconds=60)  # several texts in a row are one mail
QUIET_AFTER_MAIL = dt.timedelta(minutes=15)
REMINDED_EVERY = dt.timedelta(days=1)
# Nobody else looks for a listener while one worker does; it must outlive a time-out of the server.
TAKEN_FOR = dt.timedelta(minutes=2)
LONGEST_WAIT = dt.timedelta(hours=6)
LISTENERS_PER_STEP = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What there is to tell one listener; each counted up to `COUNTED_TO`."""

    people: int = 0  # wrote, and nobody has read it
    decisions: int = 0  # texts that may mean STOP, new ones
    urgent: int = 0  # those whose clock has run down to its last days
    newest: int = 0  # id of the newest reply looked at

    def __bool__(self) -> bool:
        return bool(self.people or self.decisions or self.urgent)


def listen(workspace: Workspace, user: User, *, replies: bool, decisions: bool) -> Listener:
    """Keep what a member wants to hear of, from now on."""
    chosen = {"hears_replies": replies, "hears_decisions": decisions}
    newest = Reply.objects.filter(workspace=workspace).aggregate(newest=Max("pk"))["newest"] or 0
    made_with = {"told_to": newest, "next_look_at": timezone.now()}
    kept, is_new = Listener.objects.get_or_create(
        workspace=workspace, user=user, defaults=chosen | made_with
    )
    if not is_new:
        Listener.objects.filter(pk=kept.pk).update(**chosen)
        kept.refresh_from_db()
    return kept


def tell_listeners(now: Callable[[], dt.datetime] = timezone.now) -> bool:
    """Look for those whose turn it is, and write to whoever there is something to tell; say
    whether there was anybody. Without a mail server nobody is told anything."""
    if not config.current().mail_url:
        return False
    due = Listener.objects.filter(
        Q(hears_replies=True) | Q(hears_decisions=True), next_look_at__lte=now()
    )
    some = list(due.select_related("workspace", "user").order_by("next_look_at"))
    for listener in some[:LISTENERS_PER_STEP]:
        if _take(listener, now()):
            _look(listener, now())
    return bool(some)


def news_for(listener: Listener, now: dt.datetime) -> News:
    """Return what there is to tell, nothing to who may no longer see the workspace's people."""
    access = access_for(listener.user, listener.workspace)
    if access is None or not access.allows(Need.PEOPLE):
        return News()
    replies = Reply.objects.filter(workspace=listener.workspace)
    newest = replies.aggregate(newest=Max("pk"))["newest"] or 0
    fresh = replies.filter(pk__gt=listener.told_to, pk__lte=newest)
    hears_decisions = listener.hears_decisions
    return News(
        people=_people_unread(fresh) if listener.hears_replies else 0,
        decisions=_undecided(fresh) if hears_decisions else 0,
        urgent=_urgent(listener, now) if hears_decisions else 0,
        newest=newest,
    )


def write_mail(listener: Listener, news: News) -> EmailMessage:
    """Return the e-mail, in the workspace's language."""
    settings, workspace = config.current(), listener.workspace
    where = f"{settings.web_url}/w/{workspace.pk}/replies/"
    with override(workspace.language):
        lines = _lines(news, where)
        return EmailMessage(
            subject=f"{workspace.name}: {lines[0]}",
            body="\n".join([*lines, ""]),
            from_email=settings.mail_from,
            to=[listener.user.email],
        )


def _lines(news: News, where: str) -> list[str]:
    lines = []
    if news.people:
        said = ngettext("%(count)d person wrote", "%(count)d people wrote", news.people)
        lines.append(said % {"count": news.people})
    if news.decisions:
        said = ngettext(
            "%(count)d text may mean STOP, and waits for you to say so",
            "%(count)d texts may mean STOP, and wait for you to say so",
            news.decisions,
        )
        lines.append(said % {"count": news.decisions})
    if news.urgent:
        said = ngettext(
            "%(count)d decision is due within two days",
            "%(count)d decisions are due within two days",
            news.urgent,
        )
        lines.append(said % {"count": news.urgent})
    decides = news.decisions or news.urgent
    lines += ["", _("Read and answer: %(where)s") % {"where": where}]
    return [*lines, _("Decide: %(where)s") % {"where": f"{where}decisions"}] if decides else lines


def _people_unread(fresh: QuerySet[Reply]) -> int:
    """Count people who wrote and whom nobody has read. A clear opt-out needs nobody."""
    unread = fresh.filter(thread__unread__gt=0, thread__state=ThreadState.OPEN, is_opt_out=False)
    return unread.values("thread_id").distinct()[:COUNTED_TO].count()


def _undecided(fresh: QuerySet[Reply]) -> int:
    return fresh.filter(decide_by__isnull=False, decided_at=None)[:COUNTED_TO].count()


def _urgent(listener: Listener, now: dt.datetime) -> int:
    """Count decisions that are nearly due, once a day."""
    if listener.reminded_at is not None and now - listener.reminded_at < REMINDED_EVERY:
        return 0
    due = undecided(listener.workspace).filter(decide_by__lt=now + ALARM_BEFORE)
    return due.select_related(None)[:COUNTED_TO].count()


def _take(listener: Listener, now: dt.datetime) -> bool:
    """Claim a listener; False where another worker was faster."""
    free = Listener.objects.filter(pk=listener.pk, next_look_at=listener.next_look_at)
    return bool(free.update(next_look_at=now + TAKEN_FOR))


def _look(listener: Listener, now: dt.datetime) -> None:
    known = Listener.objects.filter(pk=listener.pk)
    news = news_for(listener, now)
    if not news:
        known.update(next_look_at=now + LOOKS_EVERY)
        return
    try:
        with mail_server(config.current().mail_url) as server:
            server.send_messages([write_mail(listener, news)])
    except (OSError, smtplib.SMTPException, TaplineError) as error:
        wait = min(LOOKS_EVERY * 2 ** min(listener.tries, 10), LONGEST_WAIT)
        said = f"{type(error).__name__}: {error}"[:255]
        known.update(next_look_at=now + wait, tries=min(listener.tries + 1, 1000), error=said)
    else:
        reminded_at = now if news.urgent else listener.reminded_at
        known.update(
            told_to=news.newest,
            reminded_at=reminded_at,
            next_look_at=now + QUIET_AFTER_MAIL,
            tries=0,
            error="",
        )
