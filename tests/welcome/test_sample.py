"""Sample data comes whole, says what it is on every page, and goes without leaving anything."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tapline.broadcasts.models import Broadcast, Message
from tapline.clicks.store import query
from tapline.contacts.models import Contact
from tapline.links.models import Domain, Link
from tapline.welcome import removing, sample
from tapline.welcome.removing import ask_removal, owned_models, remove_step, rows_left
from tapline.welcome.sample import SampleExists, find_sample, make_sample
from tapline.welcome.steps import TRIED
from tapline.workspaces.members import add_member
from tapline.workspaces.models import AuditEntry, Role, User, Workspace
from tapline.workspaces.tree import create_workspace
from tests.clicks.world import make_world, take_in
from tests.replies.making import write
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = """first_name,phone,tags
Diego,+1 303 555 0144,regular
Helena,+1 303 555 0136,newsletter
"""


@pytest.fixture(autouse=True)
def _few_people(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    monkeypatch.setattr(sample, "CONTACTS", path)
    monkeypatch.setattr(removing, "SETTLING", dt.timedelta(0))


@pytest.fixture
def owner() -> User:
    shop = create_workspace("Bakery")
    return add_member(shop, "owner@example.com", Role.OWNER, actor="test").user


def remove(workspace: Workspace) -> None:
    ask_removal(workspace)
    while remove_step():
        pass


def test_the_sample_shop_is_full_of_made_up_people_and_its_texts_are_leaving(owner: User) -> None:
    made = make_sample(owner)

    assert made.sample == "there"
    assert made.parent is None
    assert Contact.objects.in_workspace(made).count() == 2
    broadcasts = Broadcast.objects.filter(workspace=made)
    assert {(each.state, each.provider) for each in broadcasts} == {("preparing", "simulator")}
    assert owner.memberships.filter(workspace=made, role=Role.OWNER).exists()


def test_whoever_made_it_stands_in_the_audit_of_where_they_were() -> None:
    own = create_workspace("Corner Café")

    answer = member_of(own).post(reverse("welcome:make-sample", args=[own.pk]))

    made = find_sample()
    assert made is not None
    assert answer.headers["Location"] == reverse("welcome:phone", args=[made.pk])
    assert AuditEntry.objects.filter(workspace=own, action=TRIED).exists()


def test_there_is_one_sample_shop_at_a_time(owner: User) -> None:
    make_sample(owner)

    with pytest.raises(SampleExists):
        make_sample(owner)


def test_only_who_may_enter_the_sample_shop_is_led_there(owner: User) -> None:
    home = reverse("web:home", args=[make_sample(owner).pk])
    stranger, maker = member_of(create_workspace("Elsewhere")), member_of(create_workspace("Café"))
    maker.force_login(owner)

    def page(browser: Client, workspace: Workspace) -> str:
        return browser.get(reverse("welcome:try", args=[workspace.pk])).text

    assert f'href="{home}">Open the sample shop' in page(
        maker, owner.memberships.all()[0].workspace
    )
    told = page(stranger, Workspace.objects.get(name="Elsewhere"))
    assert home not in told
    assert "Somebody else on this server" in told


def test_a_sample_shop_that_cannot_be_made_leaves_nothing(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "TEXTS", (("", "Empty", ""),))

    with pytest.raises(Exception, match="text"):
        make_sample(owner)
    while remove_step():
        pass

    assert find_sample() is None
    assert Contact.objects.count() == 0


def test_every_page_of_the_sample_shop_says_that_nobody_is_real(owner: User) -> None:
    made, browser = make_sample(owner), member_of(create_workspace("Elsewhere"))
    browser.force_login(owner)

    for name in ("web:home", "broadcasts:list", "contacts:list", "links:list", "replies:list"):
        assert "Nobody in here is real" in browser.get(reverse(name, args=[made.pk])).text, name
    own = reverse("web:home", args=[owner.memberships.order_by("id")[0].workspace_id])
    assert "Nobody in here is real" not in browser.get(own).text


def test_removing_leaves_nothing_of_it_and_everything_of_the_others(owner: User) -> None:
    other = make_world()
    take_in(other.tap(0))
    made = make_sample(owner)
    told = write("thanks", 1)
    told.workspace = made
    told.save()
    _tap_in(made)
    before = _rows_of(other.workspace)

    remove(made)

    assert find_sample() is None
    assert not Workspace.objects.filter(pk=made.pk).exists()
    assert _tables_naming(made.pk) == []
    assert query("select distinct workspace from clicks") == [(other.workspace.pk,)]
    assert _rows_of(other.workspace) == before


def test_links_and_texts_stop_at_once(owner: User) -> None:
    made = make_sample(owner)

    ask_removal(made)

    made.refresh_from_db()
    assert made.sample == "going"
    assert not Link.objects.filter(workspace=made, deleted_at=None).exists()
    assert set(Broadcast.objects.filter(workspace=made).values_list("state")) == {("cancelled",)}


def test_edges_read_their_domains_anew_once_the_sample_is_gone(owner: User) -> None:
    other = make_world()
    made = make_sample(owner)
    ask_removal(made)
    told = Domain.objects.get(pk=other.domain.pk).change

    while remove_step():
        pass

    assert Domain.objects.get(pk=other.domain.pk).change > told


def test_a_real_workspace_is_never_removed(owner: User) -> None:
    real = owner.memberships.get().workspace
    browser = member_of(real)

    assert browser.post(reverse("welcome:remove-sample", args=[real.pk])).status_code == 404
    ask_removal(real)
    assert remove_step() is False
    assert Workspace.objects.filter(pk=real.pk, sample="").exists()


def test_what_points_at_others_goes_before_them() -> None:
    order = owned_models()

    assert order.index(Message) < order.index(Broadcast) < order.index(Domain)
    assert order.index(Message) < order.index(Contact)


def _tap_in(workspace: Workspace) -> None:
    """Store a click of the workspace, on the link for one's own phone."""
    link = Link.objects.filter(workspace=workspace).latest("id")
    world = make_world(0)
    take_in(world.tap(0, link=link.pk, domain=link.domain_id))
    assert (workspace.pk,) in query("select distinct workspace from clicks")
    remove_world(world.workspace)


def remove_world(workspace: Workspace) -> None:
    """Take away what the helper made beside the click."""
    Workspace.objects.filter(pk=workspace.pk).update(sample="going", sample_going_at=_long_ago())
    while Workspace.objects.filter(pk=workspace.pk).exists():
        remove_step()


def _long_ago() -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def _rows_of(workspace: Workspace) -> int:
    return rows_left(workspace)


def _tables_naming(workspace_id: int) -> list[str]:
    """Return the tables with a column that names the workspace in some row."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("pragma foreign_key_check")
        assert cursor.fetchall() == []
        for table in connection.introspection.table_names(cursor):
            columns = {
                each.name for each in connection.introspection.get_table_description(cursor, table)
            }
            for column in columns & {"workspace_id", "scope_id"}:
                cursor.execute(
                    f'select count(*) from "{table}" where {column} = %s', [workspace_id]
                )
                if cursor.fetchone()[0]:
                    found.append(table)
    # Files that were replaced are on the list for an hour, for readers who have them open.
    return [table for table in found if table != "clicks_filecontent"]
