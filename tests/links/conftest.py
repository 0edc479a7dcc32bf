"""What tests of links share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.links.web_site import Site, watched_site


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A web site on this machine whose pages may be looked at."""
    with watched_site(monkeypatch) as running:
        yield running
