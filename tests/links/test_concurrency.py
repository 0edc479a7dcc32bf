"""Several real processes mint on one SQLite database at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.instance.instances import OtherInstance


@pytest.mark.slow
def test_no_code_is_minted_twice_by_processes_that_run_at_once(tmp_path: Path) -> None:
    instance = OtherInstance(tmp_path / "data")
    instance.do("start")
    minting = [("mint_in_pieces", 15, 40, 10)] * 3

    *minted, _ = instance.do_at_once([*minting, ("rotate_again_and_again", 5)])

    codes = [code for each in minted for code in each]
    assert len(codes) == 3 * 15 * (40 + 10)
    assert len(set(codes)) == len(codes)
    # Read back from the database, over all key generations, they are the same ones.
    assert sorted(instance.do("codes_of_all")) == sorted(codes)
