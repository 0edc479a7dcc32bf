"""What of a workspace needs somebody: facts in, items with one action each out. Pure.

`FINDERS` is the whole list, the most pressing first. A room that knows of one more thing adds its
facts to `Facts` (gathered in `web.home`) and a function to the list.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.rates import Went
from tapline.links.destination_told import Alarm
from tapline.links.domain_checks import findings_of
from tapline.links.domain_findings import State
from tapline.links.models import Domain
from tapline.replies.threads import Waiting

# A broadcast is unlike the others when machines opened this much more of it; below so many
# openings a share says nothing.
UNUSUAL_DIFFERENCE = 0.2
LEAST_OPENINGS = 100
LEAST_EARLIER = 3
NEW_FOR = dt.timedelta(days=7)
RESTORED_FOR = dt.timedelta(days=14)
LONGEST_SHOWN = 120  # of an address
# So many texts arrived, and for so long nobody, not even a preview, asked for their links.
SILENT_TEXTS = 100
SILENT_FOR = dt.timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that needs somebody: what and why, and the one thing to do about it."""

    what: str
    why: str = ""
    do: str  # the words of the action
    url: str = ""  # empty: it is done elsewhere, and `command` says how
    command: str = ""
    is_urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is looked at. What somebody's role does not let them act on is left empty."""

    workspace_id: int
    now: dt.datetime
    waiting: Waiting | None = None
    edge: dict[str, Any] | None = None
    is_edge_known: bool = False  # it was asked
    domains: Sequence[Domain] = ()
    paused: Sequence[Broadcast] = ()  # by something that went wrong
    failing: Sequence[Alarm] = ()  # links that people tap, whose page is gone
    latest: Sequence[Went] = ()
    is_key_exported: bool = True
    restored_at: dt.datetime | None = None  # what opens it from outside was closed then
    held_keys: int = 0  # by that restore
    held_shares: Sequence[int] = ()  # the broadcast of each


Finder = Callable[[Facts], Iterable[Item]]


def items(facts: Facts) -> list[Item]:
    """Return everything that needs somebody, the most pressing first."""
    found = [item for find in FINDERS for item in find(facts)]
    return sorted(found, key=lambda item: not item.is_urgent)


def edge_in_trouble(facts: Facts) -> Iterator[Item]:
    """Links that are not answered, taps that could not be written down."""
    health = reverse("web:health", args=[facts.workspace_id])
    if facts.is_edge_known and facts.edge is None:
        yield Item(
            what=_("Links may not be answered."),
            why=_("The process that answers them does not say how it is."),
            do=_("See the health page"),
            url=health,
            is_urgent=True,
        )
    lost = facts.edge["click_log"]["lost"] if facts.edge else 0
    if lost:
        yield Item(
            what=ngettext(
                "%(count)s tap was answered but could not be written down.",
                "%(count)s taps were answered but could not be written down.",
                lost,
            )
            % {"count": lost},
            why=_("Most often the disk is full."),
            do=_("See the health page"),
            url=health,
            is_urgent=True,
        )


def page_gone(facts: Facts) -> Iterator[Item]:
    """Links that people tap and that lead to no page."""
    for each in facts.failing:
        yield Item(
            what=_("People tap, and reach no page: %(address)s")
            % {"address": each.destination.address[:LONGEST_SHOWN]},
            why=each.destination.findings[0].what if each.destination.findings else "",
            do=_("Mend the link"),
            url=reverse("links:show", args=[facts.workspace_id, each.link.pk]),
            is_urgent=True,
        )


def domain_in_trouble(facts: Facts) -> Iterator[Item]:
    """Domains whose proof or DNS is gone."""
    for domain in facts.domains:
        finding = next((each for each in findings_of(domain) if each.state == State.WRONG), None)
        if domain.proof_missing_since:
            what = _("The record that proved %(host)s is gone.")
            why = _("Links still work. If the name is no longer yours, others could answer them.")
        elif finding:
            what, why = _("%(host)s does not lead here as it should."), finding.what
        else:
            continue
        yield Item(
            what=what % {"host": domain.host},
            why=why,
            do=_("See what to set again"),
            url=reverse("links:domain", args=[facts.workspace_id, domain.pk]),
            is_urgent=True,
        )


def silent_domain(facts: Facts) -> Iterator[Item]:
    """Domains under which many texts arrived, and whose links nobody asked for."""
    for domain in facts.domains:
        sent = [
            each
            for each in facts.latest
            if each.broadcast.domain_id == domain.pk and facts.now - each.started_at < NEW_FOR
        ]
        texts = sum(each.texts for each in sent)
        if texts < SILENT_TEXTS or any(each.openings or each.perhaps for each in sent):
            continue
        if facts.now - max(each.started_at for each in sent) < SILENT_FOR:
            continue
        yield Item(
            what=_("Nobody has opened a link on %(host)s.") % {"host": domain.host},
            why=ngettext(
                "%(count)s text with it arrived lately: open one yourself.",
                "%(count)s texts with it arrived lately: open one yourself.",
                texts,
            )
            % {"count": texts},
            do=_("Check the domain"),
            url=reverse("links:domain", args=[facts.workspace_id, domain.pk]),
            is_urgent=True,
        )


def broadcast_stopped(facts: Facts) -> Iterator[Item]:
    """Broadcasts that paused because something went wrong."""
    for broadcast in facts.paused:
        yield Item(
            what=_("«%(name)s» has paused.") % {"name": broadcast.name},
            why=broadcast.pause_reason,
            do=_("See the broadcast"),
            url=reverse("broadcasts:show", args=[facts.workspace_id, broadcast.pk]),
            is_urgent=True,
        )


def decisions_wait(facts: Facts) -> Iterator[Item]:
    """Texts that may mean STOP, on which the law gives ten business days."""
    if facts.waiting and facts.waiting.decisions:
        yield Item(
            what=_("Texts that may mean STOP wait for your word."),
            why=_("Their time is nearly up.") if facts.waiting.is_urgent else "",
            do=_("Decide"),
            url=reverse("replies:decisions", args=[facts.workspace_id]),
            is_urgent=facts.waiting.is_urgent,
        )


def replies_wait(facts: Facts) -> Iterator[Item]:
    """Conversations with texts that nobody has read."""
    if facts.waiting and facts.waiting.unread:
        yield Item(
            what=ngettext(
                "One conversation waits for an answer.",
                "%(count)s conversations wait for an answer.",
                facts.waiting.unread,
            )
            % {"count": facts.waiting.unread},
            do=_("Read"),
            url=reverse("replies:list", args=[facts.workspace_id]),
        )


def unusual_machines(facts: Facts) -> Iterator[Item]:
    """New broadcasts of which machines opened far more than of the earlier ones."""
    enough = [each for each in facts.latest if each.openings >= LEAST_OPENINGS]
    for place, each in enumerate(enough):
        earlier = [other.machine_share for other in enough[place + 1 :]]
        if facts.now - each.started_at > NEW_FOR or len(earlier) < LEAST_EARLIER:
            continue
        if each.machine_share - statistics.median(earlier) < UNUSUAL_DIFFERENCE:
            continue
        yield Item(
            what=_("Machines opened unusually much of «%(name)s».") % {"name": each.broadcast.name},
            why=_("%(now)d %% of what opened its links; of earlier broadcasts %(usual)d %%.")
            % {
                "now": round(each.machine_share * 100),
                "usual": round(statistics.median(earlier) * 100),
            },
            do=_("See which machines"),
            url=reverse("broadcasts:show", args=[facts.workspace_id, each.broadcast.pk]),
        )


def restored(facts: Facts) -> Iterator[Item]:
    """What a restore closed, and who may be back: the backup does not know."""
    if facts.held_keys:
        yield Item(
            what=ngettext(
                "%(count)d API key is closed since this instance was restored.",
                "%(count)d API keys are closed since this instance was restored.",
                facts.held_keys,
            )
            % {"count": facts.held_keys},
            why=_("The program that uses it gets no answer until you let it in again."),
            do=_("Look at the keys"),
            url=reverse("workspaces:keys", args=[facts.workspace_id]),
            is_urgent=True,
        )
    if facts.held_shares:
        yield Item(
            what=ngettext(
                "%(count)d shared report is closed since this instance was restored.",
                "%(count)d shared reports are closed since this instance was restored.",
                len(facts.held_shares),
            )
            % {"count": len(facts.held_shares)},
            why=_("Its link may have been withdrawn since the backup was made."),
            do=_("Decide about it"),
            url=reverse("broadcasts:sharing", args=[facts.workspace_id, facts.held_shares[0]]),
        )
    if facts.restored_at and facts.now - facts.restored_at < RESTORED_FOR:
        yield Item(
            what=_("This instance was restored from a backup."),
            why=_(
                "Whoever was removed since it was made is a member again, roles are as they were, "
                "and so are passkeys."
            ),
            do=_("Look at the members"),
            url=reverse("workspaces:members", args=[facts.workspace_id]),
        )


def key_not_exported(facts: Facts) -> Iterator[Item]:
    """The master key, without which no backup can be read."""
    if not facts.is_key_exported:
        yield Item(
            what=_("Export the master key."),
            why=_(
                "Every link on every phone is written with it, and a backup without it cannot be "
                "read. It is a command, so that the key never passes through a browser. Keep the "
                "file and its passphrase apart from backups."
            ),
            do=_("Run this on the server:"),
            command="tapline keys export master.tapkey",
        )


FINDERS: tuple[Finder, ...] = (
    edge_in_trouble,
    page_gone,
    domain_in_trouble,
    silent_domain,
    broadcast_stopped,
    decisions_wait,
    restored,
    unusual_machines,
    replies_wait,
    key_not_exported,
)
