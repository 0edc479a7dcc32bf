"""What every test stands on. The data folder is set in `tests.data_folder`, which loads first.

A test process has one data folder, and the database gives numbers again after each test: what a
test leaves in a file or in memory would be taken for another's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from tapline import config
from tapline.broadcasts.watched import forget_asked
from tapline.clicks import second_look
from tapline.clicks.listing import forget_list
from tapline.clicks.slices import forget_slices
from tapline.links.watching import forget_notes
from tapline.providers.registry import forget_adapters
from tests.migrated import copy_migrated

# How long an example takes says how busy the machine is, and nothing of the code.
hypothesis_settings.register_profile("without a clock", deadline=None)
hypothesis_settings.load_profile("without a clock")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what mostly waits first: one worker waits while the others keep the processors busy."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Go on with the database that is there: it has all tables."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Put a migrated database where pytest-django would migrate one."""
    copy_migrated(Path(connection.settings_dict["TEST"]["NAME"]))


@pytest.fixture(autouse=True)
def _no_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a broadcast be looked at again at once, also on a machine where a look takes long."""
    monkeypatch.setattr(second_look, "REST_PER_SECOND", 0.0)


@pytest.fixture(autouse=True)
def _empty_stores() -> Iterator[None]:
    """Begin without other tests' clicks, uploads and erasures, and remember none afterwards."""
    settings = config.current()
    uploads = settings.data_dir / "uploads"
    for folder in (settings.click_log_dir, settings.click_store_dir, uploads):
        shutil.rmtree(folder, ignore_errors=True)
    settings.erasures_path.unlink(missing_ok=True)
    forget_list()
    forget_slices()
    forget_adapters()
    forget_notes()
    forget_asked()
    yield
    translation.deactivate()
    forget_list()
    forget_slices()
    forget_adapters()
