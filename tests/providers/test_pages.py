"""Providers and sender numbers as people, programs and the command line manage them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse

from tapline.providers.accounts import name_of, open_secrets
from tapline.providers.commands import providers
from tapline.providers.models import ProviderAccount, SenderDay, SenderNumber
from tapline.providers.senders import sender_of
from tapline.providers.use import day_in
from tapline.workspaces.api_keys import create_api_key
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import Clock, make_workspace
from tests.providers.making import (
    ACCOUNT_SID,
    ACTOR,
    AUTH_TOKEN,
    OUR_NUMBER,
    make_number,
    make_twilio,
    set_config,
)
from tests.providers.twilio.serving import Answer, serving
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def owner(workspace: Workspace) -> Client:
    return member_of(workspace, Role.OWNER)


def page(client: Client, view: str, workspace: Workspace, *args: object) -> str:
    return client.get(reverse(f"providers:{view}", args=[workspace.pk, *args])).content.decode()


def post(client: Client, view: str, workspace: Workspace, *args: object, **form: Any) -> str:
    address = reverse(f"providers:{view}", args=[workspace.pk, *args])
    return client.post(address, form, follow=True).content.decode()


def add(client: Client, workspace: Workspace, **form: Any) -> str:
    address = f"{reverse('providers:new', args=[workspace.pk])}?kind=twilio"
    return client.post(address, form, follow=True).content.decode()


TWILIO = {
    "name": "Twilio, shops",
    "account_sid": ACCOUNT_SID,
    "auth_token": AUTH_TOKEN,
    "currency": "USD",
}

ARRIVAL = {"soonest_tap_seconds": "4", "receipts_tell_arrival": "no"}


def test_an_account_is_added_and_shows_what_to_paste_but_no_secret(
    owner: Client, workspace: Workspace
) -> None:
    assert "built-in simulator" in page(owner, "list", workspace)

    shown = add(owner, workspace, **TWILIO)

    account = ProviderAccount.objects.get()
    assert f"/hooks/twilio/{account.token}/inbound" in shown
    assert ACCOUNT_SID in shown
    assert AUTH_TOKEN not in shown
    assert AUTH_TOKEN not in page(owner, "change", workspace, account.pk)
    assert open_secrets(account)["auth_token"] == AUTH_TOKEN


def test_how_texts_arrive_is_shown_in_words_and_chosen(owner: Client, workspace: Workspace) -> None:
    assert "It was on the phone then" in add(owner, workspace, **TWILIO)
    account = ProviderAccount.objects.get()
    assert 'name="soonest_tap_seconds" value="2"' in page(owner, "change", workspace, account.pk)

    shown = post(owner, "change", workspace, account.pk, **TWILIO, **ARRIVAL)

    assert "Not to be relied on" in shown
    form = page(owner, "change", workspace, account.pk)
    assert '<option value="no" selected>' in form
    assert 'name="soonest_tap_seconds" value="4"' in form


def test_a_bad_field_is_said_beside_what_was_typed(owner: Client, workspace: Workspace) -> None:
    shown = add(owner, workspace, **TWILIO | {"account_sid": "AC1"})

    assert "That is no Account SID." in shown
    assert "Twilio, shops" in shown
    assert ProviderAccount.objects.count() == 0


def test_the_connection_is_tested_and_told(
    owner: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_config(monkeypatch, outbound_local=True)
    with serving(lambda request: Answer(200, {"friendly_name": "Bakery"})) as twilio:
        account = make_twilio(workspace, base_url=twilio.url)
        assert "knows this account: Bakery" in post(owner, "test", workspace, account.pk)

        twilio.answer = lambda request: Answer(401, {})
        assert "It answered 401" in post(owner, "test", workspace, account.pk)
        assert "/Accounts/" in twilio.asked[0].path


def test_prices_that_cannot_be_read_are_shown_again_as_typed(
    owner: Client, workspace: Workspace
) -> None:
    account = make_twilio(workspace)

    page = post(owner, "prices", workspace, account.pk, prices="US 0.01\nFR a cent")

    assert "is no price" in page
    assert "US 0.01\nFR a cent</textarea>" in page
    assert not account.prices.exists()


def test_a_number_becomes_the_usual_sender_and_shows_what_is_left_today(
    owner: Client, workspace: Workspace
) -> None:
    account = make_twilio(workspace)
    post(owner, "prices", workspace, account.pk, prices="US 0.01\n* 0.05")

    shown = post(
        owner, "add-sender", workspace, provider=name_of(account), number="(212) 555-0100",
        kind="long_code", registration="done", registration_note="campaign C1",
        parts_per_second="1", parts_per_day="2000", day_zone="America/Los_Angeles",
        is_default="on",
    )  # fmt: skip

    sender = SenderNumber.objects.get()
    assert sender_of(workspace).number == OUR_NUMBER
    for words in (OUR_NUMBER, "campaign C1", "2000", "usual", "US 0.01, * 0.05 USD"):
        assert words in shown

    today = day_in("America/Los_Angeles", Clock()())
    SenderDay.objects.create(sender=sender, day=today, parts=1_990)
    assert "1990 sent" in page(owner, "senders", workspace)


def test_one_default_each_and_the_next_takes_over(owner: Client, workspace: Workspace) -> None:
    account = make_twilio(workspace)
    first = make_number(account, "+12125550101")

    post(
        owner, "add-sender", workspace, provider=name_of(account), number="+12125550102",
        kind="long_code", registration="done", is_default="on",
    )  # fmt: skip

    first.refresh_from_db()
    assert not first.is_default
    assert sender_of(workspace).number == "+12125550102"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"number": "12"}, "digits"),
        ({"kind": "short_code", "number": "abc"}, "no short code"),
        ({"kind": "word", "number": "123"}, "no sender"),
        ({"kind": "service"}, "no number of its own"),
        ({"parts_per_second": "fast"}, "no rate"),
        ({"day_zone": "Mars/Base"}, "no time zone"),
        ({"registration": "perhaps"}, "no state of registration"),
        ({"provider": "twilio:999"}, "There is no provider account"),
    ],
)
def test_what_is_no_sender_is_refused_in_words(
    owner: Client, workspace: Workspace, form: dict[str, str], said: str
) -> None:
    account = make_twilio(workspace)
    good = {
        "provider": name_of(account),
        "number": OUR_NUMBER,
        "kind": "long_code",
        "registration": "done",
    }

    assert said in post(owner, "add-sender", workspace, **good | form)
    assert SenderNumber.objects.count() == 0


def test_a_location_sees_the_brands_number_and_cannot_change_it(workspace: Workspace) -> None:
    shop = create_workspace("Shop", parent=workspace)
    sender = make_number(make_twilio(workspace))
    client = member_of(shop, Role.OWNER)

    assert OUR_NUMBER in page(client, "senders", shop)
    address = reverse("providers:sender", args=[shop.pk, sender.pk])
    assert client.get(address).status_code == 404


def test_a_retired_number_is_gone_from_the_page(owner: Client, workspace: Workspace) -> None:
    sender = make_number(make_twilio(workspace))

    assert OUR_NUMBER not in post(owner, "retire-sender", workspace, sender.pk)


def call(workspace: Workspace, method: str, path: str, body: Any = None, **key: Any) -> Any:
    _, token = create_api_key(
        workspace, "program", key.get("scopes", ["providers:read", "providers:write"]), actor=ACTOR
    )
    return Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(body) if body is not None else "",
        content_type="application/json",
        headers={"authorization": f"Bearer {token}"},
    )


@pytest.mark.parametrize("country", ["", "  ", "XX", "US fax", "a b mms"])
def test_a_price_for_no_country_is_refused(workspace: Workspace, country: str) -> None:
    account = make_twilio(workspace)
    changes = {"prices": {country: "0.01"}}

    answer = call(workspace, "PATCH", f"/provider-accounts/{account.pk}", changes)

    assert answer.status_code == 422
    assert not account.prices.exists()


def test_programs_add_change_and_list_without_ever_seeing_a_secret(workspace: Workspace) -> None:
    values = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
    made = call(
        workspace, "POST", "/provider-accounts",
        {"kind": "twilio", "name": "Twilio", "values": values},
    )  # fmt: skip
    assert made.status_code == 201, made.content
    account = made.json()
    assert account["secrets"] == ["auth_token"]

    changed = call(
        workspace, "PATCH", f"/provider-accounts/{account['id']}",
        {"prices": {"us": "0.01", "*": "0.05", "us MMS": "0.02"},
         "values": {"connections": "5", **ARRIVAL}},
    )  # fmt: skip
    assert changed.json()["options"].items() >= ARRIVAL.items()
    prices = {"US": "0.01000", "*": "0.05000", "US mms": "0.02000"}
    assert changed.json()["prices"] == prices

    sender = call(
        workspace, "POST", "/sender-numbers",
        {"provider": account["provider"], "number": OUR_NUMBER, "parts_per_day": 50,
         "is_default": True},
    ).json()  # fmt: skip
    assert (sender["left_today"], sender["sent_today"]) == (50, 0)
    patched = call(workspace, "PATCH", f"/sender-numbers/{sender['id']}", {"parts_per_day": 0})
    assert patched.json()["left_today"] is None
    assert patched.json()["is_default"] is True

    listed = call(workspace, "GET", "/provider-accounts")
    assert AUTH_TOKEN not in listed.content.decode()
    assert call(workspace, "DELETE", f"/sender-numbers/{sender['id']}").status_code == 204
    assert call(workspace, "GET", "/sender-numbers").json()["items"] == []


def test_strangers_and_keys_without_the_scope_get_nowhere(workspace: Workspace) -> None:
    account = make_twilio(workspace)
    stranger = create_workspace("Stranger")

    path = f"/provider-accounts/{account.pk}"
    assert call(stranger, "PATCH", path, {"name": "mine"}).status_code == 404
    assert call(stranger, "GET", "/provider-accounts").json()["items"] == []
    assert call(workspace, "GET", "/provider-accounts", scopes=["links:read"]).status_code == 403


def run(*words: str, answer: str = "") -> Any:
    return CliRunner().invoke(providers, list(words), input=answer, catch_exceptions=False)


def test_the_command_line_asks_for_the_secret_and_shows_what_to_paste(
    workspace: Workspace,
) -> None:
    done = run(
        "add", "twilio", "--name", "Twilio", "--set", f"account_sid={ACCOUNT_SID}",
        answer=f"{AUTH_TOKEN}\n",
    )  # fmt: skip
    account = ProviderAccount.objects.get()
    assert account.token in done.output
    assert AUTH_TOKEN not in done.output
    assert open_secrets(account)["auth_token"] == AUTH_TOKEN

    run("prices", name_of(account), "US=0.01", "*=0.05")
    run("add-number", name_of(account), OUR_NUMBER, "--per-second", "1", "--usual")
    assert sender_of(workspace).number == OUR_NUMBER
    told = json.loads(run("numbers", "--json").output)["sender_numbers"]
    assert [each["number"] for each in told] == [OUR_NUMBER]
    assert "US 0.01, * 0.05 USD" in run("list").output
    run("retire-number", str(told[0]["id"]))
    run("retire", name_of(account))
    assert json.loads(run("list", "--json").output) == {"accounts": []}


def test_an_address_that_no_provider_can_reach_is_warned_of(
    owner: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_twilio(workspace)
    assert "No provider can reach these" in page(owner, "show", workspace, account.pk)

    set_config(monkeypatch, web_url="https://texts.example.com")
    assert "No provider can reach these" not in page(owner, "show", workspace, account.pk)
