"""Lists of conversations: what wants something first, whose it is, found by name or number."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tapline.contacts.marks import Mark, read_mark
from tapline.replies.answering import answer
from tapline.replies.handling import BadAssignee, assign, close, mark_read, reopen
from tapline.replies.heeding import decide
from tapline.replies.models import Reply, Thread
from tapline.replies.threads import (
    LISTS,
    count_waiting,
    page_of_threads,
    rows_of,
    search_threads,
    undecided,
)
from tapline.workspaces.members import add_member
from tapline.workspaces.models import AuditEntry, Role, User, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_contacts, make_workspace, phone
from tests.keywords.making import make_keyword
from tests.replies.making import write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _editor(workspace: Workspace, role: Role = Role.SENDER) -> User:
    return add_member(workspace, f"{role}@example.com", role, actor="test").user


def _thread(number: int = 0) -> Thread:
    return Thread.objects.select_related("workspace").get(phone=phone(number))


def _phones(workspace: Workspace, name: str, user: User | None = None) -> list[str]:
    return [thread.phone for thread in page_of_threads(LISTS[name](workspace, user))[0]]


def test_whoever_wrote_last_is_on_top(workspace: Workspace) -> None:
    now = timezone.now()
    for number, minutes in ((0, 3), (1, 1), (2, 2)):
        write("Hello?", number, at=now - dt.timedelta(minutes=minutes))

    assert _phones(workspace, "open") == [phone(1), phone(2), phone(0)]


def test_each_conversation_is_in_the_lists_that_it_belongs_to(workspace: Workspace) -> None:
    me = _editor(workspace)
    for number in range(4):
        write("Hello?", number)
    assign(_thread(1), me, actor="test")
    close(_thread(2), actor="test")
    mark_read(_thread(3), Reply.objects.latest("pk").pk)

    assert _phones(workspace, "mine", me) == _phones(workspace, "assigned") == [phone(1)]
    assert _phones(workspace, "done") == [phone(2)]
    assert set(_phones(workspace, "unread")) == {phone(0), phone(1)}
    assert phone(2) not in _phones(workspace, "open")
    assert _phones(create_workspace("Elsewhere"), "open") == []


def test_a_new_text_opens_what_was_done(workspace: Workspace) -> None:
    write("Hello?")
    close(_thread(), actor="test")

    write("Hello??")

    assert _phones(workspace, "open") == _phones(workspace, "unread") == [phone(0)]


def test_a_clear_opt_out_is_work_for_nobody(workspace: Workspace) -> None:
    write("STOP", 0)
    write("Hello?", 1)
    write("STOP", 1)

    assert _phones(workspace, "open") == _phones(workspace, "unread") == [phone(1)]
    assert _thread(1).unread == 1
    assert _phones(workspace, "done") == [phone(0)]


def test_a_keyword_alone_is_work_for_nobody_and_more_words_are(workspace: Workspace) -> None:
    make_keyword(workspace)
    write("Pizza", 0)
    write("pizza for eight people on Sunday?", 1)

    assert _phones(workspace, "done") == [phone(0)]
    assert _phones(workspace, "open") == _phones(workspace, "unread") == [phone(1)]


def test_an_open_conversation_stays_open_whatever_is_done_by_itself(workspace: Workspace) -> None:
    make_keyword(workspace)
    write("Hello?")
    mark_read(_thread(), Reply.objects.latest("pk").pk)

    write("PIZZA")

    assert _phones(workspace, "open") == [phone(0)]
    assert _phones(workspace, "unread") == []


def test_pages_of_a_list_hold_everybody_once_also_those_of_one_moment(
    workspace: Workspace,
) -> None:
    now = timezone.now()
    for number in range(7):
        write("Hello?", number, at=now - dt.timedelta(minutes=number // 3))

    seen: list[str] = []
    mark: Mark | None = None
    for _ in range(4):
        page, mark = page_of_threads(LISTS["open"](workspace, None), mark, limit=2)
        seen += [thread.phone for thread in page]

    assert mark is None
    assert sorted(seen) == [phone(number) for number in range(7)]


@pytest.mark.parametrize("written", ["", "x", "1-2", "1-2-3-4", "9" * 18 + "-1-1", "-1-0-1"])
def test_what_is_no_mark_is_the_first_page(written: str) -> None:
    assert read_mark(written) is None


def test_a_mark_survives_an_address() -> None:
    mark = Mark(at=timezone.now(), pk=7, kind=3)

    assert read_mark(str(mark)) == mark


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("0102", [2]),
        ("(200) 555-0102", [2]),
        ("02", []),  # too short to mean anybody
        ("N1", [1]),
        ("josé", [3]),
        ("JOSÉ n3", [3]),
        ("nobody", []),
    ],
)
def test_people_are_found_by_name_or_the_end_of_their_number(
    workspace: Workspace, words: str, found: list[int]
) -> None:
    make_contacts(workspace, 3)
    make_contacts(workspace, 1, first=3, last_name="José")
    for number in range(4):
        write("Hello?", number)

    assert [thread.phone for thread in search_threads(workspace, words)] == [
        phone(number) for number in found
    ]
    assert search_threads(create_workspace("Elsewhere"), words) == []


def test_what_waits_for_a_decision_comes_in_the_order_of_its_clock(workspace: Workspace) -> None:
    now = timezone.now()
    write("stpo", 0, at=now)
    write("too many texts", 1, at=now - dt.timedelta(days=13))

    assert [reply.phone for reply in undecided(workspace)] == [phone(1), phone(0)]
    waiting = count_waiting(workspace)
    assert (waiting.unread, waiting.decisions, waiting.is_urgent) == (2, 2, True)

    decide(undecided(workspace)[0], is_wish=False, actor="test")
    waiting = count_waiting(workspace)
    assert (waiting.decisions, waiting.is_urgent) == (1, False)


def test_a_row_tells_what_was_written_last_and_how_it_stands(workspace: Workspace) -> None:
    for number, text in enumerate(("Open on Sunday?", "stpo", "STOP")):
        write(text, number)
    answer(_thread(0), "Yes, until noon.", actor="test")

    first, second, third = rows_of(workspace, [_thread(number) for number in range(3)])

    assert first.last is not None
    assert (first.last.text, first.by_us) == ("Yes, until noon.", True)
    assert (second.waits_for_decision, second.is_out) == (True, False)
    assert (third.waits_for_decision, third.is_out, third.by_us) == (False, True, False)


def test_a_page_of_rows_takes_as_many_queries_as_one_row(workspace: Workspace) -> None:
    def queries(count: int) -> int:
        threads = [_thread(number) for number in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            rows_of(workspace, threads)
        return len(captured)

    for number in range(5):
        write("Hello?", number)

    assert queries(5) == queries(1) <= 6


def test_what_comes_while_somebody_reads_stays_unread(workspace: Workspace) -> None:
    shown = write("Hello?")
    write("Are you there?")

    mark_read(_thread(), shown.pk)
    assert _thread().unread == 1

    mark_read(_thread(), 0)  # an old page, posted late
    assert _thread().unread == 1


def test_only_who_may_answer_can_be_given_a_conversation(workspace: Workspace) -> None:
    write("Hello?")
    viewer = _editor(workspace, Role.VIEWER)

    with pytest.raises(BadAssignee):
        assign(_thread(), viewer, actor="test")


def test_who_took_on_what_is_in_the_audit_once(workspace: Workspace) -> None:
    write("Hello?")
    me = _editor(workspace)

    for _ in range(2):
        assign(_thread(), me, actor="user 1")
    close(_thread(), actor="user 1")
    reopen(_thread(), actor="user 1")

    actions = AuditEntry.objects.filter(object_kind="thread").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "thread.assigned",
        "thread.done",
        "thread.reopened",
    ]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("open", "thread_by_state"),
        ("unread", "thread_unread"),
        ("mine", "thread_of_member"),
        ("assigned", "thread_assigned"),
        ("done", "thread_by_state"),
    ],
)
def test_each_list_is_read_in_its_own_order_from_an_index(
    workspace: Workspace, name: str, index: str
) -> None:
    wanted = LISTS[name](workspace, _editor(workspace)).order_by("-last_at", "pk")

    plan = wanted[:50].explain()

    assert f"USING INDEX {index}" in plan
    assert "TEMP B-TREE" not in plan
