"""Sample data: a workspace of its own with made-up people, texts through the simulator, and taps.

It stands apart from real workspaces, in a tree of its own, so that no figure of theirs ever holds
anything made up, and so that all of it can go at once (`removing`).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from tapline.broadcasts.composing import create_broadcast
from tapline.broadcasts.lifecycle import start
from tapline.contacts.importing import ImportOptions, answer, import_file
from tapline.contacts.models import Tag
from tapline.errors import Conflict
from tapline.providers.simulator.commands_demo import EXAMPLES
from tapline.welcome.own_phone import ACTOR, ensure_domain, local_base_url, make_own_link
from tapline.welcome.removing import ask_removal
from tapline.workspaces.members import add_member
from tapline.workspaces.models import Role, Sample, User, Workspace
from tapline.workspaces.tree import create_workspace

CONTACTS: Path = EXAMPLES / "contacts.csv"
WORDING = "Yes, text me news and offers. Reply STOP to stop."
TEXTS = (
    # Whom (a tag of the contacts; empty: all of them), name, text.
    ("", "Autumn menu", (EXAMPLES / "broadcast.txt").read_text(encoding="utf-8").strip()),
    (
        "regular",
        "Tasting evening",
        (
            "{{ first_name | Dear guest }}, our regulars taste first. Keep your seat: "
            "https://example.com/tasting Reply STOP to opt out"
        ),
    ),
)


class SampleExists(Conflict):
    """Sample data is there already, or still going."""


def find_sample() -> Workspace | None:
    """Return the instance's sample workspace, also while it is being removed."""
    return Workspace.objects.exclude(sample="").order_by("id").first()


def make_sample(owner: User) -> Workspace:
    """Return a new workspace full of sample data, owned by `owner`; its texts leave at once.

    Raises `SampleExists`, and what importing and sending raise: then nothing of it stays.
    """
    if find_sample() is not None:
        raise SampleExists(
            _("The sample data is there already."),
            why=_("An instance has it once; removing it takes about a minute."),
            do=_("Open it in the list of workspaces, or wait until it is gone."),
        )
    workspace = create_workspace(_("Sample shop"), zone="America/New_York")
    Workspace.objects.filter(pk=workspace.pk).update(sample=Sample.THERE)
    try:
        _fill(workspace, owner)
    except BaseException:
        ask_removal(workspace)
        raise
    workspace.refresh_from_db()
    return workspace


def _fill(workspace: Workspace, owner: User) -> None:
    add_member(workspace, owner.email, Role.OWNER, actor=ACTOR)
    domain = ensure_domain(workspace, local_base_url())
    agreed = answer("made up", timezone.now() - dt.timedelta(days=1), WORDING)
    import_file(workspace, CONTACTS, ImportOptions(by=ACTOR, answer=agreed))
    known = set(Tag.objects.filter(workspace=workspace).values_list("name", flat=True))
    for tag, name, text in TEXTS:
        broadcast = create_broadcast(
            workspace,
            name=name,
            text=text,
            audience={"tags": [tag]} if tag in known else {"all": True},
            domain=domain,
            provider="simulator",
            actor=ACTOR,
        )
        start(broadcast, actor=ACTOR)
    make_own_link(workspace)
