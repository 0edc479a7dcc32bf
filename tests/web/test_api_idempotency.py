"""A request that is repeated with its Idempotency-Key is done once and answered alike."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tapline.broadcasts.models import Message
from tapline.contacts.erasing import erase_person
from tapline.contacts.erasures import follow_up
from tapline.links.domains import create_domain
from tapline.web import api
from tapline.workspaces.idempotency import KEPT, LEASE, Attempt, begin, give_up
from tapline.workspaces.models import IdempotentRequest, Workspace
from tapline.workspaces.tree import create_workspace
from tests.web.api_client import Caller, caller_of, error_of

pytestmark = pytest.mark.django_db(transaction=True)

KEY = {"Idempotency-Key": "a-key"}


@pytest.fixture
def caller() -> Caller:
    workspace = create_workspace("Casa Verde")
    create_domain(workspace, "https://go.example.com", proved=True, actor="test")
    return caller_of(workspace)


def _track(text: str = "See example.com") -> dict[str, Any]:
    return {"texts": [{"to": "+12125550123", "text": text}]}


def _message(**changes: Any) -> dict[str, Any]:
    consent = {"wording": "Texts about my order, please.", "at": "2026-01-01T00:00:00Z"}
    message = {"to": "+12125550123", "text": "See example.com", "purpose": "service"}
    return {**message, "consent": consent, **changes}


@pytest.mark.parametrize(("path", "body"), [("/track", _track()), ("/messages", _message())])
def test_a_repeat_is_answered_alike_and_done_once(caller: Caller, path: str, body: Any) -> None:
    first = caller.call("POST", path, body, **KEY)
    again = caller.call("POST", path, body, **KEY)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Message.objects.count() == 1


def test_an_answer_that_told_of_an_erased_person_is_gone_and_nothing_is_done_again(
    caller: Caller,
) -> None:
    caller.post("/track", _track(), **KEY)
    other = caller.call("POST", "/track", _track_other(), **{"Idempotency-Key": "another"})
    erase_person(Workspace.objects.get(), "+12125550123", by="test")
    follow_up()

    again = caller.call("POST", "/track", _track(), **KEY)
    others = caller.call("POST", "/track", _track_other(), **{"Idempotency-Key": "another"})

    assert again.status_code == 410
    assert "erased" in error_of(again)["why"]
    assert Message.objects.count() == 2
    assert others.content == other.content


def _track_other() -> dict[str, Any]:
    return {"texts": [{"to": "+12125550124", "text": "See example.com"}]}


def test_without_a_key_each_request_counts(caller: Caller) -> None:
    caller.post("/track", _track())
    caller.post("/track", _track())

    assert Message.objects.count() == 2


def test_the_same_key_with_another_body_is_refused(caller: Caller) -> None:
    caller.post("/track", _track(), **KEY)

    answer = caller.call("POST", "/track", _track("Something else"), **KEY)

    assert answer.status_code == 409
    assert "body" in error_of(answer)["why"]
    assert Message.objects.count() == 1


def test_the_same_key_of_another_program_is_another_key(caller: Caller) -> None:
    other = caller_of(create_workspace("Somebody else"))

    caller.post("/contacts", {"phone": "+12125550123"}, **KEY)

    assert other.post("/contacts", {"phone": "+12125550124"}, **KEY)["phone"] == "+12125550124"


def test_a_refused_request_may_come_again_mended(caller: Caller) -> None:
    assert caller.call("POST", "/track", _track(" "), **KEY).status_code == 422

    assert caller.post("/track", _track(), **KEY)["texts"]


def test_two_at_once_do_it_once(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work, go_on = threading.Event(), threading.Event()
    settle = api._settle

    def slowly(*args: Any) -> None:
        at_work.set()
        assert go_on.wait(timeout=20)
        settle(*args)

    def call() -> Any:
        try:
            return caller_again.call("POST", "/track", _track(), **KEY)
        finally:
            connection.close()

    caller_again = Caller(caller.token)
    monkeypatch.setattr(api, "_settle", slowly)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(call)
        assert at_work.wait(timeout=20)
        second = caller.call("POST", "/track", _track(), **KEY)
        go_on.set()

    assert first.result().status_code == 200
    assert second.status_code == 409
    assert "still at work" in error_of(second)["what"]
    assert Message.objects.count() == 1


@pytest.mark.parametrize(("path", "body"), [("/track", _track()), ("/messages", _message())])
def test_after_a_crash_before_the_answer_the_repeat_does_not_double(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, path: str, body: Any
) -> None:
    with monkeypatch.context() as crashing:
        crashing.setattr(api, "_settle", _die)
        with pytest.raises(KeyboardInterrupt):
            caller.call("POST", path, body, **KEY)
    assert Message.objects.count() == 1

    assert caller.call("POST", path, body, **KEY).status_code == 409
    _let_the_lease_end()
    answer = caller.post(path, body, **KEY)

    message = Message.objects.get()
    assert message.text in json.dumps(answer)
    assert caller.post(path, body, **KEY) == answer


def _die(*args: Any) -> None:
    raise KeyboardInterrupt  # What no handler of a request catches, like the end of its process.


def _let_the_lease_end() -> None:
    IdempotentRequest.objects.update(attempt_at=timezone.now() - LEASE - timedelta(seconds=1))


def test_a_failure_of_ours_can_be_repeated_at_once(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("tapline.broadcasts.tracking._in_order", _fail)
        assert caller.call("POST", "/track", _track(), **KEY).status_code == 500

    caller.post("/track", _track(), **KEY)

    assert Message.objects.count() == 1


def _fail(*args: Any) -> None:
    raise RuntimeError("a mistake of ours")


@pytest.mark.parametrize("key", ["", "x" * 256, "café", "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(caller: Caller, key: str) -> None:
    answer = caller.call("POST", "/track", _track(), **{"Idempotency-Key": key})

    assert answer.status_code == 422
    assert not Message.objects.exists()


def test_a_key_does_not_matter_to_reading(caller: Caller) -> None:
    assert caller.call("GET", "/contacts", **KEY).status_code == 200
    assert not IdempotentRequest.objects.exists()


def test_answers_are_forgotten_after_a_day(caller: Caller) -> None:
    caller.post("/track", _track(), **KEY)
    IdempotentRequest.objects.update(created_at=timezone.now() - KEPT - timedelta(minutes=1))

    caller.post("/track", _track(), **{"Idempotency-Key": "another"})

    assert [row.key for row in IdempotentRequest.objects.all()] == ["another"]


def test_giving_up_twice_harms_nobody(caller: Caller) -> None:
    caller.post("/track", _track(), **KEY)
    row = IdempotentRequest.objects.get()
    now = timezone.now()
    other = begin(row.api_key, "other", "hash", now)
    assert isinstance(other, Attempt)

    give_up(other)
    give_up(other)

    assert IdempotentRequest.objects.get() == row
