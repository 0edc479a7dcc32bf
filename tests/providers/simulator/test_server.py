from __future__ import annotations

import datetime as dt
import http.client
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tapline.providers.base import Accepted, Outgoing, Refused, Unsure
from tapline.providers.simulator.send import SimulatorProvider
from tapline.providers.simulator.wire import Submission, Submitted
from tests.providers.simulator.simulating import (
    SimulatorProcess,
    World,
    simulator,
    wait_for,
    world_around,
)

# A day of simulated time passes in less than two seconds.
FAST = 60_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_around(tmp_path) as world:
        yield world


def texts(count: int, tag: str = "b") -> list[Outgoing]:
    """Return texts to numbers of ranges reserved for fiction."""
    validity = dt.datetime.now(dt.UTC) + dt.timedelta(hours=4)
    return [
        Outgoing(
            reference=f"{tag}-{number}",
            to=f"+1{201 + number // 99}55501{number % 99 + 1:02d}",
            sender="+12125550100",
            text=f"See https://go.example.com/{number:08d} Reply STOP to opt out",
            send_before_at=validity,
            tag=tag,
        )
        for number in range(count)
    ]


def test_the_truth_is_what_arrived_at_the_edge_and_the_pages(world: World, tmp_path: Path) -> None:
    batch = texts(300)
    with simulator(world, tmp_path, speed=FAST) as process:
        answers = process.send(batch)
        wait_for(lambda: process.truth("b")["done"], "everything has happened")
        truth = process.truth("b")

    receipts = world.lines("receipts")
    statuses = Counter(line["status"] for line in receipts)
    humans = [request for request in world.requests if is_human(request.headers)]
    assert all(isinstance(answer, Accepted) for answer in answers)
    assert {line["id"] for line in receipts} == {answer.provider_id for answer in answers}  # type: ignore[union-attr]
    assert (truth["sent"], truth["delivered"], truth["failed"]) == (
        300,
        statuses["delivered"],
        statuses["undelivered"],
    )
    assert statuses["undelivered"] > 0
    kinds = ("human_clicks", "preview", "scanner", "prefetch", "tool")
    assert sum(truth[kind] for kind in kinds) == len(world.requests) > 100
    assert truth["human_clicks"] == len(humans)
    assert truth["human_clickers"] == len({request.path for request in humans})
    assert truth["replies"] == len(world.lines("replies"))
    assert (truth["unsure"], truth["turned_away"], truth["sent_twice"]) == (0, 0, 0)


def test_the_truth_names_what_opened_when_people_follow_a_scenario(
    world: World, tmp_path: Path
) -> None:
    with simulator(world, tmp_path, speed=FAST, scenario="mixed") as process:
        process.send(texts(300))
        wait_for(lambda: process.truth("b")["done"], "everything has happened")
        truth = process.truth("b")

    openers = {row["opener"]: row for row in truth["openers"]}
    assert sum(row["requests"] for row in openers.values()) == len(world.requests) > 200
    assert openers["carrier_browser"]["kind"] == "scanner"
    scanners = sum(row["requests"] for row in openers.values() if row["kind"] == "scanner")
    assert scanners == truth["scanner"]
    assert all(request.address.startswith("127.") for request in world.requests)


def is_human(headers: dict[str, str]) -> bool:
    """Only people's browsers navigate, and a prefetch says that it is one."""
    return headers.get("sec-fetch-mode") == "navigate" and "sec-purpose" not in headers


def test_each_phone_has_an_address_of_its_own_and_machines_share_few(
    world: World, tmp_path: Path
) -> None:
    with simulator(world, tmp_path, speed=FAST) as process:
        process.send(texts(300))
        wait_for(lambda: process.truth("b")["done"], "everything has happened")

    on_google = {
        request.address
        for request in world.requests
        if "GoogleMessages" in request.headers["user-agent"]
    }
    people: dict[str, set[str]] = {}
    for request in filter(lambda request: is_human(request.headers), world.requests):
        people.setdefault(request.address, set()).add(request.path)
    assert len(people) > 40
    assert all(len(paths) == 1 for paths in people.values())
    assert 1 <= len(on_google) <= 4


def test_kill_9_loses_and_repeats_nothing_that_the_edge_answered(
    world: World, tmp_path: Path
) -> None:
    with simulator(world, tmp_path, speed=FAST / 4) as process:
        answers = process.send(texts(300))
        for _ in range(4):
            time.sleep(0.3)  # Long enough to be in the midst of it, whatever the machine.
            process.kill()
            process.start()
        wait_for(lambda: process.truth("b")["done"], "everything has happened")
        truth = process.truth("b")

    kinds = ("human_clicks", "preview", "scanner", "prefetch", "tool")
    answered = sum(truth[kind] for kind in kinds)
    receipts = world.lines("receipts")
    assert len(answers) == truth["sent"] == 300
    assert {line["id"] for line in receipts} == {answer.provider_id for answer in answers}  # type: ignore[union-attr]
    # What was cut off between request and record may have arrived: it is counted as unsure.
    assert answered <= len(world.requests) <= answered + truth["unsure"]
    assert truth["sent_twice"] == 0


def test_receipts_wait_for_the_pages_to_come_up(world: World, tmp_path: Path) -> None:
    world.pages_are_up = False
    with simulator(world, tmp_path, speed=FAST) as process:
        process.send(texts(20))
        wait_for(lambda: process.truth("b")["delivered"] > 15, "texts are delivered")
        assert not process.truth("b")["done"]
        world.pages_are_up = True
        wait_for(lambda: process.truth("b")["done"], "receipts are taken")

    assert len({line["id"] for line in world.lines("receipts")}) == 20


def test_the_adapter_tells_taken_from_never_seen(world: World, tmp_path: Path) -> None:
    with simulator(world, tmp_path, speed=1) as process:
        (accepted,) = process.send(texts(1))
        found = process.look_up(["b-0", *[f"never-{number}" for number in range(500)]])

    assert isinstance(accepted, Accepted)
    assert found["b-0"].provider_id == accepted.provider_id
    assert len(found) == 501
    assert {answer.provider_id for name, answer in found.items() if name != "b-0"} == {None}


def test_a_number_that_is_none_is_refused_for_good(world: World, tmp_path: Path) -> None:
    good, bad = texts(2)
    bad = Outgoing(
        reference="bad", to="555-0100", sender="", text="x", send_before_at=bad.send_before_at
    )
    with simulator(world, tmp_path, speed=1) as process:
        answers = process.send([bad, good])

    assert isinstance(answers[0], Refused)
    assert not answers[0].can_retry
    assert isinstance(answers[1], Accepted)


def test_a_text_past_its_validity_fails_and_is_not_opened(world: World, tmp_path: Path) -> None:
    with simulator(world, tmp_path, speed=FAST) as process:
        late = [msgspec.structs.replace(message, validity_seconds=0) for message in submitted(30)]
        assert post(process, Submission(late))[0] == 200
        wait_for(lambda: process.truth("b")["done"], "everything has happened")
        truth = process.truth("b")

    assert (truth["delivered"], truth["failed"]) == (0, 30)
    assert world.requests == []


def submitted(count: int) -> list[Submitted]:
    return [
        Submitted(text.reference, text.to, text.sender, text.text, 3600, text.tag)
        for text in texts(count)
    ]


def post(process: SimulatorProcess, body: Submission | bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(process.url.removeprefix("http://"), timeout=10)
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    connection.request("POST", "/messages", data)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def test_a_request_whose_caller_stopped_waiting_is_not_accepted_any_more(
    world: World, tmp_path: Path
) -> None:
    with simulator(world, tmp_path, speed=1) as process:
        status, _ = post(process, Submission(submitted(1), give_up_at=time.time() - 1))
        found = process.look_up(["b-0"])

    assert status == 408
    assert found["b-0"].provider_id is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"messages": [{"reference": "r"}]}'])
def test_a_body_that_is_no_list_of_messages_is_refused(
    world: World, tmp_path: Path, body: bytes
) -> None:
    with simulator(world, tmp_path, speed=1) as process:
        status, answer = post(process, body)

    assert status == 400
    assert b"not a list of messages" in answer


def test_a_simulator_that_is_not_there_has_surely_taken_nothing() -> None:
    with closing(SimulatorProvider("http://127.0.0.1:9")) as provider:
        (answer,) = provider.send(texts(1))

    assert isinstance(answer, Refused)
    assert answer.can_retry


def test_an_answer_that_is_lost_leaves_the_text_unsure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cutter = threading.Thread(target=lambda: listener.accept()[0].close())
        cutter.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with closing(SimulatorProvider(url)) as provider:
            (answer,) = provider.send(texts(1))
        cutter.join()

    assert isinstance(answer, Unsure)
