"""Cells of files: no spreadsheet runs them, and what was written comes back as it was."""

from __future__ import annotations

import pytest

from tapline.cells import harmless, unmarked


@pytest.mark.parametrize("cell", ["=A1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_what_can_begin_a_formula_is_marked_and_comes_back(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert unmarked(harmless(cell)) == cell


@pytest.mark.parametrize("cell", ["", "'", "plain =", "'quoted'", "O'Neill", "''=A1"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell
    assert unmarked(cell) == cell
