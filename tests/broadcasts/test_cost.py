"""What a broadcast will cost and what it did, by prices that the operator entered."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from tapline.broadcasts.billing import bill_of
from tapline.broadcasts.checking import check
from tapline.broadcasts.composing import BadBroadcast
from tapline.broadcasts.models import Broadcast, Message
from tapline.broadcasts.receipts import apply_receipts
from tapline.broadcasts.reports import build_report
from tapline.broadcasts.sending import Sender
from tapline.contacts.models import Contact
from tapline.contacts.phones import hash_phone
from tapline.destinations import BadDestination
from tapline.providers.accounts import create_account, name_of
from tapline.providers.base import Receipt, Status
from tapline.providers.models import ProviderAccount
from tapline.providers.prices import (
    BadPrice,
    country_of,
    prices_of,
    read_prices,
    set_prices,
    write_prices,
)
from tests.broadcasts.making import (
    ACTOR,
    Clock,
    StandIn,
    make_broadcast,
    make_contacts,
    make_workspace,
    prepare,
)
from tests.providers.making import make_number, make_twilio, set_config
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

# Ofcom's numbers for drama.
BRITISH = "+447700900123"


@pytest.fixture(autouse=True)
def _nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    set_config(monkeypatch, quiet_hours="off")


@pytest.fixture
def account() -> ProviderAccount:
    account = make_twilio(make_workspace())
    make_number(account)
    return account


def make_mixed(account: ProviderAccount) -> Broadcast:
    """Three people in the US, one in Britain."""
    people = make_contacts(account.workspace, 4)
    Contact.objects.filter(pk=people[3].pk).update(phone=BRITISH, phone_hash=hash_phone(BRITISH))
    return make_broadcast(account.workspace)


def findings(broadcast: Broadcast) -> str:
    return " ".join(f"{each.level}: {each.what} {each.why}" for each in check(broadcast))


@pytest.mark.parametrize(
    ("phone", "country"),
    [
        ("+12125550123", "US"),
        ("+14165550123", "CA"),
        (BRITISH, "GB"),
        ("+33639980012", "FR"),
        ("+442079460", "GB"),
        ("", ""),
        ("+999", ""),
    ],
)
def test_a_numbers_country_is_known_by_its_beginning(phone: str, country: str) -> None:
    assert country_of(phone) == country


def test_prices_are_read_and_written_as_lines(account: ProviderAccount) -> None:
    prices = read_prices(["us 0.0079", "", "GB = 0,04", "* 0.1"])
    set_prices(account, prices, actor=ACTOR)

    assert write_prices(account) == "* 0.1\nGB 0.04\nUS 0.0079"
    assert prices_of(f"twilio:{account.pk}").of(BRITISH) == Decimal("0.04")
    assert prices_of(f"twilio:{account.pk}").of("+33639980012") == Decimal("0.1")


@pytest.mark.parametrize(
    "line", ["US", "USA 0.1", "XX 0.1", "US much", "US -1", "US NaN", "US 5000"]
)
def test_what_is_no_price_is_refused(line: str) -> None:
    with pytest.raises(BadPrice):
        read_prices([line])


def test_the_cost_is_told_before_sending(account: ProviderAccount) -> None:
    set_prices(account, {"US": Decimal("0.01"), "GB": Decimal("0.05")}, actor=ACTOR)

    assert "note: It costs about 0.08 USD." in findings(make_mixed(account))


def test_the_cost_of_texts_that_are_all_counted_is_told_to_the_cent(
    account: ProviderAccount,
) -> None:
    set_prices(account, {"US": Decimal("0.01")}, actor=ACTOR)
    people = make_contacts(account.workspace, 3)
    named = {"first_name": "Łukasz"}  # One letter outside GSM-7: his text has two parts.
    Contact.objects.filter(pk=people[1].pk).update(attributes=named)
    text = "Hi {{ first_name }}, https://www.example.com/menu " + "x" * 40
    broadcast = make_broadcast(account.workspace, text=text)
    address = reverse("broadcasts:findings", args=[account.workspace.pk, broadcast.pk])

    page = member_of(account.workspace).get(address).content.decode()

    assert "It costs at most 0.04 USD." in page
    assert "3 texts have 4 parts in all" in page


def test_countries_without_a_price_are_named(account: ProviderAccount) -> None:
    set_prices(account, {"US": Decimal("0.01")}, actor=ACTOR)

    told = findings(make_mixed(account))

    assert "It costs about 0.03 USD." in told
    assert "warning: What 1 texts cost is not known." in told
    assert "GB (1)" in told


def test_without_any_price_that_is_said(account: ProviderAccount) -> None:
    assert "What 4 texts cost is not known." in findings(make_mixed(account))


def test_a_limit_below_the_cost_is_told(account: ProviderAccount) -> None:
    set_prices(account, {"": Decimal("0.01")}, actor=ACTOR)
    broadcast = make_mixed(account)
    broadcast.spend_limit = Decimal("0.02")

    assert "pauses at its spend limit, after about 2 of 4" in findings(broadcast)


def test_each_text_is_booked_at_its_countrys_price_and_the_limit_holds(
    account: ProviderAccount,
) -> None:
    set_prices(account, {"US": Decimal("0.01"), "GB": Decimal("0.05")}, actor=ACTOR)
    broadcast = make_mixed(account)
    Broadcast.objects.filter(pk=broadcast.pk).update(spend_limit=Decimal("0.07"))
    broadcast = prepare(broadcast)
    provider = StandIn()

    Sender(find_provider=lambda _: provider, now=Clock()).send_next()

    broadcast.refresh_from_db()
    assert len(provider.taken) == 3
    assert (broadcast.state, broadcast.spent) == ("paused", Decimal("0.03"))
    assert "spend limit" in broadcast.pause_reason

    Broadcast.objects.filter(pk=broadcast.pk).update(spend_limit=None, state="sending")
    Sender(find_provider=lambda _: provider, now=Clock()).send_next()

    assert Message.objects.get(phone=BRITISH).cost == Decimal("0.05")
    assert build_report(broadcast).cost == Decimal("0.08")


def test_what_a_provider_says_that_it_cost_replaces_the_estimate(account: ProviderAccount) -> None:
    set_prices(account, {"": Decimal("0.01")}, actor=ACTOR)
    make_contacts(account.workspace, 1)
    broadcast = prepare(make_broadcast(account.workspace))
    Sender(find_provider=lambda _: StandIn(), now=Clock()).send_next()
    told = Receipt(
        provider_id=f"id-{broadcast.token}-0",
        status=Status.DELIVERED,
        at=Clock()(),
        cost=Decimal("0.0079"),
    )

    apply_receipts([told])

    report = build_report(broadcast)
    assert (report.cost, report.currency) == (Decimal("0.0079"), "USD")


def test_pictures_go_along_and_are_said_to_cost_more(account: ProviderAccount) -> None:
    make_contacts(account.workspace, 1)
    picture = "https://www.example.com/cake.png"
    broadcast = make_broadcast(account.workspace, media=[picture])
    provider = StandIn()

    assert "With pictures it costs more" in findings(broadcast)
    prepare(broadcast)
    Sender(find_provider=lambda _: provider, now=Clock()).send_next()

    assert provider.taken[0].media == (picture,)


def test_pictures_that_would_not_leave_are_said_to(account: ProviderAccount) -> None:
    workspace = account.workspace
    make_contacts(workspace, 1)
    # An adapter by templates that name no picture.
    fields = {
        "url": "https://gateway.example.com/send",
        "body": '{"to": "{{ to }}", "text": "{{ text }}"}',
        "id_path": "id",
        "webhook_secret": "hook",
    }
    other = create_account(workspace, kind_key="http", name="Gateway", values=fields, actor=ACTOR)
    broadcast = make_broadcast(
        workspace, media=["https://www.example.com/cake.png"], provider=name_of(other)
    )

    assert "The pictures will not be sent." in findings(broadcast)


@pytest.mark.parametrize(
    ("media", "error"),
    [
        (["https://www.example.com/a.png"] * 11, BadBroadcast),
        (["file:///etc/passwd"], BadDestination),
    ],
)
def test_pictures_that_nobody_can_open_are_refused(
    account: ProviderAccount, media: list[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        make_broadcast(account.workspace, media=media)


def test_prices_of_texts_with_pictures_are_read_and_told_apart(account: ProviderAccount) -> None:
    lines = ["US 0.01", "us MMS 0.02", "* mms 0.05"]
    set_prices(account, read_prices(lines), actor=ACTOR)

    assert sorted(write_prices(account).splitlines()) == ["* mms 0.05", "US 0.01", "US mms 0.02"]
    parts, pictures = (prices_of(name_of(account), with_pictures=flag) for flag in (False, True))
    assert (parts.of("+12125550123"), parts.times(3)) == (Decimal("0.01"), 3)
    assert (pictures.of("+12125550123"), pictures.times(3)) == (Decimal("0.02"), 1)
    assert pictures.of(BRITISH) == Decimal("0.05")
    for bad in ("US fax 0.02", "XX mms 0.02"):
        with pytest.raises(BadPrice):
            read_prices([bad])


def test_a_broadcast_with_pictures_costs_what_its_texts_with_pictures_do(
    account: ProviderAccount,
) -> None:
    broadcast = make_mixed(account)
    broadcast.media = ["https://www.example.com/menu.jpg"]
    broadcast.save()
    set_prices(account, read_prices(["* 0.01"]), actor=ACTOR)
    assert "With pictures it costs more" in findings(broadcast)

    set_prices(account, read_prices(["* 0.01", "* mms 0.03"]), actor=ACTOR)

    assert "With pictures it costs more" not in findings(broadcast)
    assert "It costs about 0.12" in findings(broadcast)
    assert bill_of(broadcast).cost.amount == Decimal("0.12")
