"""The last look before a broadcast goes out: what will happen, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tapline.broadcasts.composing import sends_pictures
from tapline.broadcasts.counting import Counted, count_audience
from tapline.broadcasts.drafts import describe_audience
from tapline.broadcasts.forecast import Forecast, forecast
from tapline.broadcasts.leading import not_working
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.pictures import Shown, pictures_of
from tapline.broadcasts.reach import Cost, Reach, cost_of
from tapline.broadcasts.reasons import HELD_OUT, reason_for
from tapline.broadcasts.wordings import letter, texts_of, wordings_of
from tapline.hours.words import local_moment
from tapline.links.domains import domain_for
from tapline.links.hosts import as_read
from tapline.numerals import grouped, money
from tapline.providers.prices import prices_of
from tapline.providers.registry import reaches_people


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that will happen: what it is about, and the sentences."""

    about: str
    sentences: tuple[str, ...]
    pictures: Shown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will happen with a broadcast that goes out `at` (None: now), as far as it is counted."""

    broadcast: Broadcast
    at: dt.datetime | None
    counted: Counted
    cost: Cost

    @property
    def reach(self) -> Reach:
        return self.counted.reach

    @property
    def zone(self) -> str:
        return self.broadcast.workspace.zone


def make_plan(broadcast: Broadcast, at: dt.datetime | None) -> Plan:
    """Return what will happen; of a large audience as much as is counted by now. Raises what
    `count_audience` raises."""
    counted = count_audience(broadcast, with_text=True)
    prices = prices_of(broadcast.provider, with_pictures=sends_pictures(broadcast))
    cost = cost_of(counted.reach, prices)
    return Plan(broadcast=broadcast, at=at, counted=counted, cost=cost)


def in_words(plan: Plan) -> list[Line]:
    """Return what will happen, in the order in which one asks."""
    lines = (
        _who,
        _who_not,
        _what,
        _with_pictures,
        _when,
        _night,
        _sender,
        _cost,
        _links,
        _failing,
        _checks,
    )
    return [
        Line(about, tuple(said), pictures_of(plan.broadcast) if each is _with_pictures else None)
        for each in lines
        for about, said in each(plan)
        if said
    ]


Said = Iterator[tuple[str, list[str]]]


def _who(plan: Plan) -> Said:
    audience = describe_audience(plan.broadcast.workspace, plan.broadcast.audience)
    many = ngettext(
        "%(count)s person gets a text: %(audience)s.",
        "%(count)s people get a text: %(audience)s.",
        plan.reach.texts,
    )
    said = [many % {"count": grouped(plan.reach.texts), "audience": audience}]
    held_out = plan.reach.left_out[HELD_OUT]
    if held_out:
        said.append(
            ngettext(
                "%(count)s more gets nothing on purpose.",
                "%(count)s more get nothing on purpose.",
                held_out,
            )
            % {"count": grouped(held_out)}
        )
    yield _("Who gets it"), said


def _who_not(plan: Plan) -> Said:
    yield (
        _("Who does not"),
        [
            f"{grouped(count)}: {reason_for(plan.broadcast, code).what}."
            for code, count in plan.reach.left_out.most_common()
            if code != HELD_OUT
        ],
    )


def _what(plan: Plan) -> Said:
    wordings, texts = wordings_of(plan.broadcast), texts_of(plan.broadcast)
    if len(texts) == 1:
        yield _("What it says"), [texts[0]]
        return
    if wordings.languages:
        yield (
            _("What it says"),
            [_in_language(*each) for each in zip(wordings.languages, texts, strict=True)],
        )
        return
    yield (
        _("What it says"),
        [
            _("%(letter)s, to %(share)d %%: %(text)s")
            % {"letter": letter(place), "share": wordings.shares[place], "text": text}
            for place, text in enumerate(texts)
        ],
    )


def _in_language(language: str, text: str) -> str:
    if not language:
        return _("To all others: %(text)s") % {"text": text}
    return _("In the language «%(language)s»: %(text)s") % {"language": language, "text": text}


def _with_pictures(plan: Plan) -> Said:
    shown = pictures_of(plan.broadcast)
    if not len(shown):
        return
    if not shown.are_taken:
        yield _("Pictures"), [_("None leaves: the provider of this sender takes no pictures.")]
        return
    many = ngettext(
        "%(count)d picture goes with each text, as a picture message (MMS).",
        "%(count)d pictures go with each text, as a picture message (MMS).",
        len(shown),
    )
    said = [many % {"count": len(shown)}]
    if not shown.can_be_fetched:
        said.append(_("The provider cannot fetch it from here, and would refuse the text."))
    yield _("Pictures"), said


def _when(plan: Plan) -> Said:
    if plan.at is None:
        yield _("When"), [_("Now, as soon as you confirm.")]
        return
    moment = local_moment(plan.at, plan.zone, with_year=True)
    said = _("On %(moment)s (%(zone)s). Until then it can be changed or taken back.")
    yield _("When"), [said % {"moment": moment, "zone": plan.zone}]


def _night(plan: Plan) -> Said:
    told = _forecast(plan)
    asleep = sum(each.count for each in told.asleep)
    if not asleep:
        yield _("Nights"), [_("It is day where they live: nobody has to wait.")]
        return
    if told.skips:
        yield (
            _("Nights"),
            [_("%(count)s get none: it is night where they live.") % {"count": grouped(asleep)}],
        )
        return
    said = [_("%(count)s wait until it is day where they live.") % {"count": grouped(asleep)}]
    opens = [each.opens_at for each in told.waiting if each.opens_at]
    if opens:
        said.append(
            _("The last of their places opens %(moment)s (%(zone)s).")
            % {"moment": local_moment(opens[-1], plan.zone), "zone": plan.zone}
        )
    if told.too_late + told.never:
        said.append(
            _("%(count)s of them would wait too long, and get none.")
            % {"count": grouped(told.too_late + told.never)}
        )
    yield _("Nights"), said


def _sender(plan: Plan) -> Said:
    broadcast = plan.broadcast
    if not reaches_people(broadcast.provider):
        said = _("From the built-in simulator: it reaches nobody.")
    elif broadcast.sender_pool_id:
        said = _("From the numbers of the pool «%(name)s», each person from the same one.") % {
            "name": broadcast.sender_pool.name if broadcast.sender_pool else ""
        }
    else:
        said = _("From %(number)s.") % {"number": broadcast.sender_number}
    yield _("From which number"), [said]


def _cost(plan: Plan) -> Said:
    cost, limit = plan.cost, plan.broadcast.spend_limit
    said = []
    is_free = not reaches_people(plan.broadcast.provider) and not cost.is_known
    if cost.is_known:
        said.append(_("At most %(amount)s.") % {"amount": money(cost.amount, cost.currency)})
    if is_free:
        said.append(_("Nothing: the simulator bills nothing."))
    elif cost.unpriced:
        said.append(
            _("Of %(count)s texts the price is not known: nobody entered it.")
            % {"count": grouped(sum(cost.unpriced.values()))}
        )
    if limit is not None:
        said.append(
            _("It pauses before it costs more than %(amount)s.")
            % {"amount": money(limit, cost.currency)}
        )
    yield _("What it costs"), said


def _links(plan: Plan) -> Said:
    urls = wordings_of(plan.broadcast).urls
    if not urls:
        yield _("Links"), [_("None: there is nothing to tap.")]
        return
    domain = plan.broadcast.domain or domain_for(plan.broadcast.workspace)
    said = _("Each recipient gets short links of their own on %(host)s, which lead to:")
    yield _("Links"), [said % {"host": as_read(domain.host)}, *urls]


def _failing(plan: Plan) -> Said:
    yield (
        _("What does not work"),
        [f"{page.address}\n{page.findings[0].what}" for page in not_working(plan.broadcast)],
    )


def _checks(plan: Plan) -> Said:
    yield (
        _("What is looked at"),
        [
            _("Whether each person still agrees is asked again when their text leaves."),
            _("The pages behind the links are opened from here while people tap."),
        ],
    )


def _forecast(plan: Plan) -> Forecast:
    """Return who would wait for their morning, by what is counted of each place."""
    broadcast = copy(plan.broadcast)
    broadcast.scheduled_at = plan.at
    return forecast(broadcast, timezone.now(), plan.reach)
