"""A workspace as it is after two years: a million contacts, 200 broadcasts, 20 million clicks.

One of everything comes through the product, as in the browser tests; the masses are made by SQL
while nothing runs. `BENCH_WORLD=DIR` keeps it there, and measures it again the next time.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.browser.seeding import OWNER
from tests.browser.shop import Shop, open_shop
from tests.running import running_tapline

from bench.audience import make_audience
from bench.report_bench import CLICKS, list_clicks

if TYPE_CHECKING:
    from tapline.workspaces.models import Workspace

CONTACTS = int(os.environ.get("BENCH_CONTACTS", "1000000"))
STORED = int(os.environ.get("BENCH_STORED_CLICKS", "20000000"))
BROADCASTS = 200
LARGE = 1000  # the id of the broadcast that went to every contact
RECIPIENTS_OF_OTHERS = 5_000
OTHER_FILES, SMALL_FILES = 5, 20
# Ids that clicks are made up with; see `report_bench.CLICKS`.
MESSAGES_APART, LINKS_APART = 10_000_000, 2
CAMPAIGNS, OFFERS = 5, 3
CODES = 1_000  # of the large broadcast, to be tapped
TEXT = "Hi {{ first_name | there }}, our menu: https://www.example.com/menu Reply STOP to opt out."

MAKE_MESSAGES = """
-- A delivered text for each recipient of one broadcast; every second was opened by a person.
with recursive n(i) as (select 0 union all select i + 1 from n where i < %(count)s - 1)
insert into broadcasts_message (
  id, broadcast_id, position, workspace_id, contact_id, phone, state, text, parts, provider_id,
  reference, leased_by, submitted_at, accepted_at, delivered_at, error_code, error_text, cost,
  first_human_click_at, only_counted)
select %(broadcast)s * %(apart)s + i, %(broadcast)s, i, %(workspace)s, %(first_contact)s + i,
  printf('+1999%%07d', i), 'delivered', 'Hi there, our menu: https://go.example.com/2345', 1,
  printf('%%d-%%d', %(broadcast)s, i), '', '', %(at)s, %(at)s, %(at)s, '', '', 0.0075,
  case when i %% 2 = 0 then %(at)s end, 0
from n
"""

TAG_CONTACTS = """
-- Every tenth contact has the tag.
insert into contacts_tag_contacts (tag_id, contact_id)
select %(tag)s, id from contacts_contact where workspace_id = %(workspace)s and id %% 10 = %(rest)s
"""


@contextmanager
def filled_shop() -> Iterator[Shop]:
    """Run an instance with all of that in it; its `things` name the large broadcast."""
    with tempfile.TemporaryDirectory(prefix="tapline-bench-pages-") as passing:
        folder = Path(os.environ.get("BENCH_WORLD", passing))
        data, told = folder / "data", folder / "things.json"
        folder.mkdir(exist_ok=True, parents=True)
        os.environ["TAPLINE_DATA_DIR"] = str(data)
        from tapline.cli import set_up_django

        set_up_django()
        if not told.exists():
            told.write_text(json.dumps(_filled(data)))
        things = json.loads(told.read_text()) | _sign_in_link()
        random.shuffle(things["codes"])  # Those of an earlier run were tapped then.
        with running_tapline(data) as tapline:
            yield Shop(tapline, things, iter(things["codes"]))


def _sign_in_link() -> dict[str, str]:
    """Return a new link to look at: the one of a kept world is over after an hour."""
    from tapline.workspaces.models import User
    from tapline.workspaces.sign_in import make_sign_in_link

    link = make_sign_in_link(User.objects.get(email=OWNER))
    return {"workspaces:use-sign-in-link token": link.rpartition("/")[2]}


def _filled(data: Path) -> dict[str, Any]:
    """Make everything in a new data folder; return the ids to look at."""
    with open_shop(data) as seeded:
        things = seeded.things
    return things | _fill()


def _fill() -> dict[str, Any]:
    """Make contacts, broadcasts, their messages and clicks; return the ids to look at, and codes of
    the large broadcast's first recipients."""
    workspace = make_audience(CONTACTS)
    first_contact = _first_contact()
    _tag(workspace)
    _make_broadcasts(workspace)
    for broadcast in range(LARGE, LARGE + BROADCASTS):
        _make_messages(workspace, broadcast, first_contact)
    _make_clicks(workspace, first_contact)
    return {
        "broadcast_id": LARGE,
        "message_id": LARGE * MESSAGES_APART,
        "contact_id": first_contact,
        "link_id": LARGE * LINKS_APART,
        "codes": _codes(LARGE * LINKS_APART),
    }


def _codes(link_id: int) -> list[str]:
    from django.db import transaction

    from tapline.links.changes import next_change
    from tapline.links.codebook import load_codebook
    from tapline.links.minting import mint_range
    from tapline.links.models import Link

    with transaction.atomic():  # The edge asks for what changed since it began.
        Link.objects.filter(pk=link_id).update(change=next_change())
    mint_range(Link.objects.get(pk=link_id), CODES)
    return load_codebook([link_id]).codes(link_id, range(CODES))


def _first_contact() -> int:
    from tapline.contacts.models import Contact

    first: int = Contact.objects.order_by("-pk").values_list("pk", flat=True)[0]
    return first - CONTACTS + 1


def _tag(workspace: Workspace) -> None:
    from tapline.contacts.models import Tag

    for rest, name in enumerate(("bread", "cake", "coffee")):
        tag = Tag.objects.create(workspace=workspace, name=name)
        _run(TAG_CONTACTS, tag=tag.pk, workspace=workspace.pk, rest=rest)


def _make_broadcasts(workspace: Workspace) -> None:
    """Make the broadcasts, one every three days up to yesterday, each with two links."""
    from django.utils import timezone

    from tapline.broadcasts.models import Broadcast, BroadcastLink, BroadcastState
    from tapline.links.models import Campaign, Link, Offer

    domain = workspace.domains.order_by("pk")[0]
    campaigns = [
        Campaign.objects.create(workspace=workspace, name=f"Campaign {n}") for n in range(CAMPAIGNS)
    ]
    offers = [Offer.objects.create(workspace=workspace, name=f"Offer {n}") for n in range(OFFERS)]
    for number in range(BROADCASTS):
        pk, at = LARGE + number, timezone.now() - dt.timedelta(days=1 + 3 * number)
        goal = {"campaign": campaigns[pk % CAMPAIGNS], "offer": offers[pk % OFFERS]}
        broadcast = Broadcast.objects.create(
            pk=pk,
            workspace=workspace,
            name=f"Menu {number}",
            text=TEXT,
            domain=domain,
            state=BroadcastState.SENT,
            audience={"all": True},
            created_by="bench",
            started_at=at,
            finished_at=at,
            **goal,
        )
        for ordinal in range(LINKS_APART):
            link = Link.objects.create(
                pk=pk * LINKS_APART + ordinal,
                workspace=workspace,
                domain=domain,
                change=1,
                destination=f"https://www.example.com/{number}/{ordinal}",
                **goal,
            )
            BroadcastLink.objects.create(broadcast=broadcast, link=link, ordinal=ordinal)


def _make_messages(workspace: Workspace, broadcast: int, first_contact: int) -> None:
    from django.utils import timezone

    _run(
        MAKE_MESSAGES,
        broadcast=broadcast,
        apart=MESSAGES_APART,
        workspace=workspace.pk,
        first_contact=first_contact,
        count=_recipients(broadcast),
        at=timezone.now() - dt.timedelta(days=1 + 3 * (broadcast - LARGE)),
    )


def _make_clicks(workspace: Workspace, first_contact: int) -> None:
    """A twentieth of the clicks are of the large broadcast; a tenth of those in unmerged files."""
    from tapline.clicks.models import ClickCounter
    from tapline.hours.models import TapMark

    in_large = STORED // 20
    in_small = in_large // 10
    others = f"{LARGE + 1} + i % {BROADCASTS - 1}"
    files = [(others, (STORED - in_large) // OTHER_FILES, 5)] * OTHER_FILES
    files += [(str(LARGE), in_large - in_small, 4)]
    files += [(str(LARGE), in_small // SMALL_FILES, 0)] * SMALL_FILES
    first = 0
    for broadcast, count, level in files:
        made_up = CLICKS.format(
            first=first,
            count=count,
            workspace=f"cast({workspace.pk} as bigint)",
            broadcast=f"cast({broadcast} as bigint)",
            people=_recipients(LARGE if broadcast == str(LARGE) else 0),
        )
        list_clicks(_as_stored(made_up, first_contact), level)
        first += count
    ClickCounter.objects.update(next_sequence=first)  # Later taps come after these.
    # An instance that took them in one by one has long read them for places of taps.
    TapMark.objects.update_or_create(id=1, defaults={"sequence": first - 1})


def _as_stored(clicks: str, first_contact: int) -> str:
    """Return made-up clicks that lead to the contacts, campaigns and offers that there are."""
    contact = f"message - broadcast * {MESSAGES_APART} + {first_contact}"
    goals = f'campaign + {_first_goal("Campaign")} as campaign, "offer" + {_first_goal("Offer")}'
    return f'(select * replace ({contact} as contact, {goals} as "offer") from {clicks} made)'


def _first_goal(kind: str) -> int:
    """Return the id of the first campaign or offer of `_make_broadcasts`."""
    from tapline.links.models import Campaign, Offer

    model: Any = {"Campaign": Campaign, "Offer": Offer}[kind]
    pk: int = model.objects.get(name=f"{kind} 0").pk
    return pk


def _recipients(broadcast: int) -> int:
    return CONTACTS if broadcast == LARGE else min(CONTACTS, RECIPIENTS_OF_OTHERS)


def _run(sql: str, **values: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
