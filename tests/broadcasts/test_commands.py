"""`tapline broadcast` and `tapline report`, as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tapline.broadcasts.commands import broadcast as broadcast_command
from tapline.broadcasts.commands import read_audiences
from tapline.broadcasts.commands_report import report as report_command
from tapline.broadcasts.models import Broadcast
from tapline.errors import TaplineError
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import (
    StandIn,
    make_contacts,
    make_sender,
    make_workspace,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    workspace = make_workspace()
    make_contacts(workspace, 3)
    return workspace


def _run(*words: str, text: str | None = None) -> Result:
    return CliRunner().invoke(broadcast_command, list(words), input=text)


def _send(*words: str) -> dict[str, Any]:
    result = _run(
        "send", "--text", "-", "--name", "Menu", "--audience", "all", "--json", *words,
        text="Hi {{ first_name | there }}: https://www.example.com/menu\n",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_a_text_from_standard_input_is_started(workspace: Workspace) -> None:
    answer = _send("--utm", "source=sms", "--campaign", "May")

    made = Broadcast.objects.get()
    assert answer["broadcast"]["state"] == "preparing"
    assert answer["findings"] == []
    assert (made.text, made.utm) == (
        "Hi {{ first_name | there }}: https://www.example.com/menu",
        {"source": "sms"},
    )
    assert made.campaign is not None
    assert made.campaign.name == "May"


def test_a_draft_is_previewed_checked_started_paused_and_cancelled(workspace: Workspace) -> None:
    number = str(_send("--draft")["broadcast"]["id"])

    shown = _run("preview", number, "--recipient", "2")
    assert "Hi N1: https://go.example.com/" in shown.output
    assert "1 part(s), GSM-7" in shown.output
    assert "Nothing to note" in _run("check", number).output
    for word, state in [
        ("start", "preparing"),
        ("pause", "paused"),
        ("resume", "preparing"),
        ("cancel", "cancelled"),
    ]:
        answer = json.loads(_run(word, number, "--json").stdout)
        assert answer["broadcast"]["state"] == state
    assert "cancelled" in _run("list").output


def test_a_time_is_read_in_the_workspaces_zone(workspace: Workspace) -> None:
    workspace.zone = "America/New_York"
    workspace.save()

    _send("--at", "2099-01-31T09:00")

    made = Broadcast.objects.get()
    assert made.state == "scheduled"
    assert made.scheduled_at is not None
    assert made.scheduled_at.isoformat() == "2099-01-31T14:00:00+00:00"


def test_a_file_that_is_no_text_of_a_broadcast_is_refused(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "text.txt"
    file.write_text("Hi {{ first_name", encoding="utf-8")

    result = _run("send", "--text", str(file), "--name", "Menu", "--audience", "all")

    assert isinstance(result.exception, TaplineError)
    assert "character 4" in result.exception.what


@pytest.mark.parametrize("words", [(), ("everybody",), ("all", "tag:vip")])
def test_an_audience_that_cannot_be_read_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(TaplineError, match="--audience all"):
        read_audiences(words)


def test_the_report_is_a_table_or_one_object(workspace: Workspace) -> None:
    _send()
    made = Broadcast.objects.get()
    from tapline.broadcasts.preparing import prepare_next

    while prepare_next():
        pass
    make_sender(StandIn()).send_next()

    table = CliRunner().invoke(report_command, [])
    assert "people who tapped" in table.output
    told = json.loads(CliRunner().invoke(report_command, [str(made.pk), "--json"]).stdout)
    assert (told["sent"], told["click_rate"], told["name"]) == (3, 0.0, "Menu")


def test_a_broadcast_that_is_not_there_is_not_found(workspace: Workspace) -> None:
    result = CliRunner().invoke(report_command, ["77"])

    assert isinstance(result.exception, TaplineError)
    assert "no broadcast 77" in result.exception.what


@pytest.mark.parametrize(
    "command", ["send", "list", "check", "preview", "start", "pause", "resume", "cancel"]
)
def test_every_command_explains_itself(command: str) -> None:
    result = _run(command, "--help")

    assert result.exit_code == 0
    assert "--json" in result.output
