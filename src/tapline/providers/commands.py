"""`tapline providers`: accounts at providers, their prices, and sender numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from django.utils import timezone
from rich.console import Console
from rich.table import Column, Table

from tapline.cli import print_json
from tapline.contacts.commands import find_workspace, json_option, workspace_option
from tapline.errors import NotFound
from tapline.instance.first_start import make_ready
from tapline.providers import accounts
from tapline.providers.models import ProviderAccount, Registration, SenderKind, SenderNumber
from tapline.providers.numbers import SenderDetails, add_number, retire_number
from tapline.providers.prices import read_prices, set_prices
from tapline.providers.registry import KINDS, kind
from tapline.providers.telling import (
    prices_of_account,
    tell_account,
    tell_sender,
    test_connection,
)

ACTOR = "command line"
set_option = click.option(
    "--set",
    "values",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field of the account; @FILE reads it from a file. Secrets that are left out are asked.",
)


@click.group()
def providers() -> None:
    """Connect providers: accounts, sender numbers, prices."""


@providers.command("list")
@json_option
def list_accounts(as_json: bool) -> None:
    """List accounts, with the addresses to paste at each provider."""
    make_ready()
    rows = (
        ProviderAccount.objects.filter(retired_at=None).select_related("workspace").order_by("id")
    )
    if as_json:
        print_json({"accounts": [tell_account(each) for each in rows]})
        return
    for each in rows:
        click.secho(f"{accounts.name_of(each)}  {each.name}  ({each.workspace.name})", bold=True)
        click.echo(f"  prices: {prices_of_account(each) or 'not entered'}")
        for path, address in tell_account(each)["webhooks"].items():
            click.echo(f"  {path}: {address}")


@providers.command()
@click.argument("kind_key", metavar="KIND", type=click.Choice(list(KINDS)))
@click.option("--name", required=True, help="Such as «Twilio, shops».")
@click.option("--currency", default="USD", show_default=True, help="Of its prices.")
@set_option
@workspace_option
@json_option
def add(
    kind_key: str,
    name: str,
    currency: str,
    values: tuple[str, ...],
    workspace_name: str | None,
    as_json: bool,
) -> None:
    """Add an account of KIND (twilio, http).

    \b
    Examples:
      tapline providers add twilio --name "Twilio" --set account_sid=AC…
      tapline providers add http --name "Gateway" --set url=@url.txt --set body=@body.txt
    """
    make_ready()
    made = accounts.create_account(
        find_workspace(workspace_name),
        kind_key=kind_key,
        name=name,
        values=_with_secrets(kind_key, _read_values(values)),
        currency=currency,
        actor=ACTOR,
    )
    _tell(made, as_json)


@providers.command()
@click.argument("account", metavar="ACCOUNT")
@click.option("--name", default=None, help="Another name.")
@set_option
@json_option
def change(account: str, name: str | None, values: tuple[str, ...], as_json: bool) -> None:
    """Change ACCOUNT, such as twilio:7. What is left out stays as it is."""
    make_ready()
    known = _find(account)
    _tell(
        accounts.change_account(known, name=name, values=_read_values(values), actor=ACTOR), as_json
    )


@providers.command()
@click.argument("account", metavar="ACCOUNT")
@json_option
def test(account: str, as_json: bool) -> None:
    """Ask the provider whether it knows ACCOUNT; nothing is sent to anybody."""
    make_ready()
    is_good, said = test_connection(_find(account))
    if as_json:
        print_json({"is_good": is_good, "said": said})
    else:
        click.secho(said or "It answers.", fg="green" if is_good else "red")
    if not is_good:
        raise SystemExit(1)


@providers.command()
@click.argument("account", metavar="ACCOUNT")
@click.argument("lines", metavar="COUNTRY=PRICE...", nargs=-1, required=True)
@json_option
def prices(account: str, lines: tuple[str, ...], as_json: bool) -> None:
    """Set what a part costs through ACCOUNT, such as US=0.01 and *=0.05 (everywhere else).

    "US mms=0.02" is what a text with pictures costs there. What was set before goes.
    """
    make_ready()
    known = _find(account)
    set_prices(known, read_prices(lines), actor=ACTOR)
    _tell(known, as_json)


@providers.command()
@click.argument("account", metavar="ACCOUNT")
def retire(account: str) -> None:
    """Send nothing new through ACCOUNT; its receipts still come in."""
    make_ready()
    accounts.retire_account(_find(account), actor=ACTOR)
    click.echo(f"{account} is retired.")


@providers.command()
@json_option
def numbers(as_json: bool) -> None:
    """List sender numbers, and what each may still send today."""
    make_ready()
    rows = SenderNumber.objects.filter(retired_at=None).select_related(
        "account", "pool", "workspace"
    )
    now = timezone.now()
    told = [tell_sender(each, now) for each in rows.order_by("id")]
    if as_json:
        print_json({"sender_numbers": told})
        return
    table = Table(
        "Id",
        Column("Number", no_wrap=True),
        "Account",
        "Kind",
        "Registration",
        "a second",
        "left today",
        box=None,
    )
    for each in told:
        left = "–" if each["left_today"] is None else f"{each['left_today']:,}"
        table.add_row(
            str(each["id"]),
            each["number"] or "(picked there)",
            each["provider"],
            each["kind"],
            each["registration"],
            f"{each['parts_per_second'] or '–'}",
            left,
        )
    Console().print(table)


@providers.command("add-number")
@click.argument("account", metavar="ACCOUNT")
@click.argument("number", default="")
@click.option("--kind", "sender_kind", type=click.Choice(SenderKind.values), default="long_code")
@click.option("--registration", type=click.Choice(Registration.values), default="missing")
@click.option("--per-second", type=float, default=0.0, help="Parts; 0: no limit.")
@click.option("--per-day", type=int, default=0, help="Parts; 0: no limit.")
@click.option("--day-zone", default="UTC", help="Where that day begins.")
@click.option("--pool", default="", help="Numbers of one pool share a broadcast.")
@click.option("--usual", is_flag=True, help="Texts of the workspace leave from it.")
@workspace_option
@json_option
def add_sender(
    account: str, number: str, workspace_name: str | None, as_json: bool, **options: Any
) -> None:
    """Add NUMBER of ACCOUNT, such as +12125550100; none for a service that picks its own."""
    make_ready()
    workspace = find_workspace(workspace_name)
    details = SenderDetails(
        number=number,
        kind=options["sender_kind"],
        registration=options["registration"],
        parts_per_second=options["per_second"],
        parts_per_day=options["per_day"],
        day_zone=options["day_zone"],
        pool=options["pool"],
        is_default=options["usual"],
    )
    made = add_number(workspace, accounts.account_by_name(workspace, account), details, actor=ACTOR)
    told = tell_sender(made, timezone.now())
    if as_json:
        print_json(told)
    else:
        click.echo(f"Texts may leave from {made.number or account}.")


@providers.command("retire-number")
@click.argument("sender", metavar="ID", type=int)
def retire_sender(sender: int) -> None:
    """Send nothing new from the number with this ID."""
    make_ready()
    found = SenderNumber.objects.filter(pk=sender, retired_at=None).first()
    if found is None:
        raise NotFound(
            f"There is no sender number {sender}.",
            why="It does not exist, or was retired.",
            do="List them with: tapline providers numbers.",
        )
    retire_number(found, actor=ACTOR)
    click.echo(f"{found.number or sender} is retired.")


def _find(name: str) -> ProviderAccount:
    for account in ProviderAccount.objects.filter(retired_at=None).select_related("workspace"):
        if accounts.name_of(account) == name:
            return account
    raise NotFound(
        f"There is no account '{name}'.",
        why="Accounts are named by kind and number, such as twilio:7.",
        do="List them with: tapline providers list.",
    )


def _read_values(values: tuple[str, ...]) -> dict[str, str]:
    read: dict[str, str] = {}
    for each in values:
        name, _, value = each.partition("=")
        path = Path(value[1:])
        read[name] = path.read_text(encoding="utf-8").strip() if value[:1] == "@" else value
    return read


def _with_secrets(kind_key: str, values: dict[str, str]) -> dict[str, str]:
    """Ask for the secrets that are needed and were not given: none stands in a shell's history."""
    for field in kind(kind_key).fields:
        if field.secret and field.required and field.name not in values:
            values[field.name] = click.prompt(str(field.label), hide_input=True)
    return values


def _tell(account: ProviderAccount, as_json: bool) -> None:
    told = tell_account(account)
    if as_json:
        print_json(told)
        return
    click.echo(f"{told['provider']}: {account.name}")
    for path, address in told["webhooks"].items():
        click.echo(f"  paste at the provider, {path}: {address}")
