"""Whose taps are only counted: named per workspace, holding for everything below it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection

from tapline.contacts.commands_counting import only_counted_command
from tapline.errors import TaplineError
from tapline.workspaces.counting import (
    EVERYBODY,
    BadCountry,
    OnlyCounted,
    only_counted,
    only_counted_above,
    set_only_counted,
)
from tapline.workspaces.models import AuditEntry, Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.web.api_client import caller_of, error_of
from tests.web.browsing import member_of

BRITISH, AMERICAN = "+447700900123", "+12125550100"


@pytest.mark.parametrize(
    ("countries", "covered"),
    [
        ((), set()),
        (("GB",), {BRITISH}),
        (("DE", "GB"), {BRITISH}),
        (("CA",), {AMERICAN}),  # One calling code: numbers do not tell Canada from the US.
        (("DE",), set()),
        ((EVERYBODY,), {BRITISH, AMERICAN}),
    ],
)
@pytest.mark.django_db
def test_a_number_is_covered_by_its_calling_code(
    countries: tuple[str, ...], covered: set[str]
) -> None:
    rule = OnlyCounted(countries)

    assert {phone for phone in (BRITISH, AMERICAN) if rule.covers(phone)} == covered
    with connection.cursor() as cursor:
        for phone in (BRITISH, AMERICAN):
            cursor.execute(f"select {rule.sql('p')} from (select '{phone}' as p)")
            assert bool(cursor.fetchone()[0]) is (phone in covered)


@pytest.mark.django_db
def test_what_is_named_above_holds_below_and_cannot_be_taken_back() -> None:
    top = create_workspace("Brand")
    below = create_workspace("Berlin", parent=top)
    beside = create_workspace("Another brand")
    set_only_counted(top, ["de"], actor="test")

    set_only_counted(below, ["fr"], actor="test")

    assert only_counted(top).countries == ("DE",)
    assert only_counted(below).countries == ("DE", "FR")
    assert only_counted_above(below).countries == ("DE",)
    assert only_counted(beside).countries == ()
    set_only_counted(below, [], actor="test")
    assert only_counted(below).countries == ("DE",)


@pytest.mark.django_db
def test_everybody_includes_every_country() -> None:
    workspace = create_workspace("Brand")

    set_only_counted(workspace, ["DE", EVERYBODY], actor="test")

    assert only_counted(workspace).is_everybody


@pytest.mark.django_db
def test_a_change_is_audited_and_what_is_no_country_is_refused() -> None:
    workspace = create_workspace("Brand")
    set_only_counted(workspace, ["DE"], actor="test")

    with pytest.raises(BadCountry):
        set_only_counted(workspace, ["DE", "EU"], actor="test")

    assert only_counted(workspace).countries == ("DE",)
    entry = AuditEntry.objects.get(action="workspace.only_counted_changed")
    assert (entry.before, entry.after) == ({"only_counted": []}, {"only_counted": ["DE"]})


@pytest.fixture
def brand() -> Workspace:
    return create_workspace("Brand")


@pytest.mark.django_db
def test_an_owner_changes_it_in_the_settings(brand: Workspace) -> None:
    owner, path = member_of(brand), f"/w/{brand.pk}/settings/privacy"

    owner.post(path, {"countries": "gb, de"})
    assert only_counted(brand).countries == ("DE", "GB")
    assert 'value="DE, GB"' in owner.get(path).content.decode()

    owner.post(path, {"everybody": "on", "countries": ""})
    assert only_counted(brand).is_everybody

    owner.post(path, {"countries": ""})
    assert only_counted(brand).countries == ()

    refused = owner.post(path, {"countries": "Europe"})
    assert refused.status_code == 422
    assert "is no country" in refused.content.decode()
    assert member_of(brand, Role.SENDER).post(path, {"everybody": "on"}).status_code == 403
    assert only_counted(brand).countries == ()


@pytest.mark.django_db
def test_the_settings_below_say_what_is_asked_for_above(brand: Workspace) -> None:
    below = create_workspace("Berlin", parent=brand)
    page = f"/w/{below.pk}/settings/privacy"
    set_only_counted(brand, ["DE"], actor="test")
    assert "A workspace above asks for it in DE." in member_of(below).get(page).content.decode()

    set_only_counted(brand, [EVERYBODY], actor="test")

    told = member_of(below).get(page).content.decode()
    assert "A workspace above asks for it for everybody." in told
    assert 'name="everybody"' not in told


@pytest.mark.django_db
def test_a_program_changes_it_by_the_api(brand: Workspace) -> None:
    below = create_workspace("Berlin", parent=brand)
    caller = caller_of(below)
    set_only_counted(brand, ["FR"], actor="test")

    told = json.loads(caller.call("PUT", "/only-counted", {"countries": ["de"]}).content)

    assert told == {"countries": ["DE"], "in_force": ["DE", "FR"]}
    assert caller.get("/only-counted") == told
    assert only_counted(brand).countries == ("FR",)
    refused = caller.call("PUT", "/only-counted", {"countries": ["Germany"]})
    assert refused.status_code == 422
    assert "no country" in error_of(refused)["what"]


@pytest.mark.django_db(transaction=True)
def test_the_command_line_shows_and_changes_it() -> None:
    brand = create_workspace("Brand")

    assert _run() == {"countries": [], "in_force": []}
    assert _run("DE", "gb") == {"countries": ["DE", "GB"], "in_force": ["DE", "GB"]}
    assert _run("--everybody")["in_force"] == [EVERYBODY]
    assert _run("--nobody")["in_force"] == []
    assert only_counted(brand).countries == ()
    with pytest.raises(TaplineError, match="exclude each other"):
        _run("DE", "--everybody")


def _run(*arguments: str) -> Any:
    result = CliRunner().invoke(only_counted_command, [*arguments, "--json"])
    if result.exception:
        raise result.exception
    return json.loads(result.stdout)
