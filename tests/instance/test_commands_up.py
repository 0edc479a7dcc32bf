"""What `tapline up` says at its first start leads to something that is there."""

from __future__ import annotations

import socket
import time

import pytest

from tapline.instance import commands_up
from tapline.instance.commands_up import say_once_it_answers

LINE = "Sign in         http://127.0.0.1/sign-in/abc   (works once)"


def said(capsys: pytest.CaptureFixture[str], within: float = 5.0) -> str:
    """Return what was said, as soon as anything was."""
    ends_at, heard = time.monotonic() + within, ""
    while not heard and time.monotonic() < ends_at:
        time.sleep(0.02)
        heard = capsys.readouterr().err
    return heard


def test_the_link_is_printed_once_somebody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))  # Bound, and closed: a connection is refused.
        say_once_it_answers(LINE, f"127.0.0.1:{door.getsockname()[1]}")
        assert said(capsys, within=0.5) == ""

        door.listen()
        assert said(capsys) == f"{LINE}\n"


def test_where_pages_run_elsewhere_it_is_printed_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_once_it_answers(LINE, "")
    assert said(capsys) == f"{LINE}\n"


def test_it_is_printed_in_the_end_even_if_nobody_listens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands_up, "LONGEST_START_SECONDS", 0.3)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        say_once_it_answers(LINE, f"127.0.0.1:{door.getsockname()[1]}")
        assert said(capsys) == f"{LINE}\n"
