"""The worker makes the links of tables: each once, whatever dies on the way."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pysqlite3
import pytest
from django.utils import timezone

from tapline.errors import Conflict
from tapline.links import making_many, tables
from tapline.links.aliases import create_alias, delete_alias
from tapline.links.bulk import Line
from tapline.links.codebook import CodeBook, load_codebook
from tapline.links.domains import create_domain
from tapline.links.models import (
    Alias,
    CodeRange,
    Domain,
    Link,
    LinkTable,
    LinkTableLine,
    TableState,
)
from tapline.links.tables import begin, check_again, discard, forget_old, take_in, work_next
from tapline.workspaces.tree import create_workspace
from tests.contacts.test_commands import count
from tests.links.making import make_link
from tests.running import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

MENU = "https://www.example.com/menu"


@pytest.fixture
def domain() -> Domain:
    workspace = create_workspace("Bakery")
    return create_domain(workspace, "https://go.example.com", proved=True, actor="test")


def taken_in(domain: Domain, lines: list[Line]) -> LinkTable:
    return take_in(domain.workspace, domain, "links.csv", lines, actor="test")


def checked(domain: Domain, lines: list[Line]) -> LinkTable:
    table = taken_in(domain, lines)
    work_off()
    table.refresh_from_db()
    return table


def work_off() -> None:
    while work_next():
        pass


def many(lines: int) -> list[Line]:
    """Return lines, every third of which wants an alias."""
    return [
        Line(number + 1, f"{MENU}/{number}", alias=f"page-{number}" if number % 3 == 0 else "")
        for number in range(lines)
    ]


def problems_of(table: LinkTable) -> dict[int, str]:
    bad = LinkTableLine.objects.filter(table=table, is_bad=True)
    return {line.line: line.problem["what"] for line in bad}


def test_each_line_that_cannot_become_a_link_is_told_with_its_reason(domain: Domain) -> None:
    create_alias(domain, "taken", make_link(domain), actor="test")
    freed = create_alias(domain, "free-again", make_link(domain), actor="test")
    delete_alias(freed, actor="test")

    table = checked(
        domain,
        [
            Line(1, MENU, alias="lunch"),
            Line(2, MENU, alias="lunch"),
            Line(3, "ftp://example.com/"),
            Line(4, "https://go.example.com/circle"),
            Line(5, MENU, alias="taken"),
            Line(6, MENU, alias="no way"),
            Line(7, MENU, alias="free-again"),
            Line(8, "", short_link="https://go.example.com/kept"),
        ],
    )

    assert (table.state, table.bad, table.kept, table.good) == (TableState.CHECKED, 5, 1, 2)
    problems = problems_of(table)
    assert sorted(problems) == [2, 3, 4, 5, 6]
    assert "twice" in problems[2]
    assert "taken" in problems[5]


def test_every_short_link_leads_where_its_line_says(domain: Domain) -> None:
    table = checked(domain, many(7))
    begin(table, actor="test")
    work_off()

    lines = LinkTableLine.objects.filter(table=table)
    told = {line.destination: line.short_link for line in lines}
    coded = list(Link.objects.filter(aliases=None))
    book = load_codebook([link.pk for link in coded], last_position=0)
    expected = {
        each.destination: CodeBook.url(domain, book.codes(each.pk, [0])[0]) for each in coded
    }
    expected |= {
        each.link.destination: f"https://go.example.com/{each.path}"
        for each in Alias.objects.select_related("link")
    }
    assert told == expected
    assert len(set(told.values())) == 7


def test_an_alias_that_was_freed_leads_on_to_the_new_link(domain: Domain) -> None:
    freed = create_alias(domain, "lunch", make_link(domain), actor="test")
    delete_alias(freed, actor="test")

    begin(checked(domain, [Line(1, MENU, alias="lunch")]), actor="test")
    work_off()

    freed.refresh_from_db()
    assert (freed.link.destination, freed.deleted_at) == (MENU, None)


def test_an_alias_taken_since_the_look_is_told_and_makes_nothing(domain: Domain) -> None:
    table = checked(domain, [Line(1, MENU, alias="lunch"), Line(2, MENU)])
    create_alias(domain, "lunch", make_link(domain), actor="test")

    begin(table, actor="test")
    work_off()

    table.refresh_from_db()
    assert (table.state, table.made, table.bad) == (TableState.DONE, 1, 1)
    assert "taken" in problems_of(table)[1]


@pytest.mark.parametrize("dies_at", ["_write_short_links", "_advance", "make_many"])
def test_a_worker_that_dies_within_a_chunk_loses_and_doubles_nothing(
    domain: Domain, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    monkeypatch.setattr(tables, "LINES_MADE", 10)
    table = checked(domain, many(35))
    begin(table, actor="test")
    do, calls = getattr(tables, dies_at), []

    def die_in_the_second(*args: object, **more: object) -> object:
        done = do(*args, **more)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(tables, dies_at, die_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        work_off()
    assert Link.objects.count() == 10
    monkeypatch.setattr(tables, dies_at, do)
    work_off()

    table.refresh_from_db()
    assert (table.state, table.made, table.handled) == (TableState.DONE, 35, 35)
    assert Link.objects.count() == 35
    assert Link.objects.values("destination").distinct().count() == 35
    assert (Alias.objects.count(), CodeRange.objects.count()) == (12, 23)


def test_of_two_workers_at_one_chunk_the_slower_makes_nothing(
    domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = checked(domain, many(5))
    begin(table, actor="test")
    take_codes = making_many.take_codes

    def while_the_other_makes_it(*args: object) -> object:
        monkeypatch.setattr(tables, "take_codes", take_codes)
        work_off()
        return take_codes(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(tables, "take_codes", while_the_other_makes_it)
    work_next()

    table.refresh_from_db()
    assert (table.made, Link.objects.count()) == (5, 5)


def test_tables_take_turns(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LINES_CHECKED", 2)
    long, short = taken_in(domain, many(9)), taken_in(domain, many(1))

    work_next()
    work_next()

    long.refresh_from_db()
    short.refresh_from_db()
    assert (long.handled, short.state) == (2, TableState.CHECKED)


def test_what_kills_its_worker_again_and_again_is_given_up_and_checked_anew(
    domain: Domain,
) -> None:
    table = checked(domain, many(4))
    begin(table, actor="test")
    LinkTable.objects.update(attempts=tables.MOST_ATTEMPTS)

    work_off()
    table.refresh_from_db()
    assert table.state == TableState.FAILED
    assert "broke off" in table.failure["why"]

    check_again(table)
    work_off()
    table.refresh_from_db()
    assert (table.state, table.good, table.failure) == (TableState.CHECKED, 4, {})


def test_a_table_whose_domain_is_gone_ends_in_words(domain: Domain) -> None:
    table = checked(domain, many(4))
    begin(table, actor="test")
    Domain.objects.filter(pk=domain.pk).update(deleted_at=timezone.now())

    work_off()

    table.refresh_from_db()
    assert table.state == TableState.FAILED
    assert "domain" in table.failure["what"]
    assert not Link.objects.exists()


def test_making_is_begun_once_and_not_before_the_check(domain: Domain) -> None:
    table = taken_in(domain, many(3))
    with pytest.raises(Conflict):
        begin(table, actor="test")

    work_off()
    table.refresh_from_db()
    begin(table, actor="test")
    begin(table, actor="test")
    work_off()

    assert Link.objects.count() == 3
    discard(LinkTable.objects.get())  # Of what was made nothing is forgotten this way.
    assert LinkTable.objects.exists()


def test_who_discards_a_table_that_another_lets_be_made_is_too_late(domain: Domain) -> None:
    table = checked(domain, many(3))
    begin(LinkTable.objects.get(), actor="test")

    discard(table)  # as its page was a moment ago

    work_off()
    assert Link.objects.count() == 3


def test_an_old_table_is_forgotten_and_its_links_stay(domain: Domain) -> None:
    begin(checked(domain, many(3)), actor="test")
    work_off()

    assert not forget_old()
    assert forget_old(timezone.now() + tables.KEPT + dt.timedelta(minutes=1))

    assert not LinkTable.objects.exists()
    assert not LinkTableLine.objects.exists()
    assert Link.objects.count() == 3


def test_a_table_whose_request_died_is_forgotten_and_never_made(domain: Domain) -> None:
    table = taken_in(domain, many(3))
    LinkTable.objects.filter(pk=table.pk).update(state=TableState.ARRIVING)

    assert not work_next()
    assert not forget_old()
    assert forget_old(timezone.now() + tables.ARRIVES_WITHIN + dt.timedelta(minutes=1))
    assert not LinkTableLine.objects.exists()


LINES = 6_000


@pytest.mark.slow
@pytest.mark.django_db(transaction=False)
def test_killed_at_any_point_it_goes_on_in_the_next_worker(tmp_path: Path) -> None:
    environment = os.environ | {"TAPLINE_DATA_DIR": str(tmp_path / "data")}
    database = tmp_path / "data" / "control.sqlite3"
    subprocess.run([sys.executable, "-c", _ASK], env=environment, check=True)
    worker = [sys.executable, "-m", "tapline", "worker", "imports"]

    for made in (1, LINES // 3):
        with subprocess.Popen(worker, env=environment) as killed:
            wait_for(partial(_has_links, database, made), seconds=60, what="links")
            killed.send_signal(signal.SIGKILL)
    half = count(database, "links_link")
    with subprocess.Popen(worker, env=environment) as last:
        wait_for(partial(_is_done, database), seconds=60, what="the end")
        last.send_signal(signal.SIGTERM)

    assert 0 < half < LINES
    assert _state(database) == ("done", LINES, LINES, 0)
    with closing(pysqlite3.connect(database)) as connection:
        (links,) = connection.execute("select count(distinct destination) from links_link")
        (told,) = connection.execute("select count(distinct short_link) from links_linktableline")
    assert links == told == (LINES,)
    assert count(database, "links_link") == LINES


# Takes a table in, checks it, and lets it be made, as the pages do.
_ASK = """
from tapline.cli import set_up_django
set_up_django()
from tapline.instance.first_start import make_ready
from tests.links.test_tables import LINES, begin, checked, many
domain = make_ready().workspace.domains.get()
begin(checked(domain, many(LINES)), actor="test")
"""


def _is_done(database: Path) -> bool:
    return _state(database)[0] == "done"


def _has_links(database: Path, least: int) -> bool:
    return count(database, "links_link") >= least


def _state(database: Path) -> tuple[object, ...]:
    with closing(pysqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        query = "select state, handled, made, bad from links_linktable"
        row: tuple[object, ...] = connection.execute(query).fetchone()
        return row
