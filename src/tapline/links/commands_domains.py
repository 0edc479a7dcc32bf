"""`tapline domains`: bring a host name, see its records, check them."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from tapline.cli import print_json
from tapline.contacts.commands import find_workspace, json_option, workspace_option
from tapline.errors import NotFound
from tapline.instance.first_start import make_ready
from tapline.links.domain_checks import check_domain, findings_of, records_of
from tapline.links.domain_told import tell
from tapline.links.domains import advice_for, create_domain, read_address
from tapline.links.hosts import as_read
from tapline.links.models import Domain

ACTOR = "command line"
_MARKS = {"good": "[green]good[/]", "wrong": "[yellow]not right[/]", "unsure": "not sure"}


@click.group()
def domains() -> None:
    """Bring the host name that people see in texts: add it, set its records, check them."""


@domains.command("list")
@json_option
def list_domains(as_json: bool) -> None:
    """List the domains of this instance and how they stand."""
    make_ready()
    rows = Domain.objects.filter(deleted_at=None).select_related("workspace").order_by("id")
    if as_json:
        print_json({"domains": [tell(domain) for domain in rows]})
        return
    table = Table("Domain", "Workspace", "State", "Last checked", box=None)
    for domain in rows:
        checked = f"{domain.checked_at:%Y-%m-%d %H:%M} UTC" if domain.checked_at else "–"
        table.add_row(as_read(domain.host), domain.workspace.name, _state(domain), checked)
    Console().print(table)


@domains.command()
@click.argument("host")
@workspace_option
@click.option("--brand", default="", metavar="NAME", help="Whose it is, for the bare domain.")
@click.option("--fallback", default="", metavar="URL", help="Where unknown and ended links lead.")
@click.option("--vouch", is_flag=True, help="Serve links at once: you know that the name is yours.")
@json_option
def add(
    host: str,
    workspace_name: str | None,
    brand: str,
    fallback: str,
    vouch: bool,
    as_json: bool,
) -> None:
    """Add HOST, and show the DNS records to set for it.

    Links are served on it once its TXT record is found, which is looked for by itself.

    \b
    Examples:
      tapline domains add go.example.com --brand "Example" --fallback https://www.example.com
      tapline domains add go.example.com --vouch
    """
    make_ready()
    domain = create_domain(
        find_workspace(workspace_name),
        read_address(host),
        brand_name=brand,
        fallback_url=fallback,
        proved=vouch,
        actor=ACTOR,
    )
    if as_json:
        print_json(tell(domain))
    else:
        _print(domain)


@domains.command()
@click.argument("host")
@json_option
def check(host: str, as_json: bool) -> None:
    """Ask the name servers about HOST now, and say what is wrong with its records.

    Ends with code 1 while something is wrong.
    """
    make_ready()
    domain = _find(host)
    check_domain(domain)
    domain = _find(host)
    if as_json:
        print_json(tell(domain))
    else:
        _print(domain)
    if any(finding.state == "wrong" for finding in findings_of(domain)):
        raise click.exceptions.Exit(1)


def _find(host: str) -> Domain:
    wanted = read_address(host).partition("://")[2].strip("/").lower()
    found = Domain.objects.filter(deleted_at=None).select_related("workspace")
    for domain in found:
        if wanted in (domain.host, as_read(domain.host), domain.base_url.partition("://")[2]):
            return domain
    raise NotFound(
        f"There is no domain {host}.",
        why="No workspace of this instance has it.",
        do="Look at `tapline domains list`, or add it with `tapline domains add`.",
    )


def _print(domain: Domain) -> None:
    console = Console()
    console.print(f"[bold]{as_read(domain.host)}[/]: {_state(domain)}")
    for each in advice_for(domain.workspace, domain.host):
        console.print(f"[yellow]{each.what}[/] {each.why} {each.do}", highlight=False)
    table = Table("Type", "Name", "Value", box=None)
    for record in records_of(domain):
        table.add_row(record.kind, record.name, record.value)
    if table.row_count:
        console.print(table)
    for finding in findings_of(domain):
        words = " ".join(filter(None, (finding.what, finding.why, finding.do)))
        console.print(f"{_MARKS[finding.state]}  {words}", highlight=False)


def _state(domain: Domain) -> str:
    if domain.proof_missing_since:
        return "serves links; its record is gone"
    return "serves links" if domain.proved_at else "waits for its record"
