"""`tapline hours`: what holds in a workspace, who decided it, and deciding."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from tapline.cli import print_json
from tapline.contacts.commands import BadOption, find_workspace, json_option, workspace_option
from tapline.digits import whole_number
from tapline.hours.deciding import ADDED_UP, DEFAULTS, decide
from tapline.hours.standing import EVERYWHERE_ELSE, Decided, RuleTold, Standing, standing_of

ACTOR = "command line"
ON_OR_ABOVE = ("wait", "any-hour", "above")
_WAITS = {"wait": True, "any-hour": False, "above": None}


@click.group()
def hours() -> None:
    """When texts may arrive: the rules of each place, and what a workspace decides."""


@hours.command()
@workspace_option
@json_option
def show(workspace_name: str | None, as_json: bool) -> None:
    """Show what holds, whose decision it is, and every rule with its source."""
    _show(standing_of(find_workspace(workspace_name)), as_json)


@hours.command("set")
@workspace_option
@click.option("--own", "own_hours", metavar="HOURS", help="Own hours of marketing texts; '': none.")
@click.option("--service-hours", metavar="HOURS", help="The same for service texts that wait.")
@click.option("--service", type=click.Choice(ON_OR_ABOVE), help="What service texts do.")
@click.option("--answers", type=click.Choice(ON_OR_ABOVE), help="What answers to people do.")
@click.option("--cap", metavar="N/DAYS", help="Marketing texts per person: 4/7; 0: no cap; above.")
@click.option("--at-night", type=click.Choice(["wait", "skip", "above"]), help="New broadcasts.")
@click.option("--give-up", metavar="HOURS", help="New broadcasts wait so long: 48, or above.")
@click.option(
    "--replace",
    "replaced",
    multiple=True,
    metavar="REGION=HOURS",
    help="Other hours in the place of a rule; 'US-FL=': the rule; 'US-FL=above'. Repeatable.",
)
@json_option
def set_hours(
    workspace_name: str | None,
    service: str | None,
    answers: str | None,
    cap: str | None,
    replaced: tuple[str, ...],
    as_json: bool,
    **plain: str | None,
) -> None:
    """Decide for a workspace; what is not named stays. «above»: as decided above it.

    \b
    Examples:
      tapline hours set --own "Mon-Fri 9:00-18:00, Sat 10:00-14:00" --cap 4/7
      tapline hours set --workspace Lyon --replace "FR=Mon-Sat 9:00-19:00, no public holidays"
      tapline hours set --at-night skip --service wait
    """
    changes: dict[str, Any] = {
        name: None if value == "above" else value
        for name, value in plain.items()
        if value is not None and name != "give_up"
    }
    if plain["give_up"] is not None:
        changes["give_up_hours"] = _number(plain["give_up"], "--give-up")
    if service:
        changes["service_waits"] = _WAITS[service]
    if answers:
        changes["answers_wait"] = _WAITS[answers]
    if cap is not None:
        changes |= _cap(cap)
    workspace = find_workspace(workspace_name)
    decide(workspace, actor=ACTOR, replaced=dict(map(_replaced, replaced)), **changes)
    _show(standing_of(workspace), as_json)


def _cap(raw: str) -> dict[str, int | None]:
    texts, _, days = raw.partition("/")
    found = {"most_texts": _number(texts, "--cap")}
    return {**found, "cap_days": _number(days, "--cap")} if days or raw == "above" else found


def _number(raw: str, option: str) -> int | None:
    if raw in ("above", ""):
        return None
    if (number := whole_number(raw, longest=5)) is None:
        raise BadOption(
            f"{option}: «{raw}» is no number.",
            why="Texts, days and hours are counted in whole numbers.",
            do="Write it like --cap 4/7 or --give-up 48; «above» takes it back.",
        )
    return number


def _replaced(raw: str) -> tuple[str, str | None]:
    region, _, its = raw.partition("=")
    return region, None if its == "above" else its


def _show(standing: Standing, as_json: bool) -> None:
    if as_json:
        print_json(standing.as_dict())
        return
    decided = Table("What", "Holds", "Decided by", box=None)
    for name in ADDED_UP:
        for each in getattr(standing, name):
            decided.add_row(name.replace("_", " "), each.value, _whose(each))
    for name in DEFAULTS:
        each = standing.decisions[name]
        decided.add_row(name.replace("_", " "), _as_words(each.value), _whose(each))
    rules = Table("Place", "Texts may arrive", "Speaks of", "Source", box=None)
    for rule in standing.rules:
        rules.add_row(_place(rule), _hours(rule), rule.basis, rule.source)
    console = Console()
    console.print(decided)
    console.print(rules)


def _as_words(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _whose(each: Decided) -> str:
    return each.by.name if each.by else "default"


def _place(rule: RuleTold) -> str:
    return "everywhere else" if rule.region == EVERYWHERE_ELSE else rule.name


def _hours(rule: RuleTold) -> str:
    return f"{rule.instead} ({rule.by.name})" if rule.instead and rule.by else rule.hours
