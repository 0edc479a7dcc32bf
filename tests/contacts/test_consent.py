"""Who may be texted, after which answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tapline.contacts import consent
from tapline.contacts.consent import BadConsent, opt_out, record_consent, textable_sql
from tapline.contacts.models import Consent, LedgerIsAppendOnly, Suppression, Wording
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.contacts.people import ANNA, BEN, contact, day, may_text, say_yes

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand() -> Workspace:
    return create_workspace("Brand")


@pytest.fixture
def shop(brand: Workspace) -> Workspace:
    return create_workspace("Shop", parent=brand)


def stop(phone: str, scope: Workspace, on: int, purpose: str = "") -> int:
    return opt_out(phone, scope=scope, reason="reply", at=day(on), by="test", purpose=purpose)


def test_a_contact_who_said_nothing_is_not_texted(shop: Workspace) -> None:
    contact(shop)

    assert may_text(shop) == set()


def test_a_yes_to_one_purpose_is_no_yes_to_another(shop: Workspace) -> None:
    say_yes(contact(shop), shop, 1)

    assert may_text(shop, "marketing") == {ANNA}
    assert may_text(shop, "service") == set()


def test_a_yes_to_the_brand_covers_its_shops(brand: Workspace, shop: Workspace) -> None:
    say_yes(contact(shop), brand, 1)

    assert may_text(shop) == {ANNA}


def test_a_yes_to_a_shop_does_not_cover_its_brand(brand: Workspace, shop: Workspace) -> None:
    person = contact(brand)

    with pytest.raises(BadConsent):
        say_yes(person, shop, 1)

    assert may_text(brand) == set()


def test_the_newest_answer_holds_whenever_it_was_recorded(shop: Workspace) -> None:
    person = contact(shop)
    for given, on in [(False, 9), (True, 3)]:
        record_consent(
            [person], scope=shop, purpose="marketing", given=given, wording="Yes", source="form",
            evidence={}, at=day(on), by="test",
        )  # fmt: skip

    assert may_text(shop) == set()


def test_an_opt_out_stops_every_purpose_and_says_how_many_contacts(shop: Workspace) -> None:
    person = contact(shop)
    say_yes(person, shop, 1)
    say_yes(person, shop, 1, purpose="service")

    assert stop(ANNA, shop, 2) == 1
    assert may_text(shop, "marketing") == may_text(shop, "service") == set()


def test_an_opt_out_of_one_purpose_leaves_the_other(shop: Workspace) -> None:
    person = contact(shop)
    say_yes(person, shop, 1)
    say_yes(person, shop, 1, purpose="service")

    stop(ANNA, shop, 2, purpose="marketing")

    assert may_text(shop, "marketing") == set()
    assert may_text(shop, "service") == {ANNA}


def test_an_opt_out_from_the_brand_holds_in_every_shop_but_not_elsewhere(
    brand: Workspace, shop: Workspace
) -> None:
    other = create_workspace("Another brand")
    for place in (shop, other):
        say_yes(contact(place), place, 1)

    stop(ANNA, brand, 2)

    assert may_text(shop) == set()
    assert may_text(other) == {ANNA}


def test_a_number_that_opted_out_before_it_was_a_contact_stays_out(shop: Workspace) -> None:
    stop(ANNA, shop, 5)

    say_yes(contact(shop), shop, 9, source="import")

    assert may_text(shop) == set()


def test_a_suppression_survives_the_contact(shop: Workspace) -> None:
    person = contact(shop)
    stop(ANNA, shop, 5)
    person.delete()

    say_yes(contact(shop), shop, 3)

    assert may_text(shop) == set()


def test_a_newer_yes_by_the_person_lifts_the_suppression(shop: Workspace) -> None:
    person = contact(shop)
    stop(ANNA, shop, 5)

    say_yes(person, shop, 6)

    assert may_text(shop) == {ANNA}
    assert may_text(shop, "service") == set()
    still_on = Suppression.objects.get(lifted_at=None)
    assert still_on.purpose == "service"


def test_an_older_yes_lifts_nothing(shop: Workspace) -> None:
    person = contact(shop)
    stop(ANNA, shop, 5)
    stop(ANNA, shop, 8)

    say_yes(person, shop, 6)

    assert may_text(shop) == set()


def test_an_import_lifts_nothing_however_new_its_yes(shop: Workspace) -> None:
    person = contact(shop)
    stop(ANNA, shop, 5)

    say_yes(person, shop, 9, source="import")

    assert may_text(shop) == set()


def test_an_opt_out_dated_ahead_by_a_wrong_clock_counts_at_once(shop: Workspace) -> None:
    say_yes(contact(shop), shop, 1)
    ahead = timezone.now() + timedelta(hours=5)

    opt_out(ANNA, scope=shop, reason="reply", at=ahead, by="test")

    assert may_text(shop) == set()
    assert Suppression.objects.get().at <= timezone.now()


def test_what_waits_is_stopped_in_the_same_transaction(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Sequence[str], Workspace]] = []

    def fail(phones: Sequence[str], scope: Workspace) -> None:
        calls.append((phones, scope))
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(consent, "ON_OPT_OUT", [fail])

    with pytest.raises(RuntimeError):
        stop(ANNA, shop, 2)

    assert calls == [([ANNA], shop)]
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("change", ["save", "delete", "update", "delete many"])
def test_an_answer_cannot_be_rewritten(shop: Workspace, change: str) -> None:
    say_yes(contact(shop), shop, 1)
    row = Consent.objects.get()

    changes: dict[str, Callable[[], object]] = {
        "save": row.save,
        "delete": row.delete,
        "update": partial(Consent.objects.update, given=False),
        "delete many": Consent.objects.all().delete,
    }

    with pytest.raises(LedgerIsAppendOnly):
        changes[change]()

    assert Consent.objects.get().given


def test_an_answer_cannot_be_rewritten_by_sql_either(shop: Workspace) -> None:
    say_yes(contact(shop), shop, 1)

    with (
        pytest.raises(IntegrityError, match="cannot be changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("update contacts_consent set given = false")


def test_the_same_wording_is_kept_once(shop: Workspace) -> None:
    for phone in (ANNA, BEN):
        say_yes(contact(shop, phone), shop, 1)

    assert Wording.objects.count() == 1


@pytest.mark.parametrize(
    ("purpose", "wording", "at", "what"),
    [
        ("gossip", "Yes", day(1), "no purpose"),
        ("marketing", " ", day(1), "wording is missing"),
        ("marketing", "Yes", timezone.now() + timedelta(days=1), "is dated"),
    ],
)
def test_a_yes_that_proves_nothing_is_refused(
    shop: Workspace, purpose: str, wording: str, at: datetime, what: str
) -> None:
    with pytest.raises(BadConsent, match=what):
        record_consent(
            [contact(shop)], scope=shop, purpose=purpose, given=True, wording=wording,
            source="form", evidence={}, at=at, by="test",
        )  # fmt: skip


def test_the_condition_is_answered_from_indexes_alone(shop: Workspace) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"explain query plan select c.id from contacts_contact c"
            f" where c.workspace_id = {shop.pk} and {textable_sql(shop, 'marketing')}"
        )
        plan = [row[3] for row in cursor.fetchall()]

    consent_steps = [step for step in plan if "newest" in step]
    stop_steps = [step for step in plan if "stop" in step]
    assert any("COVERING INDEX" in step and "contact_id=?" in step for step in consent_steps)
    assert any("COVERING INDEX" in step and "phone_hash=?" in step for step in stop_steps)
    assert not any("TEMP B-TREE" in step for step in plan)


def test_textable_needs_a_known_purpose(shop: Workspace) -> None:
    with pytest.raises(ValueError, match="no such purpose"):
        textable_sql(shop, "marketing' or 1=1 --")
