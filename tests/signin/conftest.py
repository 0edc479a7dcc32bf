"""Pages at an https address, as passkeys need, and no rates left by other tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.core.cache import cache

from tapline import config
from tests.signin.software_key import ORIGIN


@pytest.fixture(autouse=True)
def _at_an_https_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings = replace(config.current(), web_url=ORIGIN)
    monkeypatch.setattr(config, "current", lambda: settings)
    cache.clear()
    yield
    cache.clear()
