"""What truly happened to a broadcast's messages, under the names of its report.

sent: acceptances, also of messages that failed later. An opening counts when the edge answered
it by a redirect. The simulator does not know who works for the sender, and knows everybody it
plays: `operator` and `unknown` are always zero here, whatever the report says.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tapline.providers.simulator.agents import Kind
from tapline.providers.simulator.ledger import Ledger

MESSAGES = """
-- How many messages of one tag were accepted, and how many of those arrived or failed so far.
select count(*),
       count(distinct reference),
       count(*) filter (where settles_at <= :now and error_code = ''),
       count(*) filter (where settles_at <= :now and error_code <> ''),
       count(*) filter (where media <> '[]')
from acceptances
where tag = :tag
"""

OPENINGS = """
-- Openings of one tag by kind: answered, messages they belong to, requests left without answer.
select kind,
       count(*) filter (where status between 300 and 399),
       count(distinct case when status between 300 and 399 then acceptance end),
       sum(unsure),
       count(*) filter (where status is not null and status not between 300 and 399)
from openings join acceptances on acceptances.id = openings.acceptance
where tag = :tag
group by kind
"""

OPENERS = """
-- Answered openings of one tag by what opened, most first.
select opener, kind, count(*), count(distinct acceptance)
from openings join acceptances on acceptances.id = openings.acceptance
where tag = :tag and status between 300 and 399
group by opener, kind
order by count(*) desc, opener
"""

REPLIES = """
-- Replies of one tag that were taken by Tapline.
select count(*)
from replies join acceptances on acceptances.id = replies.acceptance
where tag = :tag and taken_at is not null
"""

WAITING = """
-- What is still to happen for one tag: how many things, and when the next one is due.
select count(*), min(at) from (
    select settles_at as at from acceptances where tag = :tag and receipt_taken_at is null
    union all
    select due_at from openings join acceptances on acceptances.id = openings.acceptance
    where tag = :tag and status is null
    union all
    select due_at from replies join acceptances on acceptances.id = replies.acceptance
    where tag = :tag and taken_at is null
)
"""


def tell_truth(ledger: Ledger, tag: str, *, now: float) -> dict[str, Any]:
    """Return the counts of one tag. `done`: nothing more will happen; `waiting` things will.

    `unsure` counts requests that left and got no answer (something was killed): each may or may
    not be among the edge's clicks. `turned_away` counts openings that the edge answered by no
    redirect. `sent_twice` counts acceptances beyond the first of a reference.
    """
    parameters: dict[str, object] = {"tag": tag, "now": now}
    ((sent, references, delivered, failed, pictured),) = ledger.query(MESSAGES, parameters)
    by_kind = {str(row[0]): row[1:] for row in ledger.query(OPENINGS, parameters)}
    ((replies,),) = ledger.query(REPLIES, parameters)
    ((waiting, next_at),) = ledger.query(WAITING, parameters)
    human_clicks, human_clickers, *_ = by_kind.get(Kind.HUMAN, (0, 0))
    return {
        "sent": sent,
        "delivered": delivered,
        "failed": failed,
        "with_pictures": pictured,
        "human_clickers": human_clickers,
        "human_clicks": human_clicks,
        **{kind.value: by_kind.get(kind, (0,))[0] for kind in Kind if kind is not Kind.HUMAN},
        **_rates(_count(human_clickers), _count(delivered)),
        "openers": [
            {"opener": opener, "kind": kind, "requests": requests, "messages": messages}
            for opener, kind, requests, messages in ledger.query(OPENERS, parameters)
        ],
        "replies": replies,
        "sent_twice": _count(sent) - _count(references),
        "unsure": sum(_count(row[2]) for row in by_kind.values()),
        "turned_away": sum(_count(row[3]) for row in by_kind.values()),
        "done": waiting == 0,
        "waiting": waiting,
        "next_at": _as_time(next_at),
    }


def _rates(human_clickers: int, delivered: int) -> dict[str, float]:
    """The true rate is one number: the range has no width."""
    rate = human_clickers / delivered if delivered else 0.0
    return {"click_rate": rate, "click_rate_low": rate, "click_rate_high": rate}


def _count(value: object) -> int:
    assert isinstance(value, int)
    return value


def _as_time(seconds: object) -> str | None:
    if not isinstance(seconds, int | float):
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat()
