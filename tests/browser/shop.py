"""The instance that people of these tests use, and where its pages are."""

from __future__ import annotations

import http.client
import itertools
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
JSON = "application/json"
# Each tap is another phone's in another network: whoever opens many people's links from one would
# count as a machine.
PHONES = (f"127.{77 + number // 250}.{number % 250}.1" for number in itertools.count())
UNTAPPED = """
select text from broadcasts_message
where broadcast_id = ? and state = 'delivered' and first_human_click_at is null
order by position
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the edge answered a phone."""

    status: int
    leads_to: str
    body: str


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

    def tap(self, code: str) -> str:
        """Open a short link as somebody's phone does; return where it leads."""
        answer = self.open(code)
        assert answer.status == 302, f"{code} answered {answer.status}"
        return answer.leads_to

    def open(self, path: str, *, agent: str = IPHONE) -> Answer:
        """Ask the edge for a path as `agent` does."""
        headers = {"User-Agent": agent, "Accept": "text/html", "Accept-Language": "en-US"}
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.tapline.edge_port, timeout=10, source_address=(next(PHONES), 0)
        )
        connection.request("GET", f"/{path}", headers={"Host": "localhost", **headers})
        given = connection.getresponse()
        answer = Answer(given.status, given.headers.get("Location", ""), given.read().decode())
        connection.close()
        return answer

    def sign_in_link(self, email: str = OWNER) -> str:
        """Return an address that signs somebody in once."""
        link: str = self.tapline.run_json("sign-in", email)["url"]
        return link

    def call(self, method: str, path: str, /, **body: Any) -> Any:
        """Ask the API with a key that may do everything; return what it answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.tapline.web_port, timeout=10)
        headers = {"Authorization": f"Bearer {self.things['api_token']}", "Content-Type": JSON}
        connection.request(method, f"/api/v1{path}", json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        said = json.loads(answer.read() or "null")
        connection.close()
        assert answer.status < 300, f"{method} {path}: {answer.status} {said}"
        return said

    def do(self, *arguments: str) -> Any:
        """Run a `tapline` command with --json and return the object it prints."""
        return self.tapline.run_json(*arguments)


@contextmanager
def open_shop(folder: Path, **settings: str) -> Iterator[Shop]:
    """Run an instance below `folder` with one of everything in it; `settings` as for
    `running_tapline`."""
    with running_tapline(folder, simulator_speed=SIMULATOR_SPEED, **settings) as tapline:
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
