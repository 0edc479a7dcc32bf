"""Whatever was written before, nothing erased lies between the rows after scrubbing."""

from __future__ import annotations

import random
from pathlib import Path

import lmdb
import pytest

from tapline.edge.scrubbing import scrub_steps

SECRET = b"https://shop.example.com/orders/anna"
PLAIN = b"https://shop.example.com/menu"


def write_some(env: lmdb.Environment, rng: random.Random, first: int) -> list[bytes]:
    """Write some rows in one transaction; return the keys of those with a secret."""
    rows = [
        (b"L%08d" % (first + number), b"%b-%d" % (SECRET if rng.random() < 0.15 else PLAIN, number))
        for number in range(rng.choice((1, 1, 2, 5, 30, 200)))
    ]
    with env.begin(write=True) as txn:
        txn.cursor().putmulti(rows)
    return [key for key, value in rows if value.startswith(SECRET)]


@pytest.mark.parametrize("seed", range(12))
def test_nothing_erased_is_left_in_the_file(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    env = lmdb.open(str(tmp_path), map_size=1 << 26)
    secrets = [key for turn in range(1, 20) for key in write_some(env, rng, turn * 1_000)]
    with env.begin(write=True) as txn:
        txn.cursor().putmulti([(key, b"") for key in secrets])

    for step, _ in enumerate(scrub_steps(env)):
        if rng.random() < 0.3:  # The replica changes meanwhile.
            with env.begin(write=True) as txn:
                txn.put(b"M", b"%d" % step)

    assert secrets, "this test would prove nothing"
    assert SECRET not in (tmp_path / "data.mdb").read_bytes()
    with env.begin() as txn:
        assert all(txn.get(key) == b"" for key in secrets)
    env.close()
