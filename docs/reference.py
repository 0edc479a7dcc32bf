"""Writes what the code itself says into docs/: settings, commands, quiet hours. `make docs`."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import click

from tapline import cli, config
from tapline.hours.rules import DEFAULT_SOURCE, DEFAULT_WEEK, RULES
from tapline.hours.words import describe_week, name_region

DOCS = Path(__file__).resolve().parent
RULES_BEGIN, RULES_END = "<!-- rules: begin -->\n", "<!-- rules: end -->\n"


def settings_page() -> str:
    """Return docs/settings.md: every setting with its default, unit and help."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable, read when a process starts. `tapline check",
        "--settings` prints this list with the values in force; secrets are never printed.",
        "",
        "| variable | default | unit | what it does |",
        "| --- | --- | --- | --- |",
    ]
    return "\n".join(lines + [_setting_row(item) for item in fields(config.Config)]) + "\n"


def commands_page() -> str:
    """Return docs/commands.md: the help of every command, as the terminal shows it."""
    lines = ["# Commands", "", "What `--help` says, in one place."]
    group = cli.root
    assert isinstance(group, click.Group)
    context = click.Context(group, info_name="tapline")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        lines += _command_section(command, click.Context(command, context, name), level=2)
    return "\n".join(lines) + "\n"


def hours_page() -> str:
    """Return docs/hours.md with its table of rules as the code has them."""
    page = (DOCS / "hours.md").read_text(encoding="utf-8")
    before, _, rest = page.partition(RULES_BEGIN)
    after = rest.partition(RULES_END)[2]
    rows = [
        "| region | texts may arrive | speaks of | source | read |",
        "| --- | --- | --- | --- | --- |",
    ]
    for region in sorted(RULES, key=lambda name: (name[:2] != "US", name)):
        rule = RULES[region]
        name = name_region(region)
        hours = describe_week(rule.week)
        rows.append(f"| {name} | {hours} | {rule.basis} | {rule.source} | {rule.seen} |")
    rows.append(
        f"| everywhere else | {describe_week(DEFAULT_WEEK)} | convention |"
        f" {DEFAULT_SOURCE} | November 2026 |"
    )
    table = "\n".join(rows)
    return f"{before}{RULES_BEGIN}\n{table}\n\n{RULES_END}{after}"


def _setting_row(item: Field[Any]) -> str:
    default = item.metadata.get("shown") or ("" if item.default is MISSING else item.default)
    shown = f"`{default}`" if default not in ("", None) else "–"
    unit = item.metadata["unit"] or "–"
    return f"| `{config.variable(item.name)}` | {shown} | {unit} | {item.metadata['help']} |"


def _command_section(command: click.Command, context: click.Context, *, level: int) -> list[str]:
    context.terminal_width = 88
    lines = ["", f"{'#' * level} {context.command_path}", "", "```text"]
    lines += [line.rstrip() for line in command.get_help(context).splitlines()]
    lines += ["```"]
    if isinstance(command, click.Group):
        for name, child in sorted(command.commands.items()):
            lines += _command_section(child, click.Context(child, context, name), level=level + 1)
    return lines


if __name__ == "__main__":
    (DOCS / "settings.md").write_text(settings_page(), encoding="utf-8")
    (DOCS / "commands.md").write_text(commands_page(), encoding="utf-8")
    (DOCS / "hours.md").write_text(hours_page(), encoding="utf-8")
