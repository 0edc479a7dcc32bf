"""`tapline retention`: what is old enough to be forgotten, and forgetting it now."""

from __future__ import annotations

from dataclasses import asdict

import click

from tapline.cli import print_json
from tapline.config import variable
from tapline.contacts import retention as rules
from tapline.instance.first_start import make_ready


@click.command()
@click.option("--apply", "do_apply", is_flag=True, help="Forget it now; the worker does hourly.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def retention(do_apply: bool, as_json: bool) -> None:
    """Say what would be forgotten by age now, kind by kind; changes nothing without --apply.

    Each kind has a setting with its days; 0 keeps it for ever. Totals stay in any case, and so do
    opt-outs.

    \b
    tapline retention
    TAPLINE_MESSAGES_KEEP_DAYS=365 tapline retention
    """
    make_ready()
    due = rules.look()
    if do_apply:
        rules.apply()
    if as_json:
        print_json({"applied": do_apply, "kinds": [asdict(each) for each in due]})
        return
    for each in due:
        days = f"{each.days:,} days" if each.days else "for ever"
        click.echo(
            f"{each.name.replace('_', ' '):<22} {days:>12}  {each.rows:>10,} due"
            f"   {variable(each.setting)}"
        )
    click.echo("Forgotten." if do_apply else "Nothing was changed: --apply forgets what is due.")
