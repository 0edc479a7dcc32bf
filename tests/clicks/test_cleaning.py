"""What nobody needs any more is removed, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
import os
import time

import pytest
from django.utils import timezone

from tapline import config
from tapline.clicks.cleaning import ORPHAN_SECONDS, clean_up, write_manifest
from tapline.clicks.listing import read_list
from tapline.clicks.merge import FILES_PER_MERGE, merge_once
from tapline.clicks.models import AddressSalt, ClickFile, LogSegment
from tapline.clicks.store import folder, query
from tests.clicks.world import NOON, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)


def names_on_disk() -> set[str]:
    return {path.name for path in folder().glob("*.parquet")}


def test_segments_go_some_days_after_they_were_read() -> None:
    world = make_world(1)
    take_in(world.tap())
    segment = config.current().click_log_dir / LogSegment.objects.get().name

    clean_up()
    assert segment.exists()
    clean_up(timezone.now() + dt.timedelta(days=config.current().clicklog_keep_days, minutes=1))

    assert not segment.exists()
    assert LogSegment.objects.get().deleted_at is not None
    assert query("select count(*) from clicks") == [(1,)]


def test_a_segment_that_was_not_read_to_its_end_stays() -> None:
    world = make_world(1)
    take_in(world.tap())
    LogSegment.objects.update(finished_at=None)
    segment = config.current().click_log_dir / LogSegment.objects.get().name

    clean_up(timezone.now() + dt.timedelta(days=100))

    assert segment.exists()


def test_replaced_files_stay_an_hour_for_readers_that_still_name_them() -> None:
    world = make_world(1)
    for _ in range(FILES_PER_MERGE):
        take_in(world.tap())
    merge_once()
    clean_up()
    assert len(names_on_disk()) == FILES_PER_MERGE + 1

    clean_up(timezone.now() + dt.timedelta(minutes=61))

    assert names_on_disk() == {file.name for file in read_list()}
    assert ClickFile.objects.count() == 1


def test_what_a_crash_left_goes_but_never_a_file_that_may_yet_be_listed() -> None:
    world = make_world(1)
    take_in(world.tap())
    [listed] = names_on_disk()
    old, fresh = folder() / f"{'a' * 32}.parquet", folder() / f"{'b' * 32}.parquet"
    draft = folder() / f"{'c' * 32}.draft"
    long_ago = time.time() - ORPHAN_SECONDS - 60
    for path in (old, fresh, draft):
        path.write_bytes(b"left by a crash")
    for path in (old, draft, folder() / listed):
        os.utime(path, (long_ago, long_ago))

    assert clean_up()

    assert names_on_disk() == {listed, fresh.name}
    assert not draft.exists()


def test_a_days_salt_goes_with_its_segments() -> None:
    world = make_world(1)
    take_in(world.tap(at=NOON))
    assert AddressSalt.objects.get().day == NOON.date()

    clean_up(NOON + dt.timedelta(days=1))
    assert AddressSalt.objects.count() == 1
    clean_up(NOON + dt.timedelta(days=config.current().clicklog_keep_days + 2))

    assert AddressSalt.objects.count() == 0


def test_the_manifest_names_the_files_that_count() -> None:
    world = make_world(1)
    take_in(world.tap())

    assert write_manifest()
    assert not write_manifest(), "it is written only when the list has changed"

    manifest = json.loads((folder() / "manifest.json").read_text())
    assert manifest["files"] == [{"name": file.name, "rows": 1} for file in read_list()]
