"""Known previewers get a link's card; everybody else is led on at once."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from tapline.clicks.evidence import Evidence, Verdict
from tapline.clicks.rules import judge
from tests.clicks.world import IPHONE, WHATSAPP
from tests.edge.conftest import HOST, World
from tests.edge.control import NOW

DESTINATION = "https://www.example.com/menu?for={code}&b=2"
FIRST = 40_000


@pytest.fixture(scope="module")
def carded(world: World) -> Iterator[World]:
    """The shared world with another link, which has a card."""
    link = world.control.link(world.domain, DESTINATION)
    world.control.hand_out(world.domain, link, FIRST, 1000)
    world.control.alias(world.domain, "card", link)
    set_card(world, link, "The <b>menu</b>", "Pizza & more", "https://www.example.com/pizza.jpg")
    yield World(world.control, world.edge, world.domain, link)
    set_card(world, link, "", "", "")


def set_card(world: World, link: int, *texts: str) -> None:
    world.control.change(
        "insert into links_linkcard (link_id, title, description, picture, change)"
        " values (?1, ?2, ?3, ?4, ?5) on conflict (link_id) do update"
        " set title = ?2, description = ?3, picture = ?4, change = ?5",
        *(link, *texts),
    )
    world.control.change("update links_link set change = ?2 where id = ?1", link)
    world.wait_for_replica()


def ask(
    world: World, path: str, agent: str, method: str = "GET"
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", world.edge.port, timeout=10)
    try:
        connection.request(method, f"/{path}", headers={"Host": HOST, "User-Agent": agent})
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read().decode()
    finally:
        connection.close()


def test_a_previewer_gets_the_card_with_the_way_on(carded: World) -> None:
    code = carded.code(FIRST + 1)

    status, headers, body = ask(carded, code, WHATSAPP)

    assert status == 200
    assert '<meta property="og:title" content="The &lt;b&gt;menu&lt;/b&gt;">' in body
    assert '<meta property="og:description" content="Pizza &amp; more">' in body
    assert '<meta property="og:image" content="https://www.example.com/pizza.jpg">' in body
    assert f'href="https://www.example.com/menu?for={code}&amp;b=2"' in body
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"] == "default-src 'none'"
    assert len(body.encode()) == int(headers["Content-Length"]) < 4000


@pytest.mark.parametrize("agent", [IPHONE, "curl/8.5.0", "Googlebot/2.1", ""])
def test_everybody_else_is_led_on(carded: World, agent: str) -> None:
    code = carded.code(FIRST + 2)

    status, headers, body = ask(carded, code, agent)

    assert (status, body) == (302, "")
    assert headers["Location"] == f"https://www.example.com/menu?for={code}&b=2"


def test_head_gets_the_head_of_the_card_alone(carded: World) -> None:
    code = carded.code(FIRST + 3)
    _, whole, body = ask(carded, code, WHATSAPP)

    status, headers, nothing = ask(carded, code, WHATSAPP, "HEAD")

    assert (status, nothing) == (200, "")
    assert headers["Content-Length"] == whole["Content-Length"] == str(len(body.encode()))
    assert ask(carded, code, IPHONE, "HEAD")[0] == 302


def test_a_card_that_was_served_is_a_record_that_counts_as_preview(carded: World) -> None:
    code = carded.code(FIRST + 4)
    ask(carded, code, WHATSAPP)
    ask(carded, code, IPHONE)

    preview, tap = carded.records(code)

    assert (preview.outcome, preview.status, preview.position) == ("card", 200, FIRST + 4 - FIRST)
    assert (tap.outcome, tap.status) == ("redirect", 302)
    evidence = Evidence(method="GET", agent=preview.agent, headers={}, is_operator=False)
    assert judge(evidence).verdict is Verdict.PREVIEW
    assert carded.edge.metric('tapline_edge_answers_total{outcome="card"}') >= 1


def test_an_alias_has_the_card_too(carded: World) -> None:
    assert "og:title" in ask(carded, "card", WHATSAPP)[2]


def test_a_link_without_a_card_leads_previewers_on_as_ever(carded: World, world: World) -> None:
    assert ask(world, world.code(77), WHATSAPP)[0] == 302


def test_a_card_that_changes_or_goes_is_on_the_edge_at_once(world: World) -> None:
    link = world.control.link(world.domain, DESTINATION)
    world.control.hand_out(world.domain, link, FIRST + 2000, 10)
    code = world.code(FIRST + 2001)
    seen: list[object] = [ask(world, code, WHATSAPP)[0]]
    for title in ("One", "Two", ""):
        set_card(world, link, title, "", "")
        status, _, body = ask(world, code, WHATSAPP)
        seen.append(body.partition("<title>")[2].partition("</title>")[0] or status)

    assert seen == [302, "One", "Two", 302]


def test_a_personal_link_shows_its_templates_card_unless_its_person_was_erased(
    world: World,
) -> None:
    template = world.control.link(world.domain, "https://www.example.com/{{ name }}")
    personal = world.control.change(
        "insert into links_link (workspace_id, domain_id, kind, parent_id, name, destination,"
        " created_at, change) values (?, ?, 'personal', ?, '', ?, ?, ?)",
        *(world.control.workspace, world.domain, template, "https://www.example.com/Ana", NOW),
    )
    world.control.hand_out(world.domain, personal, FIRST + 3000, 1)
    set_card(world, template, "For you", "", "")
    world.control.change("update links_link set change = ?2 where id = ?1", personal)
    world.wait_for_replica()
    code = world.code(FIRST + 3000)
    assert "For you" in ask(world, code, WHATSAPP)[2]

    world.control.change(
        "update links_link set destination = '', change = ?2 where id = ?1", personal
    )
    world.wait_for_replica()

    assert "For you" not in ask(world, code, WHATSAPP)[2]


@pytest.mark.parametrize("column", ["disabled_at", "expires_at"])
def test_a_stopped_link_shows_no_card(world: World, column: str) -> None:
    link = world.control.link(world.domain, DESTINATION)
    first = FIRST + 4000 + len(column)
    world.control.hand_out(world.domain, link, first, 1)
    set_card(world, link, "The menu", "", "")
    world.control.change(
        f"update links_link set {column} = ?2, change = ?3 where id = ?1", link, NOW
    )
    world.wait_for_replica()

    status, headers, body = ask(world, world.code(first), WHATSAPP)

    assert (status, headers["Location"], body) == (302, "https://example.com/", "")
