"""What a report says of one broadcast, and what each of its words means.

- sent: texts that the provider took (or that another system sent, for tracked broadcasts), also
  those that failed later. Refused ones were never taken.
- delivered: a receipt says so, or a person tapped, which proves it.
- failed: taken, and failed by a receipt. `failed_by_reason` names the codes, refused ones too;
  `reasons` says of every code in the report what it means and what can be done.
- click rate: messages with at least one human click ÷ delivered; ÷ sent where no receipt ever
  came, and `rate_base` says which. The range goes from the people who are certain (machines
  that look like people are taken off: `clicks/lookalikes.py`) to those who tapped and the unknown.
- only counted: recipients who all hold the same link, so that nobody can say who tapped. Their
  taps are known, how many people made them is not: they stand beside the click rate, not in it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal

from django.db import connection
from django.utils import timezone

from tapline.broadcasts.models import Broadcast, MessageTally
from tapline.broadcasts.models import MessageState as State
from tapline.broadcasts.night import Asleep, who_sleeps
from tapline.broadcasts.reasons import HELD_OUT, reason_for
from tapline.clicks.lookalikes import Lookalikes, measure
from tapline.clicks.reports import ClickSummary, summarise
from tapline.providers.prices import currency_of

COUNT_REPLIES = """
-- Texts that answered one broadcast, and how many of them opted out. By SQL, since replies are a
-- room further right.
select count(*), coalesce(sum(case when is_opt_out then 1 else 0 end), 0)
from replies_reply where broadcast_id = %s
"""

# Told apart where the range is wider than this: half a point.
RANGE_SHOWN_FROM = 0.005

_NOT_SENT_YET = {State.PENDING, State.LEASED}
_UNSETTLED = {State.SUBMITTED, State.UNKNOWN}
_TAKEN = {State.ACCEPTED, State.DELIVERED, State.EXTERNAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One reason in words, and how many texts or people it concerns."""

    code: str
    what: str
    do: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The numbers of one broadcast. Rates are fractions from 0 to 1."""

    broadcast: int
    name: str
    state: str
    pause_reason: str
    recipients: int
    waiting: int
    asleep: int  # of those waiting: until it is day where they live
    next_morning_at: dt.datetime | None  # when the first of them may get theirs
    unsettled: int  # handed over, answer not known yet
    lost: int  # handed over, answer never known
    cancelled: int
    sent: int
    delivered: int
    failed: int
    refused: int
    failed_by_reason: dict[str, int]
    left_out: dict[str, int]
    cancelled_by_reason: dict[str, int]
    reasons: dict[str, dict[str, str]]  # code → {"what": …, "do": …}
    replies: int
    opt_outs: int
    parts: int
    cost: Decimal
    currency: str  # of the account; empty where none is known
    human_clickers: int
    human_clicks: int
    people_at_least: int  # without machines that look like people
    people_at_most: int  # with those of whom nobody knows
    lookalike_seeds: int  # seed contacts that measured them
    lookalike_share: float  # of texts that nobody tapped, at most
    only_counted: int  # recipients
    only_counted_base: int  # those that `rate_base` means
    only_counted_taps: int
    preview: int
    scanner: int
    prefetch: int
    tool: int
    operator: int
    unknown: int
    rate_base: Literal["delivered", "sent"]
    click_rate: float
    click_rate_low: float
    click_rate_high: float
    started_at: dt.datetime | None
    finished_at: dt.datetime | None

    @property
    def shows_range(self) -> bool:
        """Say whether the click rate should be shown with its range."""
        return self.click_rate_high - self.click_rate_low > RANGE_SHOWN_FROM

    @property
    def taps_per_text(self) -> float:
        """Return the taps of those who are only counted, per text that reached them."""
        return self.only_counted_taps / self.only_counted_base if self.only_counted_base else 0.0

    @property
    def machines(self) -> int:
        """Return how often machines opened the links."""
        return self.preview + self.scanner + self.prefetch + self.tool

    @property
    def held_out(self) -> int:
        """Return how many got nothing on purpose."""
        return self.cancelled_by_reason.get(HELD_OUT, 0)

    @property
    def stopped(self) -> int:
        """Return how many texts were cancelled, but for those who got nothing on purpose."""
        return self.cancelled - self.held_out

    @property
    def names_nobody(self) -> bool:
        """Say whether all recipients are only counted, so that there is no click rate."""
        return 0 < self.only_counted == self.recipients

    def why_failed(self) -> list[Explained]:
        """Return why texts failed, most frequent first."""
        return self._explain(self.failed_by_reason)

    def why_no_text(self) -> list[Explained]:
        """Return why people of the audience got no text: left out, or cancelled on the way."""
        return self._explain(dict(Counter(self.left_out) + Counter(self.cancelled_by_reason)))

    def _explain(self, counted: Mapping[str, int]) -> list[Explained]:
        return [Explained(code=code, count=n, **self.reasons[code]) for code, n in counted.items()]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as the API and `--json` print it; times in ISO 8601, cost as text."""
        told = asdict(self)
        told["cost"] = str(self.cost)
        for name in ("next_morning_at", "started_at", "finished_at"):
            told[name] = told[name].isoformat() if told[name] else None
        return told


def build_report(broadcast: Broadcast, now: dt.datetime | None = None) -> Report:
    """Return the report of a broadcast as things stand now: a few rows and one click query."""
    fresh = Broadcast.objects.get(pk=broadcast.pk)
    tallies = list(MessageTally.objects.filter(broadcast=fresh, count__gt=0))
    clicks = summarise(fresh.workspace_id, fresh.pk)
    sent = _sum(tallies, is_sent)
    delivered = _sum(tallies, is_delivered)
    base: Literal["delivered", "sent"] = "delivered" if has_receipts(tallies) else "sent"
    in_base = is_delivered if base == "delivered" else is_sent
    counted = _sum(tallies, lambda tally: tally.only_counted and in_base(tally))
    failed = _reasons(tallies, lambda tally: _is_failed(tally) or _is_refused(tally))
    left_out = dict(fresh.left_out.order_by("reason").values_list("reason", "count"))
    cancelled = _reasons(tallies, lambda tally: tally.state == State.CANCELLED)
    replies, opt_outs = _count_replies(fresh)
    waiting = _sum(tallies, lambda tally: tally.state in _NOT_SENT_YET)
    asleep = who_sleeps(fresh, now or timezone.now()) if waiting else Asleep()
    return Report(
        broadcast=fresh.pk,
        name=fresh.name,
        state=fresh.state,
        pause_reason=fresh.pause_reason,
        recipients=_sum(tallies, lambda tally: True),
        waiting=waiting,
        asleep=min(asleep.count, waiting),
        next_morning_at=asleep.next_at,
        unsettled=_sum(tallies, lambda tally: tally.state in _UNSETTLED),
        lost=_sum(tallies, lambda tally: tally.state == State.LOST),
        cancelled=_sum(tallies, lambda tally: tally.state == State.CANCELLED),
        sent=sent,
        delivered=delivered,
        failed=_sum(tallies, _is_failed),
        refused=_sum(tallies, _is_refused),
        failed_by_reason=failed,
        left_out=left_out,
        cancelled_by_reason=cancelled,
        reasons=_in_words(fresh, [*failed, *left_out, *cancelled]),
        replies=replies,
        opt_outs=opt_outs,
        parts=sum(tally.parts for tally in tallies if is_sent(tally)),
        cost=sum((tally.cost for tally in tallies if is_sent(tally)), Decimal(0)),
        currency=currency_of(fresh.provider),
        **_click_numbers(
            clicks,
            (delivered if base == "delivered" else sent) - counted,
            measure(fresh.workspace_id),
        ),
        only_counted=_sum(tallies, lambda tally: tally.only_counted),
        only_counted_base=counted,
        rate_base=base,
        started_at=fresh.started_at,
        finished_at=fresh.finished_at,
    )


def _count_replies(broadcast: Broadcast) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_REPLIES, [broadcast.pk])
        replies, opt_outs = cursor.fetchone()
    return replies, opt_outs


def _in_words(broadcast: Broadcast, codes: Iterable[str]) -> dict[str, dict[str, str]]:
    found = {code: reason_for(broadcast, code) for code in codes}
    return {code: {"what": str(each.what), "do": str(each.do)} for code, each in found.items()}


def _click_numbers(clicks: ClickSummary, base: int, lookalikes: Lookalikes) -> dict[str, Any]:
    numbers = asdict(clicks)
    most = clicks.human_clickers + numbers.pop("unknown_only_messages")
    least = lookalikes.people_at_least(clicks.human_clickers, base)
    return {
        **numbers,
        "people_at_least": least,
        "people_at_most": most,
        "lookalike_seeds": lookalikes.seeds,
        "lookalike_share": lookalikes.most,
        "click_rate": _rate(clicks.human_clickers, base),
        "click_rate_low": _rate(least, base),
        "click_rate_high": _rate(most, base),
    }


def _rate(part: int, base: int) -> float:
    """Return part ÷ base, 1 at most: a receipt may still be on its way when the tap is there."""
    return min(1.0, part / base) if base else 0.0


def is_sent(tally: MessageTally) -> bool:
    """Say whether the provider took these texts, or another system sent them."""
    return tally.state in _TAKEN or tally.was_accepted or tally.was_clicked


def is_delivered(tally: MessageTally) -> bool:
    """Say whether these texts arrived: by a receipt, or because a person tapped."""
    return tally.state == State.DELIVERED or tally.was_clicked


def _is_failed(tally: MessageTally) -> bool:
    return tally.state == State.FAILED and tally.was_accepted and not tally.was_clicked


def _is_refused(tally: MessageTally) -> bool:
    return tally.state == State.FAILED and not tally.was_accepted and not tally.was_clicked


def has_receipts(tallies: Iterable[MessageTally]) -> bool:
    """Say whether any receipt came for texts of these tallies."""
    return any(tally.state == State.DELIVERED or _is_failed(tally) for tally in tallies)


def _sum(tallies: Iterable[MessageTally], belongs: Callable[[MessageTally], bool]) -> int:
    return sum(tally.count for tally in tallies if belongs(tally))


def _reasons(
    tallies: Iterable[MessageTally], belongs: Callable[[MessageTally], bool]
) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for tally in tallies:
        if belongs(tally):
            counted[tally.error_code or "unknown"] += tally.count
    return dict(counted.most_common())
