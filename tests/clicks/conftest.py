"""Each test of clicks begins with an empty click log and an empty click store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tapline import config
from tapline.clicks.listing import forget_list
from tapline.clicks.slices import forget_slices


@pytest.fixture(autouse=True)
def _empty_stores() -> Iterator[None]:
    for folder in (config.current().click_log_dir, config.current().click_store_dir):
        shutil.rmtree(folder, ignore_errors=True)
    forget_list()
    forget_slices()
    yield
    forget_list()
    forget_slices()
