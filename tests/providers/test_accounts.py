"""Accounts at providers: secrets stay sealed, changes reach every process, walls hold."""

from __future__ import annotations

import json

import pytest

from tapline.errors import NotFound
from tapline.instance.seals import SealBroken
from tapline.outbound import BadAddress
from tapline.providers.accounts import (
    account_by_name,
    change_account,
    create_account,
    name_of,
    open_secrets,
    retire_account,
    setup_of,
    usable_accounts,
)
from tapline.providers.kinds import BadAccount
from tapline.providers.registry import KINDS, NoSuchProvider, kind, provider
from tapline.providers.senders import SIMULATED_SENDER, owner_of, sender_of
from tapline.workspaces.models import AuditEntry
from tapline.workspaces.tree import create_workspace
from tests.providers.making import ACCOUNT_SID, ACTOR, AUTH_TOKEN, make_number, make_twilio

pytestmark = pytest.mark.django_db


def test_a_secret_rests_sealed_and_stands_in_no_option_or_audit() -> None:
    account = make_twilio(create_workspace("Brand"))

    assert open_secrets(account) == {"auth_token": AUTH_TOKEN}
    assert AUTH_TOKEN not in account.secrets
    assert AUTH_TOKEN not in json.dumps(account.options)
    assert AUTH_TOKEN not in json.dumps(list(AuditEntry.objects.values_list("after", flat=True)))
    assert AUTH_TOKEN not in repr(setup_of(account))


def test_a_sealed_secret_moved_to_another_account_does_not_open() -> None:
    one = make_twilio(create_workspace("One"))
    other = make_twilio(create_workspace("Other"), auth_token="another")
    other.secrets = one.secrets

    with pytest.raises(SealBroken):
        open_secrets(other)


def test_a_secret_that_is_left_empty_stays_and_the_rest_changes() -> None:
    account = make_twilio(create_workspace("Brand"))

    changed = change_account(
        account, name="Shops", values={"auth_token": "", "connections": "5"}, actor=ACTOR
    )

    assert (changed.name, changed.options["connections"]) == ("Shops", "5")
    assert open_secrets(changed) == {"auth_token": AUTH_TOKEN}


def test_an_adapter_is_made_anew_when_its_account_changes() -> None:
    account = make_twilio(create_workspace("Brand"))
    before = provider(name_of(account))
    assert provider(name_of(account)) is before

    change_account(account, values={"auth_token": "rotated"}, actor=ACTOR)

    assert provider(name_of(account)) is not before


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"account_sid": "AC123"}, "Account SID"),
        ({"auth_token": ""}, "Auth Token"),
        ({"messaging_service_sid": "PN0"}, "Messaging Service SID"),
        ({"connections": "many"}, "requests at once"),
        ({"connections": "²"}, "requests at once"),
        ({"colour": "red"}, "colour"),
        ({"soonest_tap_seconds": "soon"}, "0 to 60"),
        ({"soonest_tap_seconds": "-1"}, "0 to 60"),
        ({"soonest_tap_seconds": "61"}, "0 to 60"),
        ({"soonest_tap_seconds": "nan"}, "0 to 60"),
        ({"receipts_tell_arrival": "perhaps"}, "one of yes, no"),
    ],
)
def test_fields_that_twilio_cannot_use_are_refused_by_name(
    values: dict[str, str], what: str
) -> None:
    good = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}

    with pytest.raises(BadAccount) as caught:
        create_account(
            create_workspace("Brand"),
            kind_key="twilio",
            name="Twilio",
            values=good | values,
            actor=ACTOR,
        )

    assert what in str(caught.value)


def test_every_kind_says_how_its_texts_arrive_unless_told_otherwise() -> None:
    said = {
        key: {field.name: field.default for field in kind(key).fields if "tap" in field.name}
        for key in KINDS
    }
    assert said == {key: {"soonest_tap_seconds": "2"} for key in KINDS}
    account = make_twilio(create_workspace("Brand"))
    assert account.options["receipts_tell_arrival"] == "yes"
    changed = change_account(account, values={"soonest_tap_seconds": "3,50"}, actor=ACTOR)
    assert changed.options["soonest_tap_seconds"] == "3.5"


def test_an_account_cannot_be_pointed_at_this_machine() -> None:
    with pytest.raises(BadAddress):
        make_twilio(create_workspace("Brand"), base_url="http://127.0.0.1:8000")


def test_an_account_is_usable_below_its_workspace_and_nowhere_else() -> None:
    brand, stranger = create_workspace("Brand"), create_workspace("Stranger")
    shop = create_workspace("Shop", parent=brand)
    account = make_twilio(brand)

    assert list(usable_accounts(shop)) == [account]
    assert account_by_name(shop, name_of(account)) == account
    with pytest.raises(NotFound):
        account_by_name(stranger, name_of(account))


def test_a_retired_account_takes_nothing_new() -> None:
    brand = create_workspace("Brand")
    account = make_twilio(brand)
    make_number(account)

    retire_account(account, actor=ACTOR)

    assert list(usable_accounts(brand)) == []
    assert sender_of(brand) == SIMULATED_SENDER


def test_a_workspace_sends_from_its_own_number_or_the_nearest_one_above() -> None:
    brand = create_workspace("Brand")
    region = create_workspace("Region", parent=brand)
    shop = create_workspace("Shop", parent=region)
    account = make_twilio(brand)
    assert sender_of(shop) == SIMULATED_SENDER

    make_number(account, "+12125550101")
    assert sender_of(shop).number == "+12125550101"

    make_number(account, "+12125550102", workspace=region)
    make_number(account, "+12125550103", workspace=shop, is_default=False)
    assert sender_of(shop).number == "+12125550102"
    assert sender_of(brand).number == "+12125550101"
    assert sender_of(shop).provider == name_of(account)


def test_an_inbound_text_belongs_to_whose_number_it_was_sent_to() -> None:
    brand = create_workspace("Brand")
    shop = create_workspace("Shop", parent=brand)
    account = make_twilio(brand)
    make_number(account, "+12125550103", workspace=shop)

    assert owner_of(account, "+12125550103") == shop.pk
    assert owner_of(account, "+12125550199") == brand.pk


def test_an_account_that_does_not_exist_is_no_provider() -> None:
    with pytest.raises(NoSuchProvider):
        provider("twilio:4711")
