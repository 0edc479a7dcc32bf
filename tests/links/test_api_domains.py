"""Domains through the API and on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from tapline import config
from tapline.errors import NotFound
from tapline.links.commands_domains import domains
from tapline.links.domain_checks import records_of
from tapline.links.models import Domain
from tapline.workspaces.tree import create_workspace
from tests.links.name_server import NameServer, name_server
from tests.web.api_client import Caller, caller_of, error_of

HOST = "go.bakery.example"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    with name_server() as running:
        settings = replace(
            config.current(), dns_servers=running.address, edge_public_addresses="203.0.113.7"
        )
        monkeypatch.setattr(config, "current", lambda: settings)
        yield running


@pytest.fixture
def caller(db: None) -> Caller:
    return caller_of(create_workspace("Bakery"))


def test_a_program_claims_sets_checks_and_changes_a_domain(
    caller: Caller, server: NameServer
) -> None:
    made = caller.post("/domains", {"host": HOST, "brand_name": "Bakery"})
    assert (made["host"], made["is_proved"], made["findings"]) == (HOST, False, [])
    assert [each["kind"] for each in made["records"]] == ["TXT", "A", "CAA"]
    assert made["warnings"][0]["what"].startswith("Some phones")

    missing = caller.post(f"/domains/{made['id']}/check")
    assert [each["state"] for each in missing["findings"]] == ["wrong", "wrong", "good"]

    server.set_all(records_of(Domain.objects.get()))
    proved = caller.post(f"/domains/{made['id']}/check")
    assert (proved["is_proved"], proved["proved_by"]) == (True, "record")

    changed = caller.patch(f"/domains/{made['id']}", {"home_url": "https://www.bakery.example/"})
    assert (changed["home_url"], changed["brand_name"]) == (
        "https://www.bakery.example/",
        "Bakery",
    )
    assert caller.get("/domains")["items"] == [caller.get(f"/domains/{made['id']}")]


@pytest.mark.parametrize(
    "host",
    [
        *("bit.ly", "co.uk", "*.example.com", "a_b.example.com", "203.0.113.7", "localhost", ""),
        *(
            "http://go.example.com",
            "go.example.com/path",
            "ftp://go.example.com",
            "go..example.com",
        ),
        *("\u202ego.example.com", "go.example.com\u0000", "a" * 301),
    ],
)
def test_what_can_be_no_domain_is_refused(caller: Caller, host: str) -> None:
    answer = caller.call("POST", "/domains", {"host": host})
    assert answer.status_code == 422
    error_of(answer)
    assert not Domain.objects.exists()


def run(*arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(domains, [*arguments, "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code
    return json.loads(result.stdout)


@pytest.mark.django_db(transaction=True)
def test_a_domain_is_brought_on_the_command_line(server: NameServer) -> None:
    create_workspace("Bakery")
    added = run("add", "go.bücher.com", "--brand", "Bücherstube")
    assert added["host"] == "go.xn--bcher-kva.com"
    shown = CliRunner().invoke(domains, ["check", "go.bücher.com"])
    assert (shown.exit_code, "no TXT record" in " ".join(shown.stdout.split())) == (1, True)

    server.set_all(records_of(Domain.objects.get(host=added["host"])))
    checked = run("check", "GO.xn--bcher-kva.com")
    assert checked["is_proved"] is True
    hosts = {each["host"]: each["is_proved"] for each in run("list")["domains"]}
    assert hosts[added["host"]] is True
    listed = CliRunner().invoke(domains, ["list"]).stdout
    assert "go.bücher.com" in listed

    vouched = run("add", "go.example.com", "--vouch")
    assert vouched["proved_by"] == "operator"
    with pytest.raises(NotFound):
        run("check", "nobody.example.com")
