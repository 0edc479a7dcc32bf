"""How a report divides people and taps: the tables of a report, with their words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from tapline.broadcasts.models import Broadcast, BroadcastKind
from tapline.broadcasts.watched import held_by_many
from tapline.clicks import reports as clicks
from tapline.clicks.heat import HourOfWeek
from tapline.links.models import Link, LinkKind

LONGEST_TABLE = 12
HOURS, DAYS = range(24), range(7)
# How strongly a cell is coloured: nobody, then four steps up to the fullest hour.
STRONGEST = 4


Row = tuple[str, int, int]  # words, people, taps


@dataclass(frozen=True, slots=True)
class Table:
    """How taps divide by one thing."""

    title: str
    rows: list[Row]

    @property
    def has_people(self) -> bool:
        """Say whether anybody is told apart; of those who are only counted there are taps alone."""
        return any(people for _words, people, _taps in self.rows)

    @property
    def all_taps(self) -> int:
        """Return the whole of which each row's taps are a share: each tap is in one row."""
        return sum(taps for _words, _people, taps in self.rows)


def tables_of(broadcast: Broadcast, *, closely: bool = True) -> list[Table]:
    """Return the tables of one broadcast that have something to show. Without `closely` addresses
    that may be one person's stand in none."""
    ids = (broadcast.workspace_id, broadcast.pk)
    links = clicks.by_link(*ids)
    found = [
        Table(_("Link"), _links(links) if closely else _links_of_many(broadcast, links)),
        table(_("Kind of device"), _kinds(clicks.by_device_kind(*ids))),
        table(_("Device"), clicks.by_device(*ids)),
        table(_("System"), clicks.by_os(*ids)),
        table(_("Browser"), clicks.by_browser(*ids)),
    ]
    return [each for each in found if each.rows]


def table(title: str, shares: Iterable[clicks.Share]) -> Table:
    """Return the largest shares by name; what comes after them is one line."""
    rows = [(str(each.value or _("unknown")), each.people, each.taps) for each in shares]
    return Table(title, _with_others(rows[:LONGEST_TABLE], rows[LONGEST_TABLE:]))


def _with_others(rows: list[Row], rest: Sequence[Row]) -> list[Row]:
    others = (_("others"), sum(row[1] for row in rest), sum(row[2] for row in rest))
    return [*rows, others] if rest else rows


def _links(shares: Sequence[clicks.Share]) -> list[Row]:
    links = Link.objects.in_bulk([int(each.value) for each in shares])
    return [
        (links[int(each.value)].destination, each.people, each.taps)
        for each in shares
        if int(each.value) in links
    ]


def _links_of_many(broadcast: Broadcast, shares: Sequence[clicks.Share]) -> list[Row]:
    """Return the links that texts to several people hold; all others are one line. What another
    system writes to one person may open what is theirs alone."""
    shown = _held_by_many(broadcast, [int(each.value) for each in shares[:LONGEST_TABLE]])
    rest = [each for each in shares if int(each.value) not in shown]
    rows = _links([each for each in shares if int(each.value) in shown])
    return _with_others(rows, [(each.value, each.people, each.taps) for each in rest])


def _held_by_many(broadcast: Broadcast, links: Collection[int]) -> set[int]:
    if broadcast.kind == BroadcastKind.COMPOSED:
        return set(links)
    # Of links for each recipient a report names what they were made from.
    templates = Link.objects.filter(pk__in=links, kind=LinkKind.TEMPLATE)
    return held_by_many(links) | set(templates.values_list("pk", flat=True))


def _kinds(shares: Sequence[clicks.Share]) -> list[clicks.Share]:
    words = {
        "phone": _("phone"),
        "tablet": _("tablet"),
        "desktop": _("computer"),
        "other": _("other"),
    }
    return [
        clicks.Share(words.get(each.value, each.value), each.people, each.taps) for each in shares
    ]


@dataclass(frozen=True, slots=True)
class Span:
    """People whose first tap came within one span after their text arrived."""

    words: str
    people: int


@dataclass(frozen=True, slots=True)
class TimeToTap:
    """How long people took, and in words by when half of them had tapped."""

    spans: list[Span]
    half: str
    untimed: int  # people who tapped before a receipt said that their text had arrived

    @property
    def all_people(self) -> int:
        return sum(span.people for span in self.spans)


def time_to_tap(broadcast: Broadcast) -> TimeToTap | None:
    """Return how long people took to tap; None where no delivery receipt tells when to begin."""
    timed, untimed = clicks.first_taps(broadcast.workspace_id, broadcast.pk)
    counts = [count for _, count in timed]
    if not any(counts):
        return None
    spans = [Span(words, count) for words, count in zip(_span_words(), counts, strict=True)]
    return TimeToTap(spans, _half_words()[place_of_half(counts)], untimed)


def place_of_half(counts: Sequence[int]) -> int:
    """Return the first place by which at least half of all are counted."""
    so_far = 0
    for place, count in enumerate(counts):
        so_far += count
        if 2 * so_far >= sum(counts):
            return place
    return len(counts) - 1


def _span_words() -> list[str]:
    return [
        _("within a minute"),
        _("1 to 5 minutes"),
        _("5 to 15 minutes"),
        _("15 minutes to an hour"),
        _("1 to 6 hours"),
        _("6 hours to a day"),
        _("later than a day"),
    ]


def until_words() -> list[str]:
    """Return the ends of all spans but the last, which has none."""
    return [
        _("within a minute"),
        _("within 5 minutes"),
        _("within 15 minutes"),
        _("within an hour"),
        _("within 6 hours"),
        _("within a day"),
    ]


def _half_words() -> list[str]:
    return [
        _("Half of them tapped within a minute."),
        _("Half of them tapped within 5 minutes."),
        _("Half of them tapped within 15 minutes."),
        _("Half of them tapped within an hour."),
        _("Half of them tapped within 6 hours."),
        _("Half of them tapped within a day."),
        _("Half of them took longer than a day."),
    ]


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the week, or of all its days: how many, and how strongly it is coloured."""

    count: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class HeatTable:
    """People (or taps, where people are only counted) by hour of the day and weekday."""

    days: list[tuple[str, str]]  # short and whole
    rows: list[tuple[str, list[Cell], int]]  # the hour, its days, and all days together
    totals: list[int]  # of each day


def heat_table(
    hours: Sequence[HourOfWeek],
    by_hour: Sequence[clicks.Share],
    by_weekday: Sequence[clicks.Share],
    *,
    in_taps: bool,
) -> HeatTable | None:
    """Return the week as a table; None where nobody tapped. One person may tap in several hours,
    so the totals are counted apart, not added up."""

    def count(share: HourOfWeek | clicks.Share) -> int:
        return share.taps if in_taps else share.people

    counts = {(each.weekday, each.hour): count(each) for each in hours}
    most = max(counts.values(), default=0)
    if not most:
        return None
    of_hour = {int(each.value): count(each) for each in by_hour}
    of_day = {int(each.value): count(each) for each in by_weekday}
    rows = [
        (
            f"{hour:02}:00",
            [_cell(counts.get((day, hour), 0), most) for day in DAYS],
            of_hour.get(hour, 0),
        )
        for hour in HOURS
    ]
    days = [(str(WEEKDAYS_ABBR[day]), str(WEEKDAYS[day])) for day in DAYS]
    return HeatTable(days, rows, [of_day.get(day, 0) for day in DAYS])


def _cell(count: int, most: int) -> Cell:
    return Cell(count, -(-STRONGEST * count // most))
