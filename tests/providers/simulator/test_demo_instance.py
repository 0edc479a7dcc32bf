from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from tapline import config
from tapline.providers.simulator.demo_instance import (
    DidNotStart,
    NoLanAddress,
    demo_environment,
    demo_folder,
    lan_address,
    running,
)


def test_a_folder_of_the_demos_own_is_gone_at_the_end() -> None:
    with demo_folder(None) as folder:
        (folder / "file").write_text("x")

    assert not folder.exists()


def test_a_folder_that_was_asked_for_stays(tmp_path: Path) -> None:
    with demo_folder(tmp_path / "kept") as folder:
        (folder / "file").write_text("x")

    assert (tmp_path / "kept" / "file").exists()


def test_the_demo_takes_free_ports_where_the_usual_ones_are_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
        probe.close()
        taken = busy.getsockname()[1]
        monkeypatch.setenv("TAPLINE_EDGE_LISTEN", f"127.0.0.1:{taken}")
        monkeypatch.setenv("TAPLINE_WEB_LISTEN", f"127.0.0.1:{free}")

        settings = config.load(demo_environment(tmp_path, speed=10, lan=False))

    assert settings.edge_listen != f"127.0.0.1:{taken}"
    assert settings.web_listen == f"127.0.0.1:{free}"
    assert settings.web_url == f"http://127.0.0.1:{free}"
    assert settings.simulator_speed == 10


def test_on_the_lan_only_links_are_answered_on_every_interface(tmp_path: Path) -> None:
    settings = config.load(demo_environment(tmp_path, speed=10, lan=True))

    assert settings.edge_listen.startswith("0.0.0.0:")
    for listen in (settings.web_listen, settings.edge_admin_listen, settings.simulator_listen):
        assert listen.startswith("127.0.0.1:")


def test_without_a_network_the_lan_demo_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unplugged(socket.socket):
        def connect(self, _: object) -> None:
            raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "socket", Unplugged)

    with pytest.raises(NoLanAddress, match="Wi-Fi"):
        lan_address()


def test_an_instance_that_cannot_start_says_what_it_last_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    environment = {**os.environ, **demo_environment(tmp_path, speed=10, lan=False)}
    (tmp_path / "up.log").write_text("the disk is on fire\n")

    with pytest.raises(DidNotStart, match="the disk is on fire"), running(environment):
        pass
