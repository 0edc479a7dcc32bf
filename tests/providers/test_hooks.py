"""What stands before Django: posts of providers are taken together, each answered for itself."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from tapline.gathering import Gatherer
from tapline.providers import hooks
from tapline.providers.hooks import LARGEST_BODY_BYTES, BeforeDjango, Post, Said

_taken: list[int] = []  # how many came together


def take(posts: Sequence[Post]) -> list[Said]:
    """Stand for a provider's hook; slow enough that others come meanwhile."""
    time.sleep(0.02)
    if any(post.body == b"bad" for post in posts):
        raise ValueError("a bad one")
    _taken.append(len(posts))
    return [Said(200, post.body.decode()) for post in posts]


@pytest.fixture(autouse=True)
def _one_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    _taken.clear()
    where = ("tests.providers.test_hooks:take", 50)
    monkeypatch.setattr(hooks, "HOOKS", {("twilio", "inbound"): where})


async def django(scope: Any, receive: Any, send: Any) -> None:
    """Stand for Django."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"a page"})


async def call(
    app: BeforeDjango, path: str, body: bytes = b"", method: str = "POST"
) -> tuple[int, bytes]:
    """Return status and body of one request."""
    sent: list[Any] = []
    chunks = [body[:10], body[10:]]

    async def receive() -> Any:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"reference=a-1",
        "headers": [],
    }
    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


def one(path: str, body: bytes = b"hello", method: str = "POST") -> tuple[int, bytes]:
    return asyncio.run(call(BeforeDjango(django), path, body, method))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/hooks/twilio/t/inbound", 200),
        ("/hooks/twilio/t/other", 418),
        ("/hooks/simulator/replies", 418),
        ("/hooks/twilio/t/inbound/more", 418),
        ("/contacts", 418),
    ],
)
def test_only_what_a_provider_posts_is_taken_here(path: str, status: int) -> None:
    assert one(path)[0] == status


def test_only_posts_of_a_bounded_size_are_taken() -> None:
    assert one("/hooks/twilio/t/inbound", method="GET")[0] == 405
    assert one("/hooks/twilio/t/inbound", b"a" * (LARGEST_BODY_BYTES + 1))[0] == 413
    assert one("/hooks/twilio/t/inbound", b"a" * LARGEST_BODY_BYTES)[0] == 200


def test_those_that_come_together_are_taken_together_and_answered_each() -> None:
    async def many() -> list[tuple[int, bytes]]:
        app = BeforeDjango(django)
        bodies = [b"text %d" % number for number in range(40)]
        return await asyncio.gather(
            *(call(app, "/hooks/twilio/t/inbound", body) for body in bodies)
        )

    assert asyncio.run(many()) == [(200, b"text %d" % number) for number in range(40)]
    assert len(_taken) < 10


def test_one_that_fails_is_nobody_elses_loss() -> None:
    async def many() -> list[int]:
        app = BeforeDjango(django)
        bodies = [b"good", b"bad", b"good", b"good"]
        answers = [call(app, "/hooks/twilio/t/inbound", body) for body in bodies]
        return [status for status, _ in await asyncio.gather(*answers)]

    assert asyncio.run(many()) == [200, 500, 200, 200]


def test_a_gatherer_works_in_one_thread_of_its_own() -> None:
    seen: set[int] = set()

    def work(items: Sequence[int]) -> list[int]:
        seen.add(threading.get_ident())
        return [item * 2 for item in items]

    gatherer = Gatherer("test", work, most=3)
    futures = [gatherer.bring(number) for number in range(20)]

    assert [future.result(5) for future in futures] == [number * 2 for number in range(20)]
    assert len(seen) == 1
    assert threading.get_ident() not in seen
