"""The instance that people of these tests use, and where its pages are."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.urls import reverse

from tests.browser.addresses import addresses
from tests.browser.seeding import OWNER
from tests.running import RunningTapline, running_tapline

# A day of simulated time in two seconds: the seeded broadcast is over soon.
SIMULATOR_SPEED = "40000"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
UNTAPPED = """
select text from broadcasts_message
where broadcast_id = ? and state = 'delivered' and first_human_click_at is null
order by position
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """A running instance, and the ids of one of everything in its workspace."""

    tapline: RunningTapline
    things: dict[str, Any]
    # Codes of the seeded broadcast that nobody has opened: `next(shop.untapped)` is yours alone.
    untapped: Iterator[str]

    @property
    def url(self) -> str:
        return self.tapline.environment["TAPLINE_WEB_URL"]

    def address(self, name: str, **things: object) -> str:
        """Return the whole address of a page: ids from `things`, else those that were seeded."""
        known = self.things | things
        parameters = addresses()[name]
        wanted = {each: known.get(f"{name} {each}", known.get(each)) for each in parameters}
        if missing := sorted(each for each, value in wanted.items() if value is None):
            raise LookupError(
                f"{name} asks for {missing}: bring one in by tests/browser/seeding.py"
            )
        return self.url + reverse(name, kwargs=wanted)

    def tap(self, code: str, *, agent: str = IPHONE) -> None:
        """Open a short link as somebody's phone does."""
        headers = {"User-Agent": agent, "Accept": "text/html", "Accept-Language": "en-US"}
        connection = http.client.HTTPConnection("127.0.0.1", self.tapline.edge_port, timeout=10)
        connection.request("GET", f"/{code}", headers={"Host": "localhost", **headers})
        status = connection.getresponse().status
        connection.close()
        assert status == 302, f"{code} answered {status}"

    def sign_in_link(self, email: str = OWNER) -> str:
        """Return an address that signs somebody in once."""
        link: str = self.tapline.run_json("sign-in", email)["url"]
        return link

    def do(self, *arguments: str) -> Any:
        """Run a `tapline` command with --json and return the object it prints."""
        return self.tapline.run_json(*arguments)


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """Run an instance below `folder` with one of everything in it."""
    with running_tapline(folder, simulator_speed=SIMULATOR_SPEED) as tapline:
        seeded = subprocess.run(
            [sys.executable, "-m", "tests.browser.seeding"],
            env=tapline.environment,
            stdout=subprocess.PIPE,
            check=True,
            timeout=180,
        )
        things = json.loads(seeded.stdout)
        texts = tapline.rows(UNTAPPED, things["broadcast_id"])
        codes = [re.findall(r"localhost:\d+/(\w+)", text)[0] for (text,) in texts]
        yield Shop(tapline, things, iter(codes))
