"""Children and parents die, the control database goes away, disks fill up: taps are answered."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import threading
from pathlib import Path

import pytest

from tests.edge.certificates import write_certificate
from tests.edge.conftest import DESTINATION, HOST, World, make_world
from tests.edge.control import RunningEdge, eventually


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose edge these tests stop, kill and start again themselves."""
    made = make_world(tmp_path_factory.mktemp("faults"))
    made.edge.stop()
    return made


def location(edge: RunningEdge, path: str) -> str | None:
    value: str | None = edge.get(f"/{path}", host=HOST).headers["Location"]
    return value


def test_an_edge_started_first_serves_when_the_control_database_appears(tmp_path: Path) -> None:
    edge = RunningEdge(tmp_path / "new").start()
    try:
        assert edge.health()["status"] == "degraded"
        assert edge.get("/BCDFGHJK", host=HOST).status == 404
        world = make_world_beside(edge)
        eventually(lambda: edge.get(f"/{world.code(3)}", host=HOST).status == 302, "it serves")
        assert edge.health()["status"] == "ok"
    finally:
        assert edge.stop() == 0


def make_world_beside(edge: RunningEdge) -> World:
    from tests.edge.control import make_control_database

    control = make_control_database(edge.data_dir)
    domain = control.domain(HOST)
    link = control.link(domain, DESTINATION)
    control.hand_out(domain, link, 0, 100)
    return World(control, edge, domain, link)


def test_the_edge_serves_and_restarts_with_the_control_database_gone(lonely: World) -> None:
    edge, away = lonely.edge.start(), lonely.control.path.with_suffix(".away")
    lonely.control.path.rename(away)
    try:
        eventually(lambda: edge.health()["replica"]["error"], "the health page says so")
        assert location(edge, lonely.code(11)) == DESTINATION
        asked = edge.get(f"/-/tls-ask?domain={HOST}", host="edge", port=edge.admin_port)
        assert asked.status == 200
        assert edge.stop() == 0
        edge.start()
        assert location(edge, lonely.code(12)) == DESTINATION
    finally:
        away.rename(lonely.control.path)
        assert edge.stop() == 0
    assert len(lonely.records(lonely.code(12))) == 1


def test_a_changed_destination_is_on_every_child_at_once(lonely: World) -> None:
    lonely.edge.settings["TAPLINE_EDGE_PROCESSES"] = "2"
    edge = lonely.edge.start()
    try:
        lonely.control.change(
            "update links_link set destination = ?2, change = ?3 where id = ?1",
            *(lonely.link, "https://example.com/new"),
        )
        lonely.wait_for_replica()
        # The kernel spreads connections over the children: forty reach both.
        seen = {location(edge, lonely.code(200 + number)) for number in range(40)}
        assert seen == {"https://example.com/new"}
    finally:
        del lonely.edge.settings["TAPLINE_EDGE_PROCESSES"]
        lonely.control.change(
            "update links_link set destination = ?2, change = ?3 where id = ?1",
            *(lonely.link, DESTINATION),
        )
        assert edge.stop() == 0


def test_a_new_epoch_replaces_everything_that_was_known(lonely: World) -> None:
    edge = lonely.edge.start()
    ghost = lonely.control.link(lonely.domain, DESTINATION)
    lonely.control.hand_out(lonely.domain, ghost, 20_000, 5)
    lonely.wait_for_replica()
    assert location(edge, lonely.code(20_001)) == DESTINATION
    try:
        # As a restored database: its rows are older, its counter too, its epoch is new.
        lonely.control.connection.execute("delete from links_coderange where link_id = ?", (ghost,))
        lonely.control.connection.execute("delete from links_link where id = ?", (ghost,))
        lonely.control.connection.execute("update links_changecounter set value = value - 2")
        lonely.control.connection.execute("update instance_instance set epoch = epoch + 1")
        lonely.wait_for_replica()
        eventually(lambda: location(edge, lonely.code(20_001)) != DESTINATION, "it is forgotten")
        assert location(edge, lonely.code(201)) == DESTINATION
    finally:
        assert edge.stop() == 0


def test_a_killed_child_is_replaced_and_the_dead_reader_forgotten(lonely: World) -> None:
    edge = lonely.edge.start()
    try:
        [child] = edge.children()
        os.kill(child, signal.SIGKILL)
        eventually(lambda: edge.children() not in ([], [child]), "another child")
        eventually(lambda: answers(edge, lonely.code(300)), "it serves again")
        assert edge.metric("tapline_edge_restarts") == 1
    finally:
        assert edge.stop() == 0


def answers(edge: RunningEdge, path: str) -> bool:
    try:
        return edge.get(f"/{path}", host=HOST).status == 302
    except OSError:
        return False


def test_children_die_with_a_killed_parent(lonely: World) -> None:
    edge = lonely.edge.start()
    [child] = edge.children()

    edge.stop(signal.SIGKILL)

    eventually(lambda: not Path(f"/proc/{child}").exists(), "the child ends too")
    lonely.edge.start().stop()


def test_stopping_answers_what_is_under_way(lonely: World) -> None:
    edge = lonely.edge.start()
    path = lonely.code(8_000_000)  # waits 500 ms for the replica
    with socket.create_connection(("127.0.0.1", edge.port), timeout=20) as client:
        client.sendall(f"GET /{path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        # The next answer on another connection shows that the first request has been read.
        assert location(edge, lonely.code(400)) == DESTINATION
        assert edge.stop() == 0
        raw = client.recv(65536)
    assert raw.startswith(b"HTTP/1.1 302 ")
    assert [record.outcome for record in lonely.records(path)] == ["unresolved"]


def test_a_link_minted_after_the_tap_arrived_is_still_found(lonely: World) -> None:
    edge = lonely.edge.start()
    seen: list[str | None] = []
    try:
        lonely.control.connection.execute("begin immediate")  # minting is under way
        tap = threading.Thread(target=lambda: seen.append(location(edge, lonely.code(30_001))))
        tap.start()
        lonely.control.connection.execute("rollback")
        lonely.control.hand_out(lonely.domain, lonely.link, 30_000, 5)
        tap.join(10)
        assert seen == [DESTINATION]
    finally:
        assert edge.stop() == 0


def test_a_full_disk_under_the_click_log_loses_no_tap(lonely: World) -> None:
    log = lonely.control.data_dir / "clicklog"
    log.mkdir(exist_ok=True)  # where no test before has tapped
    log.rename(log.with_name("set-aside"))
    log.write_text("in the way")  # as unwritable as a full disk, whoever runs the test
    edge = lonely.edge.start()
    try:
        assert location(edge, lonely.code(500)) == DESTINATION
        assert location(edge, lonely.code(501)) == DESTINATION
        eventually(lambda: edge.health()["click_log"]["lost"] == 2, "the loss is counted")
        assert edge.health()["status"] == "degraded"
        log.unlink()
        log.with_name("set-aside").rename(log)
        eventually(
            lambda: answers(edge, lonely.code(502)) and lonely.records(lonely.code(502)),
            "it writes again",
        )
        eventually(lambda: edge.health()["status"] == "ok", "and is well again")
    finally:
        assert edge.stop() == 0


def test_two_edges_on_one_folder_are_refused(lonely: World) -> None:
    edge = lonely.edge.start()
    try:
        with pytest.raises(AssertionError, match="ended before it served"):
            RunningEdge(lonely.control.data_dir).start()
    finally:
        assert edge.stop() == 0


def test_the_client_is_named_by_a_trusted_proxy_only(tmp_path: Path) -> None:
    world = make_world(tmp_path, TAPLINE_EDGE_TRUSTED_PROXIES="127.0.0.0/8,10.0.0.0/8")
    headers = {"X-Forwarded-For": "203.0.113.1, 198.51.100.7, 10.1.2.3"}
    try:
        world.edge.get(f"/{world.code(1)}", host=HOST, headers=headers)
    finally:
        world.edge.stop()

    assert [record.address for record in world.records(world.code(1))] == ["198.51.100.7"]


def test_tls_is_answered_and_a_renewed_certificate_taken_up(tmp_path: Path) -> None:
    files = (tmp_path / "cert.pem", tmp_path / "key.pem")
    first = write_certificate(*files, "first.example.com")
    world = make_world(
        tmp_path / "data",
        TAPLINE_EDGE_TLS_LISTEN="127.0.0.1:0",
        TAPLINE_EDGE_TLS_CERTIFICATE=str(tmp_path / "cert.pem"),
        TAPLINE_EDGE_TLS_KEY=str(tmp_path / "key.pem"),
    )
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def shown() -> bytes | None:
        with (
            socket.create_connection(("127.0.0.1", world.edge.tls_port), timeout=10) as raw,
            context.wrap_socket(raw) as secure,
        ):
            return secure.getpeercert(binary_form=True)

    try:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", world.edge.tls_port, context=context, timeout=10
        )
        connection.request("GET", f"/{world.code(1)}", headers={"Host": HOST})
        assert connection.getresponse().status == 302
        connection.close()
        assert shown() == first

        second = write_certificate(*files, "second.example.com")
        eventually(lambda: shown() == second, "the new certificate is shown")
    finally:
        assert world.edge.stop() == 0
