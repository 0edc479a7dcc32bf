"""What conversations keep of a person; see `contacts.keeping`.

Replies stay as rows without number and text, so that totals do; threads go.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from tapline.contacts.keeping import Kept
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


def _reply_numbers() -> Iterator[str]:
    return Reply.objects.exclude(phone="").values_list("phone", flat=True).distinct().iterator()


def _thread_numbers() -> Iterator[str]:
    return Thread.objects.exclude(phone="").values_list("phone", flat=True).distinct().iterator()


# Erased from the last to the first: replies hold their thread.
KEPT = (
    Kept(
        name="conversations",
        words=_("That we wrote to each other, and when last"),
        find=lambda person: person.rows(THREADS),
        erase=lambda person: person.change(FORGET_THREADS),
        numbers=_thread_numbers,
    ),
    Kept(
        name="conversation_answers",
        words=_("What we answered, and who of us did"),
        find=lambda person: person.rows(ANSWERS),
        erase=lambda person: person.change(FORGET_ANSWERS),
    ),
    Kept(
        name="replies",
        words=_("What you wrote to us"),
        find=lambda person: person.rows(REPLIES),
        erase=lambda person: person.change(BLANK_REPLIES),
        numbers=_reply_numbers,
    ),
)
