"""`tapline clicks`: count what is stored again by the rules of today."""

from __future__ import annotations

import datetime as dt

import click

from tapline.cli import print_json
from tapline.clicks import second_look
from tapline.clicks.reason_words import COUNTS_AS
from tapline.clicks.second_look import Differences
from tapline.clicks.spans import EVER
from tapline.instance.first_start import make_ready


@click.group()
def clicks() -> None:
    """Look after what is stored about openings of links."""


@clicks.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Only openings since the beginning of DATE (UTC), such as 2026-11-01.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object, and ask nothing: without --yes nothing changes.",
)
def rejudge(since: dt.datetime | None, yes: bool, as_json: bool) -> None:
    """Judge stored openings by the rules of today, after saying what would change.

    Rules get better with new versions of Tapline; what older ones judged stays until you ask.
    Reports and each message's first tap follow, the feed of clicks tells of every correction, and
    each opening keeps what was said of it before. Openings of people who were erased stay as they
    are.

    \b
    Try it:
      tapline clicks rejudge
      tapline clicks rejudge --since 2026-11-01
    """
    make_ready()
    moment = since.replace(tzinfo=dt.UTC) if since else EVER
    found = second_look.differences(moment)
    if as_json:
        changed = second_look.rejudge(moment) if yes and found else 0
        print_json({"differences": _as_dicts(found), "changed": changed})
        return
    if not found:
        click.echo("There is nothing to change: the rules of today say what is stored.")
        return
    click.echo("\n".join(_lines(found)))
    if not yes:
        click.confirm("Change this?", abort=True, err=True)
    click.echo(f"Changed: {second_look.rejudge(moment):,}")


def _as_dicts(found: Differences) -> list[dict[str, str | int]]:
    return [
        {"before": before, "now": now, "clicks": count}
        for (before, now), count in found.most_common()
    ]


def _lines(found: Differences) -> list[str]:
    """Return what changes, the most first; last what only gets another reason or version."""
    moved = [
        f"{count:>10,}  counted as {COUNTS_AS[before]}, now as {COUNTS_AS[now]}"
        for (before, now), count in found.most_common()
        if before != now
    ]
    same = sum(count for (before, now), count in found.items() if before == now)
    note = f"{same:>10,}  count as before; their reasons or the version of the rules change"
    return [*moved, note] if same else moved
