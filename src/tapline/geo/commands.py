"""`tapline geo`: bring the files that say where addresses are, and see what they know."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from tapline import config
from tapline.cli import print_json
from tapline.geo.book import GeoFile, place_book
from tapline.geo.fetching import Updated, bring, update
from tapline.geo.files import GEO_FILES, NETWORK_FILE, PLACE_FILE, GeoFileKind, path_of, read_note
from tapline.geo.records import read_spot

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
file_type = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def geo() -> None:
    """Say where taps come from: country, region, city and network, never coordinates.

    Two files in MaxMind's format tell it. Without them place is unknown, and reports say so.
    """


@geo.command("update")
@click.option("--place", type=file_type, help="Your own file with country, region and city.")
@click.option("--network", type=file_type, help="Your own file with who runs a network (ASN).")
@json_option
def update_files(place: Path | None, network: Path | None, as_json: bool) -> None:
    """Fetch the files, or take your own; running workers take them up by themselves.

    Without a file of your own both are fetched: MaxMind's GeoLite where TAPLINE_GEO_MAXMIND_KEY is
    set, else DB-IP's free ones (CC BY 4.0: name DB-IP where you publish what they say). A file that
    cannot be read never takes the place of one that can.

    \b
    Examples:
      tapline geo update
      tapline geo update --place GeoIP2-City.mmdb
    """
    settings, now = config.current(), dt.datetime.now(dt.UTC)
    own = [(PLACE_FILE, place), (NETWORK_FILE, network)]
    if place or network:
        done = [bring(kind, file, settings, now) for kind, file in own if file]
    else:
        done = [update(kind, settings, now) for kind in GEO_FILES]
    if as_json:
        print_json({"files": [_told(each) for each in done]})
        return
    for each in done:
        news = "is in its place" if each.is_new else "is the one that was there"
        click.echo(f"{each.says} from {each.source} {news}: {each.path}")


@geo.command()
@json_option
def show(as_json: bool) -> None:
    """Show which files are there, from where and of when."""
    files = [_described(kind) for kind in GEO_FILES]
    if as_json:
        print_json({"files": files})
        return
    for file in files:
        state = file["problem"] or file["calls_itself"] or "not there; run `tapline geo update`"
        click.echo(f"{file['says']}: {state}\n  {file['path']}")
        if file["source"]:
            click.echo(f"  from {file['source']}, {file['fetched_at']}, sha256 {file['sha256']}")


@geo.command()
@click.argument("address")
@json_option
def find(address: str, as_json: bool) -> None:
    """Say what is known of ADDRESS."""
    book = place_book()
    book.refresh()
    place = book.find(address)._asdict()
    if as_json:
        print_json(place)
        return
    for name, value in place.items():
        click.echo(f"{name.replace('_', ' ')}: {value or 'unknown'}")


def _described(kind: GeoFileKind) -> dict[str, Any]:
    settings = config.current()
    path = path_of(kind, settings)
    file = GeoFile(path, read_spot)
    file.refresh()
    note = read_note(path)
    return {
        "name": kind.name,
        "says": kind.says,
        "path": str(path),
        "calls_itself": file.kind,
        "problem": file.problem,
        "source": note.source if note else "",
        "fetched_at": note.fetched_at if note else "",
        "sha256": note.sha256 if note else "",
    }


def _told(each: Updated) -> dict[str, Any]:
    return {
        "name": each.kind.name,
        "path": str(each.path),
        "calls_itself": each.says,
        "source": each.source,
        "sha256": each.sha256,
        "is_new": each.is_new,
    }
