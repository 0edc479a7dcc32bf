"""Questions to a real name server that behaves, and to ones that do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tapline.config import BadSetting
from tapline.links.dns import MOST_VALUES, Failure, Questions
from tests.links.name_server import NameServer, name_server

SECONDS = 5.0
NAME = "go.example.com"


@pytest.fixture
def server() -> Iterator[NameServer]:
    with name_server() as running:
        yield running


def ask(server: NameServer, seconds: float = SECONDS) -> Questions:
    return Questions(server.address, seconds)


def test_records_of_each_kind_are_read(server: NameServer) -> None:
    server.set(NAME, "TXT", '"one"', '"two halves " "of one"')
    server.set(NAME, "A", "203.0.113.7")
    server.set(NAME, "AAAA", "2001:db8::7")
    server.set(NAME, "CAA", '0 issue "letsencrypt.org; validationmethods=dns-01"')

    questions = ask(server)

    assert sorted(questions.texts(NAME).values) == ["one", "two halves of one"]
    assert questions.addresses(NAME).values == ("203.0.113.7", "2001:db8::7")
    [authority] = questions.authorities(NAME).values
    assert authority == (0, "issue", "letsencrypt.org; validationmethods=dns-01")


def test_aliases_are_followed_and_told(server: NameServer) -> None:
    server.set(NAME, "CNAME", "a.example.net.")
    server.set("a.example.net", "CNAME", "b.example.net.")
    server.set("b.example.net", "A", "203.0.113.7")

    reply = ask(server).addresses(NAME)

    assert reply.values == ("203.0.113.7",)
    assert reply.aliases == ("a.example.net", "b.example.net")
    assert reply.failure is None


def test_what_is_not_there_is_told_from_what_was_not_found_out(server: NameServer) -> None:
    server.set(NAME, "A", "203.0.113.7")

    nothing, unknown = ask(server).texts(NAME), ask(server).texts("nobody.example.com")

    assert (nothing.failure, nothing.is_sure) == (Failure.NO_RECORD, True)
    assert (unknown.failure, unknown.is_sure) == (Failure.NO_NAME, True)


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ("broken", Failure.BROKEN),
        ("malformed", Failure.SILENT),  # No answer to us, so it may be a forgery: we go on waiting.
        ("loop", Failure.LOOP),
        ("silent", Failure.SILENT),
    ],
)
def test_a_server_that_fails_leaves_it_open(
    server: NameServer, fault: str, failure: Failure
) -> None:
    server.fault = fault

    reply = ask(server, seconds=0.5).texts(NAME)

    assert (reply.failure, reply.is_sure, reply.values) == (failure, False, ())


def test_an_answer_to_another_question_is_not_believed(server: NameServer) -> None:
    server.set(NAME, "A", "203.0.113.7")
    server.fault = "lying"

    assert ask(server).addresses(NAME).values == ()


def test_a_huge_answer_comes_by_tcp_and_is_cut(server: NameServer) -> None:
    server.set(NAME, "TXT", *(f'"{number:03} {"x" * 240}"' for number in range(200)))

    reply = ask(server).texts(NAME)

    assert len(reply.values) == MOST_VALUES
    assert ("tcp", NAME, "TXT") in server.asked


def test_all_questions_together_end_in_time(server: NameServer) -> None:
    server.fault = "silent"
    questions = ask(server, seconds=0.3)

    replies = [questions.texts(NAME) for _ in range(100)]

    assert {reply.failure for reply in replies} == {Failure.SILENT}
    assert len(server.asked) < 20  # The time is used up by the first few.


def test_a_server_that_is_down_leaves_it_open() -> None:
    with name_server() as gone:
        pass
    assert not ask(gone, seconds=0.5).addresses(NAME).is_sure


@pytest.mark.parametrize("name", ["a" * 64 + ".example.com", ".".join(["a" * 60] * 5), "a..b"])
def test_a_name_that_cannot_be_asked_for_is_no_crash(server: NameServer, name: str) -> None:
    assert ask(server).texts(name).failure == Failure.BROKEN


@pytest.mark.parametrize("servers", ["dns.example.com", "9.9.9.9:99999", "x:y:z"])
def test_servers_that_cannot_be_are_refused(servers: str) -> None:
    with pytest.raises(BadSetting):
        Questions(servers, SECONDS)


@pytest.mark.parametrize("servers", ["9.9.9.9", "9.9.9.9:53, [2620:fe::fe]:53", "2620:fe::fe"])
def test_servers_are_named_with_and_without_port(servers: str) -> None:
    Questions(servers, SECONDS)
