"""`tapline report`: what became of a broadcast, as a table that moves or as one JSON object."""

from __future__ import annotations

import time

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from tapline.broadcasts.commands import find_broadcast
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.reports import Report, build_report
from tapline.cli import print_json
from tapline.contacts.commands import find_workspace, json_option, workspace_option
from tapline.errors import NotFound

WATCH_SECONDS = 1.0


@click.command()
@click.argument("number", metavar="[BROADCAST]", type=int, required=False)
@workspace_option
@click.option("--watch", is_flag=True, help="Keep it up to date until Ctrl-C.")
@json_option
def report(number: int | None, workspace_name: str | None, watch: bool, as_json: bool) -> None:
    """Say what became of BROADCAST (its id; without one, of the newest that was started).

    Click rate = messages with at least one tap by a person ÷ messages delivered (÷ sent where no
    receipts come). Previews and scanners are counted apart and are in no rate.

    \b
    Try it:
      tapline report --watch
      tapline report 12 --json
    """
    found = find_broadcast(number, workspace_name) if number else _newest(workspace_name)
    if as_json:
        print_json(build_report(found).as_dict())
    elif watch:
        _watch(found)
    else:
        Console().print(as_table(build_report(found)))


def as_table(told: Report) -> Table:
    """Return a report as people read it in a terminal."""
    table = Table(title=f"{told.name} ({told.state})", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for label, value in _lines(told):
        table.add_row(label, value)
    return table


def _lines(told: Report) -> list[tuple[str, str]]:
    of = "delivered" if told.rate_base == "delivered" else "sent (no receipts came)"
    lines = [
        ("recipients", f"{told.recipients:,}"),
        ("sent", f"{told.sent:,}"),
        ("delivered", f"{told.delivered:,}"),
        ("failed", f"{told.failed + told.refused:,}"),
        ("people who tapped", f"{told.human_clickers:,}"),
        ("their taps", f"{told.human_clicks:,}"),
        (f"click rate, of {of}", f"{told.click_rate:.1%}"),
    ]
    if told.only_counted:
        lines += [
            ("recipients only counted", f"{told.only_counted:,}"),
            ("  taps by them", f"{told.only_counted_taps:,}"),
            (f"  taps per text {told.rate_base}", f"{told.taps_per_text:.2f}"),
        ]
    if told.shows_range:
        lines.append(("  its range", f"{told.click_rate_low:.1%} – {told.click_rate_high:.1%}"))
    machines = told.scanner + told.prefetch + told.tool
    lines += [
        ("previews", f"{told.preview:,}"),
        ("opened by machines", f"{machines:,}"),
        ("by your own people", f"{told.operator:,}"),
        ("unclear", f"{told.unknown:,}"),
        ("replies, of them opt-outs", f"{told.replies:,}, {told.opt_outs:,}"),
        ("cost", f"{told.cost:,.2f} {told.currency}".strip()),
    ]
    if told.asleep:
        opens = f", the next {told.next_morning_at:%a %H:%M} UTC" if told.next_morning_at else ""
        lines.append((f"wait until it is day there{opens}", f"{told.asleep:,}"))
    lines += [(f"  failed: {each.what}", f"{each.count:,}") for each in told.why_failed()]
    lines += [(f"  no text: {each.what}", f"{each.count:,}") for each in told.why_no_text()]
    if told.unsettled or told.lost:
        lines.append(("not known (yet), lost", f"{told.unsettled:,}, {told.lost:,}"))
    return lines


def _watch(found: Broadcast) -> None:
    with Live(as_table(build_report(found)), auto_refresh=False) as live:
        while True:
            time.sleep(WATCH_SECONDS)
            live.update(as_table(build_report(found)), refresh=True)


def _newest(workspace_name: str | None) -> Broadcast:
    workspace = find_workspace(workspace_name)
    started = Broadcast.objects.filter(workspace=workspace, started_at__isnull=False)
    found = started.order_by("-started_at").first()
    if found is None:
        raise NotFound(
            "There is nothing to report on.",
            why=f"No broadcast of '{workspace.name}' was started.",
            do="Send one: tapline broadcast send --help.",
        )
    return found
