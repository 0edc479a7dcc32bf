"""What an operator gets who installs the wheel: everything, without the sources beside it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tapline.providers.simulator.commands_demo import EXAMPLES

ROOT = Path(__file__).resolve().parents[1]
INSIDE = "tapline/providers/simulator/examples"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel as `make wheel` does: a second."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.mark.parametrize("name", ["contacts.csv", "broadcast.txt"])
def test_the_wheel_holds_the_examples_that_the_demo_looks_for(
    wheel: zipfile.ZipFile, name: str
) -> None:
    shown = (ROOT / "examples" / name).read_bytes()

    assert wheel.read(f"{INSIDE}/{name}") == shown
    assert (EXAMPLES / name).read_bytes() == shown
    assert EXAMPLES.as_posix().endswith(INSIDE)


def test_the_wheel_holds_the_pages_and_every_template(wheel: zipfile.ZipFile) -> None:
    inside = set(wheel.namelist())
    source = ROOT / "src"
    templates = {path.relative_to(source).as_posix() for path in source.rglob("*.html")}

    assert templates
    assert templates <= inside
    assert "tapline/web/static/tapline/dist/manifest.json" in inside
