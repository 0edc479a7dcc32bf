"""Links that are on phones already can be mended, stopped and ended; all of it is written down."""

from __future__ import annotations

import datetime as dt

import pytest

from tapline.cards import Card
from tapline.destinations import BadDestination
from tapline.links import changing
from tapline.links.changing import (
    CannotChange,
    card_of,
    change_destination,
    disable,
    enable,
    set_card,
    set_expiry,
)
from tapline.links.minting import mint_personal
from tapline.links.models import Link
from tapline.workspaces.models import AuditEntry
from tests.links.making import ACTOR, make_domain, make_link, make_template

pytestmark = pytest.mark.django_db
SOON = dt.datetime(2030, 5, 1, tzinfo=dt.UTC)


def test_a_destination_is_mended_by_one_write_that_edges_hear_of() -> None:
    link = make_link(make_domain())
    change = link.change

    change_destination(link, "https://www.example.com/new", actor=ACTOR)

    stored = Link.objects.get()
    assert stored.destination == "https://www.example.com/new"
    assert stored.change > change
    entry = AuditEntry.objects.get(action="link.destination_changed")
    assert entry.before == {"destination": "https://www.example.com/menu"}
    assert entry.after == {"destination": "https://www.example.com/new"}
    assert entry.actor == ACTOR


def test_a_new_destination_is_checked_like_the_first() -> None:
    link = make_link(make_domain())

    for url in ("javascript:alert(1)", "https://go.example.com/x", "https://x.example/{{ a }}"):
        with pytest.raises(BadDestination):
            change_destination(link, url, actor=ACTOR)

    assert Link.objects.get().destination == "https://www.example.com/menu"
    assert not AuditEntry.objects.filter(action="link.destination_changed").exists()


def test_disabling_enabling_and_expiry_are_audited() -> None:
    link = make_link(make_domain())

    first = disable(link, actor=ACTOR).disabled_at
    assert disable(link, actor=ACTOR).disabled_at == first
    assert enable(link, actor=ACTOR).disabled_at is None
    assert set_expiry(link, SOON, actor=ACTOR).expires_at == SOON
    assert set_expiry(link, None, actor=ACTOR).expires_at is None

    actions = AuditEntry.objects.exclude(action__endswith="created").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "link.disabled",
        "link.disabled",
        "link.enabled",
        "link.expiry_changed",
        "link.expiry_changed",
    ]
    assert actions[3].after == {"expires_at": SOON.isoformat()}


def test_stopping_a_template_stops_every_personal_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "BATCH", 3)
    template = make_template(make_domain())
    mint_personal(template, [f"https://www.example.com/{n}" for n in range(7)], first_position=0)
    newest = Link.objects.order_by("-change")[0].change

    disable(template, actor=ACTOR)
    set_expiry(template, SOON, actor=ACTOR)
    mint_personal(template, ["https://www.example.com/late"], first_position=7)

    personal = Link.objects.filter(parent=template)
    assert personal.filter(disabled_at=None).count() == 0
    assert personal.filter(expires_at=SOON).count() == 8
    assert personal.filter(change__lte=newest).count() == 0


def test_personal_links_can_all_be_sent_to_one_page_but_not_filled_again() -> None:
    template = make_template(make_domain())
    mint_personal(template, ["https://www.example.com/ann"], first_position=0)

    with pytest.raises(CannotChange):
        change_destination(template, "https://www.example.com/{{ name }}/new", actor=ACTOR)
    change_destination(template, "https://www.example.com/sorry", actor=ACTOR)

    destinations = set(Link.objects.values_list("destination", flat=True))
    assert destinations == {"https://www.example.com/sorry"}


def test_a_template_without_personal_links_can_get_other_fields() -> None:
    template = make_template(make_domain())

    change_destination(template, "https://www.example.com/{{ name }}/new", actor=ACTOR)

    assert Link.objects.get().destination == "https://www.example.com/{{ name }}/new"


CARD = Card("The menu", "Pizza", "https://www.example.com/pizza.jpg")


def test_a_card_is_chosen_changed_and_taken_away_with_an_audit() -> None:
    link = make_link(make_domain())
    seen, changes = [card_of(link)], [Link.objects.get().change]

    for card in (CARD, CARD._replace(title="Lunch"), None):
        set_card(link, card, actor=ACTOR)
        seen.append(card_of(link))
        changes.append(Link.objects.get().change)

    assert seen == [None, CARD, CARD._replace(title="Lunch"), None]
    assert changes == sorted(set(changes)), "edges hear of each"
    entries = AuditEntry.objects.filter(action="link.card_changed").order_by("id")
    assert [entry.before.get("title") for entry in entries] == [None, "The menu", "Lunch"]
    assert [entry.after.get("title") for entry in entries] == ["The menu", "Lunch", None]


def test_a_templates_card_is_heard_of_for_each_personal_link() -> None:
    template = make_template(make_domain())
    mint_personal(template, ["https://www.example.com/Ana"], first_position=0)
    personal = Link.objects.get(parent=template)

    set_card(template, CARD, actor=ACTOR)

    assert Link.objects.get(pk=personal.pk).change > personal.change
    with pytest.raises(CannotChange):
        set_card(personal, CARD, actor=ACTOR)
