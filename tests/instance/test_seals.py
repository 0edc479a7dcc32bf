"""Sealed values open where they belong and nowhere else."""

from __future__ import annotations

import pytest

from tapline.instance.seals import SealBroken, seal, unseal


def test_a_sealed_value_opens_in_its_place() -> None:
    sealed = seal("tökén", table="providers", row=7, column="token")

    assert "tökén" not in sealed
    assert unseal(sealed, table="providers", row=7, column="token") == "tökén"
    assert sealed != seal("tökén", table="providers", row=7, column="token")


@pytest.mark.parametrize(
    ("table", "row", "column"),
    [("hooks", 7, "token"), ("providers", 8, "token"), ("providers", 7, "secret")],
)
def test_a_sealed_value_that_was_moved_does_not_open(table: str, row: int, column: str) -> None:
    sealed = seal("token", table="providers", row=7, column="token")

    with pytest.raises(SealBroken):
        unseal(sealed, table=table, row=row, column=column)


@pytest.mark.parametrize("damage", ["", "v1.", "v2.AAAA", "v1.!!!!", "v1.AAAA", "plain text"])
def test_what_was_never_sealed_does_not_open(damage: str) -> None:
    with pytest.raises(SealBroken):
        unseal(damage, table="providers", row=7, column="token")


def test_a_changed_letter_is_noticed() -> None:
    sealed = seal("token", table="providers", row=7, column="token")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]

    with pytest.raises(SealBroken):
        unseal(changed, table="providers", row=7, column="token")
