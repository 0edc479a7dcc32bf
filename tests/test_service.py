"""The example of a systemd unit names what is there, and is one that systemd understands."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tapline.cli import COMMANDS
from tapline.config import Config, variable

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
UNIT = DEPLOY / "tapline.service"
SETTINGS = DEPLOY / "tapline.env"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not installed here"
)


def test_it_starts_a_command_that_there_is() -> None:
    (command,) = re.findall(r"^ExecStart=\S+/tapline (\w+)$", UNIT.read_text("utf-8"), re.MULTILINE)

    assert command == "up"
    assert command in COMMANDS


def test_every_setting_that_it_names_is_one() -> None:
    known = {variable(name) for name in Config.__dataclass_fields__}
    named = set(
        re.findall(r"TAPLINE_[A-Z_]+", UNIT.read_text("utf-8") + SETTINGS.read_text("utf-8"))
    )

    assert "TAPLINE_DATA_DIR" in named
    assert named <= known


@needs_systemd
def test_systemd_understands_every_line_of_it(tmp_path: Path) -> None:
    unit = tmp_path / "tapline.service"
    here = f"ExecStart={sys.executable} up"
    unit.write_text(re.sub("ExecStart=.*", here, UNIT.read_text("utf-8")), "utf-8")

    told = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )

    # It also speaks of other units of this machine, which are not our concern.
    assert "tapline.service" not in told.stdout + told.stderr
