"""`tapline contacts`: bring people in, stop texts to them, show and erase what is kept of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tapline.cli import print_json
from tapline.contacts import erasing, exporting, keeping
from tapline.contacts import erasures as lists
from tapline.contacts.consent import opt_out
from tapline.contacts.importing import (
    BadAgreement,
    ImportOptions,
    ImportReport,
    answer,
    import_file,
)
from tapline.contacts.importing import Progress as OnProgress
from tapline.contacts.models import Purpose
from tapline.contacts.phones import mask, normalise
from tapline.contacts.rows import BadRow, parse_time
from tapline.digits import whole_number
from tapline.errors import NotFound, TaplineError
from tapline.instance.first_start import make_ready
from tapline.web.bundle import DIST, FONT
from tapline.workspaces.models import Workspace

ACTOR = "command line"
BAD_ROWS_SHOWN = 20

workspace_option = click.option(
    "--workspace", "workspace_name", metavar="NAME", help="Name or id; needed if there are several."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


class UnclearWorkspace(TaplineError):
    """The command does not know which workspace it is about."""


class BadOption(TaplineError):
    """An option holds what it cannot use."""


@click.group()
def contacts() -> None:
    """Import contacts, record opt-outs, and show or erase what is kept of one person."""


@contacts.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@workspace_option
@click.option("--country", metavar="XX", help="Country of numbers without country code (ISO code).")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="What a column holds, like phone=Mobile or city=Ort; repeat it for more.",
)
@click.option("--agreed-how", default="", metavar="TEXT", help="How people agreed: «web form».")
@click.option("--agreed-at", default="", metavar="DATE", help="When they agreed: 2026-05-31.")
@click.option("--wording", default="", metavar="TEXT", help="The exact words they were shown.")
@click.option(
    "--purpose",
    type=click.Choice(Purpose.values),
    default=Purpose.MARKETING.value,
    show_default=True,
    help="What they agreed to get.",
)
@click.option("--tag", "tags", multiple=True, metavar="WORD", help="Tag every contact of the file.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
@click.option(
    "--bad-rows",
    "bad_rows_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every refused row, with its line and reason, to this CSV file.",
)
@json_option
def import_(
    file: Path,
    workspace_name: str | None,
    country: str | None,
    mapping: tuple[str, ...],
    agreed_how: str,
    agreed_at: str,
    wording: str,
    purpose: str,
    tags: tuple[str, ...],
    dry_run: bool,
    bad_rows_file: Path | None,
    as_json: bool,
) -> None:
    """Bring the contacts of a CSV FILE in, as Excel and others export it.

    Numbers, delimiter, encoding and columns are recognised; --map says what is not. Nobody is
    texted who did not agree: say how, when and to which words, or let the file's columns
    agreed_how, agreed_at and wording say it for each. Without an answer the contacts are kept,
    but get no texts.

    \b
    tapline contacts import guests.csv --country GB --dry-run
    tapline contacts import guests.csv --country GB --tag spring \\
      --agreed-how "card at the till" --agreed-at 2026-05-31 \\
      --wording "Yes, text me offers. Reply STOP to end."
    """
    workspace = find_workspace(workspace_name)
    options = ImportOptions(
        by=ACTOR,
        country=country or "",
        mapping=dict(_pair(item) for item in mapping),
        answer=answer(agreed_how, _time(agreed_at, workspace), wording),
        purpose=purpose,
        tags=tuple(tag.strip() for tag in tags if tag.strip()),
        dry_run=dry_run,
        bad_rows_file=bad_rows_file,
    )
    with _progress_bar(quiet=as_json) as on_progress:
        report = import_file(workspace, file, options, on_progress)
    if as_json:
        print_json(report.as_dict())
    else:
        _show(report, options)


@contacts.command("opt-out")
@click.argument("phone")
@workspace_option
@click.option("--reason", default="told us", show_default=True, help="How the person said so.")
@json_option
def opt_out_(phone: str, workspace_name: str | None, reason: str, as_json: bool) -> None:
    """Stop every text to PHONE, at once and for good, also texts that are waiting to go out."""
    workspace = find_workspace(workspace_name)
    number = normalise(phone, workspace.default_country)
    count = opt_out(number, scope=workspace, reason=reason, at=timezone.now(), by=ACTOR)
    if as_json:
        print_json({"opted_out": True, "contacts": count})
    else:
        click.echo(f"{mask(number)} gets no more texts from {workspace.name}.")


@contacts.command("find")
@click.argument("phone")
@workspace_option
@json_option
def find(phone: str, workspace_name: str | None, as_json: bool) -> None:
    """Say what is kept of the person with PHONE: how many of each, and whether texts may go out."""
    workspace = find_workspace(workspace_name)
    found = erasing.summarise(workspace, normalise(phone, workspace.default_country))
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"{name.replace('_', ' '):<16} {value}")


@contacts.command("export")
@click.argument("phone")
@workspace_option
@click.option(
    "--zip", "file", type=click.Path(path_type=Path), help="Write it there, with consent as PDF."
)
@click.option("--json", "as_json", is_flag=True, help="Accepted for symmetry: it is always JSON.")
def export(phone: str, workspace_name: str | None, file: Path | None, as_json: bool) -> None:
    """Print everything kept of the person with PHONE, as one JSON object; or write it as a ZIP
    file to hand over, in which each contact's consent is a page of PDF too.

    \b
    tapline contacts export "+1 212 555 0123" --zip anna.zip
    """
    workspace = find_workspace(workspace_name)
    person = keeping.person(workspace, normalise(phone, workspace.default_country))
    if file is None:
        print_json(exporting.export(person))
    else:
        file.write_bytes(exporting.export_zip(person, DIST / FONT))
        file.chmod(0o600)


@contacts.command("erase")
@click.argument("phone")
@workspace_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(phone: str, workspace_name: str | None, yes: bool, as_json: bool) -> None:
    """Erase the person with PHONE everywhere. Totals stay; so does an opt-out, as a hash."""
    workspace = find_workspace(workspace_name)
    number = normalise(phone, workspace.default_country)
    if not yes:
        click.confirm(f"Erase {mask(number)}? This cannot be undone", abort=True, err=True)
    erased = erasing.erase_person(workspace, number, by=ACTOR)
    if as_json:
        print_json(dict(erased))
        return
    click.echo("Erased or made anonymous; click files and the click log follow in a minute:")
    for name, count in erased.items():
        click.echo(f"{name.replace('_', ' '):<16} {count}")


@contacts.group()
def erasures() -> None:
    """Take the list of erasures along, so that no restored backup brings anybody back.

    The list names nobody: it holds scrambled numbers that only this instance's key can match.
    Restoring on the same machine reads it by itself.
    """


@erasures.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def export_erasures(file: Path, as_json: bool) -> None:
    """Write the list to FILE, or add what FILE lacks: keep it apart from the backups.

    \b
    tapline contacts erasures export /elsewhere/erasures.jsonl
    tapline restore /backups/tapline.tar --erasures /elsewhere/erasures.jsonl
    """
    make_ready()
    count = lists.export_list(file)
    if as_json:
        print_json({"file": str(file), "erasures": count})
    else:
        click.echo(f"{count:,} erasures are in {file}.")


@erasures.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def import_erasures(file: Path, as_json: bool) -> None:
    """Erase again whoever FILE names and this instance still knows from before.

    For a restore that went without the list. People who came back since they were erased stay.
    """
    make_ready()
    count = lists.import_list(file)
    if as_json:
        print_json({"erased_again": count})
    else:
        click.echo(f"{count:,} people were erased again.")


def find_workspace(name: str | None) -> Workspace:
    """Return the workspace named, or the only one at the top; makes the first on a new instance.

    A sample shop is meant only by its name.
    """
    make_ready()
    if name is None:
        roots = list(Workspace.objects.filter(parent=None, sample="")[:2])
        if len(roots) == 1:
            return roots[0]
        raise UnclearWorkspace(
            "Several workspaces could be meant.",
            why="The instance has more than one at the top.",
            do="Name one with --workspace.",
        )
    matches = list(Workspace.objects.filter(name__iexact=name)[:2])
    if not matches and (number := whole_number(name)) is not None:
        matches = list(Workspace.objects.filter(pk=number))
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UnclearWorkspace(
            f"Several workspaces are called '{name}'.",
            why="Names may repeat in different branches.",
            do="Give the workspace's id instead.",
        )
    raise NotFound(
        f"There is no workspace '{name}'.",
        why="No workspace has this name or id.",
        do="Check its spelling on the workspace's page.",
    )


def _pair(item: str) -> tuple[str, str]:
    name, equals, column = item.partition("=")
    if not equals or not name.strip() or not column.strip():
        raise BadOption(
            f"--map {item} cannot be understood.",
            why="It needs a field, an equals sign and a column.",
            do="Write it like --map phone=Mobile.",
        )
    return name.strip(), column.strip()


def _time(text: str, workspace: Workspace) -> datetime | None:
    if not text.strip():
        return None
    try:
        return parse_time(text.strip(), workspace.zone).astimezone(UTC)
    except BadRow as error:
        raise BadAgreement(
            "--agreed-at cannot be understood.", why=str(error), do="Correct the date."
        ) from error


@contextmanager
def _progress_bar(*, quiet: bool) -> Iterator[OnProgress]:
    """Give a function that moves a bar on standard error; on no terminal it shows nothing."""
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("import", total=None, rows=0)

        def show(report: ImportReport) -> None:
            done, total = report.read_bytes, report.size_bytes
            bar.update(task, completed=done, total=total, rows=report.rows)

        yield show


def _show(report: ImportReport, options: ImportOptions) -> None:
    click.echo(
        "Nothing was written: this is what would happen." if options.dry_run else "Imported."
    )
    for name, value in _lines(report):
        click.echo(f"  {name:<28} {value:>9,}")
    if report.agreed < report.rows - report.refused:
        without = report.rows - report.refused - report.agreed
        click.echo(
            f"{without:,} rows do not say how, when and to which words the person agreed:"
            " they are kept but get no texts. --agreed-how, --agreed-at and --wording say it."
        )
    if report.bad_rows:
        _show_bad_rows(report, options)


def _lines(report: ImportReport) -> list[tuple[str, int]]:
    return [
        ("rows", report.rows),
        ("new contacts", report.created),
        ("known contacts, updated", report.updated),
        ("repeated numbers, merged", report.duplicates),
        ("refused rows", report.refused),
        ("rows with consent", report.agreed),
    ]


def _show_bad_rows(report: ImportReport, options: ImportOptions) -> None:
    table = Table("line", "why it was refused", box=None, pad_edge=False)
    for bad in report.bad_rows[:BAD_ROWS_SHOWN]:
        table.add_row(str(bad.line), bad.why.replace("[", "\\["))
    Console(stderr=True, width=None if os.isatty(2) else 200).print(table)
    more = report.refused - BAD_ROWS_SHOWN
    if options.bad_rows_file:
        click.echo(f"All refused rows are in {options.bad_rows_file}.", err=True)
    elif more > 0:
        click.echo(f"… and {more:,} more: --bad-rows FILE writes all of them.", err=True)
