"""What conversations keep of a person; see `contacts.keeping`.

Replies stay as rows without number and text, so that totals do; threads go.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tapline.contacts.keeping import ROWS_PER_CHUNK, Kept, Old, Retention
from tapline.contacts.retention import InOrder
from tapline.replies.models import Reply, Thread

_THEIRS = """(contact_id in (select value from json_each(%(contacts)s))
  or (phone = %(phone)s and workspace_id in (select value from json_each(%(workspaces)s))))"""

REPLIES = f"""
-- What a person wrote to us.
select id, broadcast_id, phone, number, text, is_opt_out, received_at
from replies_reply where {_THEIRS} order by id
"""

BLANK_REPLIES = f"""
-- That somebody replied, and whether it was an opt-out, stays.
update replies_reply set phone = '', text = '', contact_id = null, thread_id = null
where {_THEIRS}
"""

THREADS = f"""
-- A person's conversations.
select id, phone, number, state, last_at from replies_thread where {_THEIRS} order by id
"""

_THEIR_THREADS = f"thread_id in (select id from replies_thread where {_THEIRS})"

ANSWERS = f"""
-- What was answered to a person.
select id, kind, text, made_by, made_at, refused, message_id
from replies_answer where {_THEIR_THREADS} order by id
"""

FORGET_ANSWERS = f"""
-- What was answered goes with its thread; that a text left stays with its message.
delete from replies_answer where {_THEIR_THREADS}
"""

FORGET_THREADS = f"""
-- A conversation is its person's alone. Their replies let go of it before.
delete from replies_thread where {_THEIRS}
"""


OLD_REPLIES = InOrder(
    kind="replies",
    next_end="""
-- The last of the next old replies.
with following as (
  select id, received_at < %(before)s as is_old from replies_reply
  where id > %(after)s order by id limit %(limit)s)
select coalesce((select min(id) - 1 from following where not is_old),
  (select max(id) from following))
""",
    forget="""
-- That somebody replied, and whether it was an opt-out, stays.
update replies_reply set phone = '', text = '', contact_id = null, thread_id = null
where id > %(after)s and id <= %(end)s
""",
    count="""
-- Old replies that still say something of somebody.
select count(*) from replies_reply
where id > %(after)s and received_at < %(before)s and (phone <> '' or text <> '')
""",
)

OLD_ANSWERS = InOrder(
    kind="conversation_answers",
    next_end="""
-- The last of the next old answers.
with following as (
  select id, made_at < %(before)s as is_old from replies_answer
  where id > %(after)s order by id limit %(limit)s)
select coalesce((select min(id) - 1 from following where not is_old),
  (select max(id) from following))
""",
    forget="""
-- That a text left stays with its message.
delete from replies_answer where id > %(after)s and id <= %(end)s
""",
    count="""
-- Old answers.
select count(*) from replies_answer where id > %(after)s and made_at < %(before)s
""",
)


def _old_threads(old: Old) -> QuerySet[Thread]:
    """Return conversations that have been silent for so long."""
    return Thread.objects.filter(last_at__lt=old.before)


def _forget_threads(old: Old) -> int:
    ids = list(_old_threads(old).order_by("id").values_list("id", flat=True)[:ROWS_PER_CHUNK])
    with transaction.atomic():
        # Again by age: somebody may have written in between.
        return _old_threads(old).filter(id__in=ids).delete()[0] if ids else 0


def _reply_numbers() -> Iterator[str]:
    return Reply.objects.exclude(phone="").values_list("phone", flat=True).distinct().iterator()


def _thread_numbers() -> Iterator[str]:
    return Thread.objects.exclude(phone="").values_list("phone", flat=True).distinct().iterator()


# Erased from the last to the first: replies hold their thread.
KEPT = (
    Kept(
        name="conversations",
        tables=("replies_thread",),
        words=_("That we wrote to each other, and when last"),
        find=lambda person: person.rows(THREADS),
        erase=lambda person: person.change(FORGET_THREADS),
        numbers=_thread_numbers,
        retention=Retention(
            setting="replies_keep_days",
            count=lambda old: _old_threads(old).count(),
            forget=_forget_threads,
        ),
    ),
    Kept(
        name="conversation_answers",
        tables=("replies_answer",),
        words=_("What we answered, and who of us did"),
        find=lambda person: person.rows(ANSWERS),
        erase=lambda person: person.change(FORGET_ANSWERS),
        retention=OLD_ANSWERS.retention("replies_keep_days"),
    ),
    Kept(
        name="replies",
        tables=("replies_reply",),
        words=_("What you wrote to us"),
        find=lambda person: person.rows(REPLIES),
        erase=lambda person: person.change(BLANK_REPLIES),
        numbers=_reply_numbers,
        retention=OLD_REPLIES.retention("replies_keep_days"),
    ),
)
