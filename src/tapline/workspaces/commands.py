"""`tapline sign-in`: a new one-time link, for whoever holds the machine."""

from __future__ import annotations

import click

from tapline import config
from tapline.cli import print_json
from tapline.workspaces.members import ensure_owner
from tapline.workspaces.models import User
from tapline.workspaces.sign_in import make_sign_in_link

DEFAULT_EMAIL = "owner@localhost"


@click.command("sign-in")
@click.argument("email", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sign_in(email: str | None, as_json: bool) -> None:
    """Print a link that signs EMAIL in, once and within an hour.

    Without EMAIL it is for the oldest user. An address that nobody has yet becomes an owner of
    the first workspace: whoever can run this command holds the data anyway.

    \b
    Examples:
      tapline sign-in
      tapline sign-in you@example.com
    """
    user = _user(email)
    address = config.current().web_url.rstrip("/") + make_sign_in_link(user)
    if as_json:
        print_json({"email": user.email, "url": address})
    else:
        click.echo(address)


def _user(email: str | None) -> User:
    known = User.objects.filter(is_active=True)
    found = known.filter(email__iexact=email) if email else known
    return found.order_by("id").first() or ensure_owner(email or DEFAULT_EMAIL)
