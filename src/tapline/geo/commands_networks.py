"""`tapline networks`: lists of network ranges that tell hosting and preview services."""

from __future__ import annotations

import datetime as dt

import click

from tapline import config
from tapline.cli import print_json
from tapline.geo.commands import json_option
from tapline.geo.network_fetching import fetch_lists, list_sources
from tapline.geo.network_lists import keep_lists, network_book, networks_path, read_lists


@click.group()
def networks() -> None:
    """Know networks by kind: hosting, preview services, relays.

    Clicks are stored with the kind of network they came from, and which list says so. Hosting alone
    never makes a machine: people behind a VPN tap from there, too.
    """


@networks.command()
@json_option
def update(as_json: bool) -> None:
    """Fetch the published lists; running workers take them up by themselves.

    From Google and Amazon, or from TAPLINE_NETWORKS_ADDRESSES. If one of them cannot be fetched,
    all stay as they are.
    """
    settings = config.current()
    lists = fetch_lists(list_sources(settings), settings, dt.datetime.now(dt.UTC).date())
    keep_lists(lists, networks_path(settings))
    told = [
        {"name": each.name, "kind": each.kind, "source": each.source, "date": each.date}
        | {"ranges": len(each.ranges)}
        for each in lists
    ]
    if as_json:
        print_json({"lists": told})
        return
    for each in lists:
        click.echo(f"{each.name} ({each.kind}, {each.date}): {len(each.ranges)} ranges")


@networks.command("list")
@json_option
def list_all(as_json: bool) -> None:
    """Show the lists in use, their kinds, dates and sources."""
    settings = config.current()
    paths = [networks_path(settings), settings.networks_file]
    lists = [each for path in paths if path and path.exists() for each in read_lists(path)]
    if as_json:
        rows = [{"name": e.name, "kind": e.kind, "date": e.date, "source": e.source} for e in lists]
        print_json({"lists": rows})
        return
    for each in lists:
        click.echo(f"{each.name} ({each.kind}, {each.date}): {each.source}")
    if not lists:
        click.echo("No lists: `tapline networks update` fetches some.")


@networks.command()
@click.argument("address")
@json_option
def find(address: str, as_json: bool) -> None:
    """Say what kind of network ADDRESS lies in."""
    book = network_book()
    book.refresh()
    found = book.find(address)
    if as_json:
        print_json(found._asdict())
    else:
        click.echo(f"{found.kind} ({found.source})" if found.kind else "in none of the lists")
