"""`python -m tests.providers.enduring_tasks TASK…`: what `enduring` does inside an instance."""

from __future__ import annotations

import json
import sys
from typing import Any

from tapline.cli import set_up_django

TEXT = "The menu is out: https://www.example.com/menu Reply STOP to opt out."


def connect(base_url: str, account_sid: str, auth_token: str, number: str, connections: str) -> Any:
    """Make an account at a stand-in with one number that everything leaves from; return the
    account's token and name."""
    from tapline.instance.first_start import make_ready
    from tapline.providers.accounts import create_account, name_of
    from tapline.providers.models import SenderKind, SenderNumber

    workspace = make_ready().workspace
    values = {
        "account_sid": account_sid,
        "auth_token": auth_token,
        "base_url": base_url,
        "connections": connections,
    }
    account = create_account(
        workspace, kind_key="twilio", name="Twilio", values=values, actor="test"
    )
    SenderNumber.objects.create(
        workspace=workspace,
        account=account,
        number=number,
        kind=SenderKind.LONG_CODE,
        is_default=True,
    )
    return {"token": account.token, "name": name_of(account)}


def fill(count: str) -> Any:
    """Make an audience that agreed to service texts, which leave at any hour."""
    from bench.audience import make_audience

    workspace = make_audience(int(count), purpose="service")
    return {"workspace": workspace.pk}


def begin(provider: str, number: str) -> Any:
    """Start a broadcast to everybody."""
    from tapline.broadcasts.composing import create_broadcast
    from tapline.broadcasts.lifecycle import start
    from tapline.instance.first_start import make_ready

    broadcast = create_broadcast(
        make_ready().workspace,
        name="Menu",
        text=TEXT,
        audience={"all": True},
        purpose="service",
        provider=provider,
        sender_number=number,
        validity_seconds=3_600,
        actor="test",
    )
    start(broadcast, actor="test")
    return {"broadcast": broadcast.pk}


def keyword(word: str, text: str) -> Any:
    """Answer a word that people write with a text."""
    from tapline.instance.first_start import make_ready
    from tapline.keywords.writing import KeywordDetails, create_keyword

    made = create_keyword(
        make_ready().workspace, KeywordDetails(word=word, reply_text=text), actor="test"
    )
    return {"keyword": made.pk}


TASKS = {task.__name__: task for task in (connect, fill, begin, keyword)}


def main() -> None:
    task, *arguments = sys.argv[1:]
    set_up_django()
    print(json.dumps(TASKS[task](*arguments)))  # noqa: T201  # the one line that is read


if __name__ == "__main__":
    main()
