"""The worker's loops go on after an error, rest when there is nothing to do, and stop when told."""

from __future__ import annotations

import threading

import pytest

from tapline.instance import worker
from tapline.instance.commands_up import WORK
from tapline.loops import Loop


def run(loop: Loop, stop: threading.Event) -> None:
    thread = threading.Thread(target=worker.repeat, args=(loop, stop))
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_a_failing_step_is_told_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "AFTER_ERROR_SECONDS", 0.01)
    stop = threading.Event()
    calls: list[int] = []

    def step() -> bool:
        calls.append(len(calls))
        if len(calls) == 1:
            raise OSError("the disk is full")
        stop.set()
        return False

    run(Loop(name="ingest", step=step, idle_seconds=0.01), stop)

    assert len(calls) == 2
    assert "the loop ingest failed" in caplog.text
    assert "the disk is full" in caplog.text


def test_work_is_followed_by_work_without_rest() -> None:
    stop = threading.Event()
    calls: list[int] = []

    def step() -> bool:
        calls.append(len(calls))
        if len(calls) == 5:
            stop.set()
        return True

    # Resting once would last longer than the test waits.
    run(Loop(name="ingest", step=step, idle_seconds=3600), stop)

    assert len(calls) == 5


def test_every_loop_has_a_name_of_its_own() -> None:
    names = [loop.name for kind in WORK for loop in worker.loops_of(kind)]

    assert len(names) == len(set(names)) > 2
