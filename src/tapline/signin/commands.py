"""`tapline members`: looking after who signs in, for whoever runs the server."""

from __future__ import annotations

import click

from tapline.cli import print_json
from tapline.errors import NotFound
from tapline.signin.mailing import tell_of_reset
from tapline.signin.resetting import reset_second_factor
from tapline.workspaces.models import User

ACTOR = "command line"


@click.group()
def members() -> None:
    """Look after who signs in."""


@members.command("reset-second-factor")
@click.argument("email")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")
def reset_command(email: str, is_json: bool) -> None:
    """Remove the authenticator app, passkeys and recovery codes of EMAIL, who lost them.

    They are signed out everywhere, and their next link signs them in without a second factor: be
    sure that it is really they who ask. It is written down in their workspaces, and mailed to them
    where a mail server is set.

    \b
    Example:
      tapline members reset-second-factor you@example.com
    """
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise NotFound(
            f"Nobody here has the address '{email}'.",
            why="Members are known by their e-mail address.",
            do="Look it up on the page of members.",
        )
    count = reset_second_factor(user, actor=ACTOR)
    if count:
        tell_of_reset(user)
    if is_json:
        print_json({"email": user.email, "removed": count})
    else:
        click.echo(f"Second factors of {user.email} that were removed: {count}.")
