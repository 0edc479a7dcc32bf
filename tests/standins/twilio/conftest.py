"""One stand-in for all tests of a module, and a web server that takes what it posts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.standins.twilio.receiver import Receiver, receiving
from tests.standins.twilio.running import TwilioProcess, running_twilio
from tests.standins.twilio.sending import OURS, SERVICE


@pytest.fixture(scope="module")
def all_along() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def receiver(all_along: Receiver) -> Receiver:
    all_along.hooks.clear()
    all_along.status = 200
    return all_along


@pytest.fixture(scope="module")
def process(
    tmp_path_factory: pytest.TempPathFactory, all_along: Receiver
) -> Iterator[TwilioProcess]:
    with running_twilio(
        tmp_path_factory.mktemp("twilio"),
        numbers=(OURS,),
        services={SERVICE: (OURS, "+15005550010")},
        inbound_url=f"{all_along.url}/inbound",
        queue_seconds=0.02,
        delivery_seconds=0.05,
    ) as running:
        yield running


@pytest.fixture
def twilio(process: TwilioProcess) -> TwilioProcess:
    """The one process of this module, which knows nothing of the tests before."""
    process.clear()
    return process
