"""`tapline keys`, `backup`, `restore` and `check`: looking after an instance."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tapline import config
from tapline.cli import print_json, set_up_django

if TYPE_CHECKING:
    from tapline.instance.checks import Check, SettingInForce

ACTOR = "command line"
NO_ERASURES = (
    "No list of erasures was at hand: people who were erased after this backup was made are back."
    " If anybody was, find the list and run `tapline contacts erasures import FILE` before"
    " `tapline up`, or erase them again."
)
ACCESS_CLOSED = (
    "Sessions and invitations ended; API keys and shared reports that are closed until somebody"
    " opens them again on their pages: {count}. Whoever was removed from a workspace, or removed a"
    " passkey, after this backup was made has it again: look at the members of each workspace."
)

as_json = click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")
passphrase_file = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the passphrase from the first line of a file instead of asking.",
)


@click.group()
def keys() -> None:
    """Keep the master key safe, put it back, renew code keys.

    The master key lies in the data folder and in no backup. Without it the codes on phones lead
    nowhere: export it once, and keep the file and its passphrase apart.
    """


@keys.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@passphrase_file
@as_json
def export_command(file: Path, passphrase_file: Path | None, is_json: bool) -> None:
    """Write the master key to FILE, sealed with a passphrase.

    FILE is short text, fit to be printed and put into a safe.

    \b
    Example:
      tapline keys export tapline-key.txt
    """
    set_up_django()
    from tapline.instance.key_keeping import export_key

    export_key(file, _passphrase(passphrase_file, is_new=True))
    _say(is_json, {"file": str(file)}, f"The master key is in {file}. Keep it apart from backups.")


@keys.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@passphrase_file
@as_json
def import_command(file: Path, passphrase_file: Path | None, is_json: bool) -> None:
    """Put the master key of FILE into the data folder, before a restore or after a loss.

    A key that is there already is never overwritten, and one that does not belong to the
    instance in the data folder is refused.

    \b
    Example:
      TAPLINE_DATA_DIR=/var/lib/tapline tapline keys import tapline-key.txt
    """
    from tapline.instance.key_keeping import import_key

    path = import_key(file, _passphrase(passphrase_file, is_new=False))
    _say(is_json, {"file": str(path)}, f"The master key is back in {path}.")


@keys.command("rotate")
@click.argument("hosts", nargs=-1, metavar="[HOST]...")
@as_json
def rotate_command(hosts: tuple[str, ...], is_json: bool) -> None:
    """Give domains a new code key: new links use it, links on phones go on.

    Without HOST all domains get one. Do it when somebody may have seen the old one.

    \b
    Example:
      tapline keys rotate go.example.com
    """
    set_up_django()
    from tapline.instance.key_keeping import rotate_keys

    rotated = rotate_keys(hosts, ACTOR)
    _say(is_json, {"domains": rotated}, f"New code keys: {', '.join(rotated) or 'no domains'}.")


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@as_json
def backup(target: Path, is_json: bool) -> None:
    """Write a backup to TARGET: one file if it ends in .tar, else a new folder.

    Everything is in it but the master key (see `tapline keys export`). It may run while Tapline
    runs. TARGET must not exist; it appears when it is whole.

    \b
    Examples:
      tapline backup /backups/tapline-2030-05-01.tar
      tapline backup --json /mnt/disk/tapline
    """
    from tapline.instance.backup import back_up

    report = back_up(target)
    text = f"{report.files:,} files, {report.size_bytes / 1e6:,.1f} MB in {report.path}."
    _say(is_json, asdict(report), text)


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--replace",
    is_flag=True,
    help="Move what is in the data folder into a folder of its own there.",
)
@click.option(
    "--erasures",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The list of erasures, from `tapline contacts erasures export`.",
)
@click.option(
    "--keep-access",
    is_flag=True,
    help="Leave API keys, shared reports, sessions and invitations as they are in the backup.",
)
@as_json
def restore(
    source: Path, replace: bool, erasures: Path | None, keep_access: bool, is_json: bool
) -> None:
    """Bring back the instance that is in the backup SOURCE.

    The data folder must be empty but for the master key; import that first. Restoring begins a
    new epoch with new code keys, so that no code on a phone is ever handed out again. Links in
    the backup go on. Broadcasts that were under way come back paused: some of their texts may
    have left after the backup was made.

    People who were erased after the backup was made are erased again before anything opens, by
    the list of erasures in the data folder. On a new machine give that list with --erasures.

    A backup does not know whose access was taken away after it. So everybody signs in again, open
    invitations end, and API keys and shared reports stay closed until somebody opens them again on
    their pages. Say --keep-access where nothing was taken away since, such as when moving.

    \b
    Example:
      export TAPLINE_DATA_DIR=/var/lib/tapline
      tapline keys import tapline-key.txt
      tapline restore /backups/tapline-2030-05-01.tar --erasures erasures.jsonl
    """
    from tapline.instance.backup import restore as restore_backup

    report = restore_backup(source, replace=replace, erasures=erasures, keeps_access=keep_access)
    lines = [f"{report.files:,} files are back in {report.path}; epoch {report.epoch} began."]
    if report.paused_broadcasts:
        lines.append(
            f"Paused broadcasts: {report.paused_broadcasts}. Look at them before going on."
        )
    if report.erased_again:
        lines.append(f"People erased since the backup, erased again: {report.erased_again}.")
    if not keep_access:
        lines.append(ACCESS_CLOSED.format(count=report.closed_access))
    if report.without_erasures:
        lines.append(NO_ERASURES)
    if report.moved_aside:
        lines.append(f"What was there is in {report.moved_aside}.")
    _say(is_json, asdict(report), "\n".join(lines))


@click.command()
@click.option("--settings", "show_settings", is_flag=True, help="List every setting instead.")
@as_json
def check(show_settings: bool, is_json: bool) -> None:
    """Say what is right and wrong with this instance; ends with code 1 if anything is wrong.

    With --settings: every setting with the value in force, its default, unit and meaning.

    \b
    Examples:
      tapline check
      tapline check --settings
      tapline check --json | jq '.checks[] | select(.ok | not)'
    """
    from tapline.instance.checks import run_checks, settings_in_force

    settings = config.current()
    if show_settings:
        _print_settings(settings_in_force(settings), is_json)
    else:
        checks = run_checks(settings)
        _print_checks(checks, is_json)
        sys.exit(0 if all(each.ok for each in checks) else 1)


def _print_settings(listed: list[SettingInForce], is_json: bool) -> None:
    if is_json:
        print_json({"settings": [asdict(each) for each in listed]})
        return
    for each in listed:
        value = f"{each.variable}={each.value}" + (f"  [{each.unit}]" if each.unit else "")
        default = f" Default: {each.default}." if each.default not in ("", each.value) else ""
        click.echo(f"{value}\n    {each.help}{default}")


def _print_checks(checks: list[Check], is_json: bool) -> None:
    if is_json:
        all_well = all(each.ok for each in checks)
        print_json({"ok": all_well, "checks": [asdict(each) for each in checks]})
        return
    for each in checks:
        click.secho("ok   " if each.ok else "wrong", fg="green" if each.ok else "red", nl=False)
        click.echo(f"  {each.name}: {each.found}" + (f"\n       {each.do}" if each.do else ""))


def _say(is_json: bool, value: dict[str, object], text: str) -> None:
    if is_json:
        print_json(value)
    else:
        click.echo(text)


def _passphrase(file: Path | None, *, is_new: bool) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    passphrase: str = click.prompt(
        "Passphrase", hide_input=True, confirmation_prompt=is_new, err=True
    )
    return passphrase
