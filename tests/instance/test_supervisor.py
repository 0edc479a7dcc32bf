"""The supervisor keeps its children alive, takes them along when it dies, and works alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tapline.instance.supervisor import AlreadyRunning, Child, Supervisor, alone_on

# Stands in for `tapline`: the supervised command is `python -m tapline …`, so a package of that
# name earlier on the path runs instead, writes its process id and sleeps.
SLEEPER = """
import os, sys, time
with open(os.environ["PIDS"], "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(float(sys.argv[1]))
"""

SUPERVISE = """
from tapline_real import Child, Supervisor
Supervisor([Child(name="sleeper", arguments=["30"])]).run()
"""


@pytest.fixture
def sleepers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make `python -m tapline` a sleeper; return the file that lists the processes it ran in."""
    package = tmp_path / "tapline"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(SLEEPER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pids"


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_child_that_is_killed_is_started_again(sleepers: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor([Child(name="sleeper", arguments=["30"])], said.append)
    supervisor.tend(now=0.0)
    wait_for(lambda: len(pids(sleepers)) == 1)

    os.kill(pids(sleepers)[0], signal.SIGKILL)
    wait_for(lambda: not is_alive(pids(sleepers)[0]))
    supervisor.tend(now=1.0)
    supervisor.tend(now=2.0)

    wait_for(lambda: len(pids(sleepers)) == 2)
    assert said == ["sleeper ended with code -9; starting it again in 0.1 s"]
    supervisor._stop_children()
    assert not any(is_alive(pid) for pid in pids(sleepers))


def test_a_child_that_keeps_dying_waits_longer_each_time_until_it_lived_well(
    sleepers: Path,
) -> None:
    supervisor = Supervisor([Child(name="sleeper", arguments=["0"])], lambda line: None)
    child, waits = supervisor.children[0], []

    now = 0.0
    for _ in range(8):
        supervisor.tend(now)
        assert child.process is not None
        child.process.wait()
        supervisor.tend(now)
        waits.append(round(child.start_again_at - now, 3))
        now = child.start_again_at
    supervisor.tend(now)
    assert child.process is not None
    child.process.wait()
    supervisor.tend(now + 60)

    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert round(child.start_again_at - now - 60, 3) == 0.1


def test_a_killed_supervisor_takes_its_children_along(sleepers: Path, tmp_path: Path) -> None:
    real = Path(sys.modules[Supervisor.__module__].__file__ or "")
    # The supervisor itself must be the real one, while `tapline` is the sleeper.
    source = real.read_text().replace(
        "from tapline.errors import TaplineError", "class TaplineError(Exception): pass"
    )
    source = source.replace("from tapline.processes", "from processes_real")
    shutil.copy(real.parent.parent / "processes.py", tmp_path / "processes_real.py")
    (tmp_path / "tapline_real.py").write_text(source)
    parent = subprocess.Popen([sys.executable, "-c", SUPERVISE])
    wait_for(lambda: len(pids(sleepers)) == 1)

    parent.kill()
    parent.wait()

    wait_for(lambda: not is_alive(pids(sleepers)[0]))


def test_two_at_once_on_one_data_folder_are_refused_with_the_holder_named(tmp_path: Path) -> None:
    with alone_on(tmp_path):
        with pytest.raises(AlreadyRunning) as refused, alone_on(tmp_path):
            pass
        assert str(os.getpid()) in refused.value.why
        assert "TAPLINE_DATA_DIR" in refused.value.do

    with alone_on(tmp_path):
        pass  # Free again once the first has ended.
