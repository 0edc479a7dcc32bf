"""What keywords did: who texted them, who agreed, who tapped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from tapline.keywords.models import Keyword, KeywordUse

USES = """
-- Texts with each keyword, the people behind them, and how many of them agreed.
select u.keyword_id, count(*), count(distinct coalesce(u.contact_id, -u.id)),
  sum(case when u.is_misspelt then 1 else 0 end), sum(case when u.agreed then 1 else 0 end),
  max(u.at)
from keywords_keyworduse u
where u.keyword_id in ({keywords})
group by u.keyword_id
"""

REPLIES = """
-- Replies that left for each keyword, delivered ones, and those that a person tapped. A tap proves
-- delivery.
select g.keyword_id,
  sum(case when t.was_accepted then t.count else 0 end),
  sum(case when t.state = 'delivered' or t.was_clicked then t.count else 0 end),
  sum(case when not t.only_counted and (t.state = 'delivered' or t.was_clicked)
    then t.count else 0 end),
  sum(case when not t.only_counted and t.was_accepted then t.count else 0 end),
  sum(case when t.was_clicked then t.count else 0 end)
from keywords_keywordbroadcast g
join broadcasts_messagetally t on t.broadcast_id = g.broadcast_id
where g.keyword_id in ({keywords})
group by g.keyword_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordReport:
    """The numbers of one keyword since it was made."""

    keyword: Keyword
    texts: int = 0
    people: int = 0
    misspelt: int = 0
    agreed: int = 0
    replies_sent: int = 0
    replies_delivered: int = 0
    # The same without people who are only counted (`workspaces.counting`).
    watched_sent: int = 0
    watched_delivered: int = 0
    people_who_tapped: int = 0  # replies with at least one human tap
    last_at: Any = None

    @property
    def click_rate(self) -> float | None:
        """Replies that a person tapped ÷ delivered, or ÷ sent where no receipt came; None before
        there is one to people who are not only counted."""
        base = self.watched_delivered if self.replies_delivered else self.watched_sent
        return self.people_who_tapped / base if base else None


def words_heard(reply_ids: Sequence[int]) -> dict[int, str]:
    """Return what conversations say beside the texts that were a keyword: reply id → words."""
    uses = KeywordUse.objects.filter(reply__in=reply_ids)
    return {
        reply: _("keyword %(word)s") % {"word": word}
        for reply, word in uses.values_list("reply_id", "keyword__word")
    }


def report_keywords(keywords: Sequence[Keyword]) -> list[KeywordReport]:
    """Return the numbers of each keyword, in the order given."""
    uses = _grouped(USES, keywords)
    replies = _grouped(REPLIES, keywords)
    return [_report(each, uses.get(each.pk, ()), replies.get(each.pk, ())) for each in keywords]


def _report(keyword: Keyword, uses: Sequence[Any], replies: Sequence[Any]) -> KeywordReport:
    names = ("texts", "people", "misspelt", "agreed", "last_at")
    sent = (
        "replies_sent",
        "replies_delivered",
        "watched_delivered",
        "watched_sent",
        "people_who_tapped",
    )
    known = dict(zip(names, uses, strict=False)) | dict(zip(sent, replies, strict=False))
    return KeywordReport(keyword=keyword, **known)


def _grouped(sql: str, keywords: Iterable[Keyword]) -> dict[int, Sequence[Any]]:
    ids = ", ".join(str(int(each.pk)) for each in keywords)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(sql.format(keywords=ids))
        return {row[0]: row[1:] for row in cursor.fetchall()}
