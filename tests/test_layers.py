"""Imports point one way; the edge needs no web framework."""

from __future__ import annotations

import subprocess
import sys

from tests.check_layers import violations


def test_imports_point_one_way() -> None:
    assert violations() == []


def test_the_serving_edge_loads_no_django() -> None:
    code = "import tapline.edge.child, sys; print('django' in sys.modules)"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "False"
