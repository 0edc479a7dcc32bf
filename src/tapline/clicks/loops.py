"""What the worker's `clicks` process repeats."""

from __future__ import annotations

from tapline.clicks.cleaning import clean_up, write_manifest
from tapline.clicks.erasing import erase_pending
from tapline.clicks.forgetting_crowds import wipe_crowds
from tapline.clicks.ingest import ingest_once
from tapline.clicks.merge import merge_once
from tapline.clicks.second_look import look_again
from tapline.loops import Loop


def ingest_step() -> bool:
    """Take in one batch. Lines that come meanwhile wait for the next one, so that they share it."""
    return ingest_once() > _LINES_WORTH_HURRYING


# A pass that took so few lines has caught up: the next may wait until some more have come.
_LINES_WORTH_HURRYING = 1_000


CLICK_LOOPS: list[Loop] = [
    Loop(name="ingest", step=ingest_step, idle_seconds=0.25),
    Loop(name="merge", step=merge_once, idle_seconds=1.0),
    Loop(name="second look", step=look_again, idle_seconds=5.0),
    Loop(name="manifest", step=write_manifest, idle_seconds=5.0),
    Loop(name="forget crowds", step=wipe_crowds, idle_seconds=5.0),
    Loop(name="erase", step=erase_pending, idle_seconds=30.0),
    Loop(name="clean-up", step=clean_up, idle_seconds=300.0),
]
