"""Programs that some tests drive for real: Caddy, Chromium, and certutil for its trust.

`python -m tests.programs` gets those that are missing from Debian's archive where that is
possible, says what is still missing where it is not, and ends well in any case: tests that need a
missing program are skipped with the reason. Caddy is only unpacked beside the virtual
environment: installed, it would start a server of its own on port 80.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

UNPACKED = Path(__file__).resolve().parent.parent / ".venv" / "programs"
# Program: the Debian package that holds it.
PACKAGES = {"caddy": "caddy", "chromium": "chromium", "certutil": "libnss3-tools"}
TIMEOUT_SECONDS = 600


def find_program(name: str) -> str | None:
    """Return the path of a program, or None where this machine does not have it."""
    return shutil.which(name) or shutil.which(name, path=str(UNPACKED / "usr" / "bin"))


def program(name: str) -> str:
    """Return the path of a program that a test `needs`."""
    found = find_program(name)
    assert found is not None, f"mark the test with @needs({name!r})"
    return found


def needs(*names: str) -> pytest.MarkDecorator:
    """Return the mark that skips a test where a program is missing, and says how to get it."""
    missing = [name for name in names if find_program(name) is None]
    packages = " ".join(PACKAGES[name] for name in missing)
    return pytest.mark.skipif(
        bool(missing),
        reason=f"not on this machine: {', '.join(missing)} (apt-get install {packages})",
    )


def main() -> None:
    """Get what is missing, as far as this machine and user allow."""
    missing = [name for name in PACKAGES if find_program(name) is None]
    if missing and shutil.which("apt-get"):
        _say(f"Getting {', '.join(missing)} for the tests …")
        _get(missing)
        missing = [name for name in PACKAGES if find_program(name) is None]
    if missing:
        packages = " ".join(PACKAGES[name] for name in missing)
        _say(
            f"Without {', '.join(missing)} the tests that need them are skipped."
            f" To run them too, install the packages {packages} (as root) and repeat."
        )


def _get(missing: list[str]) -> None:
    is_root = os.geteuid() == 0
    if is_root:
        _run("apt-get", "update", "-qq")
    if "caddy" in missing:
        _unpack(PACKAGES["caddy"])
    installed = [PACKAGES[name] for name in missing if name != "caddy"]
    if is_root and installed:
        _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *installed)


def _unpack(package: str) -> None:
    """Put a package's files below `UNPACKED`; needs no root."""
    with tempfile.TemporaryDirectory() as folder:
        _run("apt-get", "download", "-qq", package, folder=folder)
        for archive in Path(folder).glob("*.deb"):
            _run("dpkg-deb", "-x", str(archive), str(UNPACKED))


def _run(*command: str, folder: str | None = None) -> None:
    """Run one command; where it fails, its last words are enough to say why."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        _say(f"{command[0]} failed: {error}")
        return
    if done.returncode:
        _say(f"{' '.join(command[:2])} failed: {done.stderr.strip()[-300:]}")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
