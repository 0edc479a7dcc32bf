"""What a tap gets, over real sockets, and what is written down of it."""

from __future__ import annotations

import itertools

import pytest

from tests.edge.conftest import DESTINATION, FALLBACK, HOST, World

serials = itertools.count(100)


def test_a_tap_is_sent_to_its_page_in_one_private_hop(world: World) -> None:
    serial = next(serials)

    answer = world.edge.get(f"/{world.code(serial)}", host=HOST)

    assert answer.status == 302
    assert answer.headers["Location"] == DESTINATION
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Content-Length"] == "0"


def test_a_record_says_what_was_seen(world: World) -> None:
    serial = next(serials)
    path = world.code(serial)
    headers = {
        "User-Agent": "Mozilla/5.0 (iPhone)",
        "sec-purpose": "prefetch",
        "ACCEPT-LANGUAGE": "de",
        "Cookie": "secret",
    }

    world.edge.get(f"/{path}?x=1", host=f"{HOST.upper()}:8080", headers=headers)

    [record] = world.records(path)
    assert (record.host, record.domain, record.generation) == (HOST, world.domain, 1)
    assert (record.link, record.serial, record.position) == (world.link, serial, serial)
    assert (record.outcome, record.status, record.method) == ("redirect", 302, "GET")
    assert (record.address, record.agent, record.count) == ("127.0.0.1", "Mozilla/5.0 (iPhone)", 1)
    assert record.headers["sec-purpose"] == "prefetch"
    assert record.headers["accept-language"] == "de"
    assert "secret" not in repr(record)


def test_head_gets_the_same_headers_without_a_body_and_a_record(world: World) -> None:
    path = world.code(next(serials))

    head = world.edge.get(f"/{path}", host=HOST, method="HEAD")
    got = world.edge.get(f"/{path}", host=HOST)

    drop_date = {"Date"}
    assert {k: v for k, v in head.headers.items() if k not in drop_date} == {
        k: v for k, v in got.headers.items() if k not in drop_date
    }
    assert [record.method for record in world.records(path)] == ["HEAD", "GET"]
    raw = world.edge.talk(f"HEAD /nothing HTTP/1.1\r\nHost: {HOST}x\r\n\r\n".encode())
    assert raw.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_told_which_ones_work_and_leave_no_record(
    world: World, method: str
) -> None:
    path = world.code(next(serials))

    answer = world.edge.get(f"/{path}", host=HOST, method=method)

    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert world.records(path) == []


def test_an_old_client_gets_its_answer_and_is_let_go(world: World) -> None:
    path = world.code(next(serials))

    raw = world.edge.talk(f"GET /{path} HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode(), keep_open=True)

    assert raw.startswith(b"HTTP/1.1 302 ")
    assert b"Connection: close\r\n" in raw


def test_pipelined_requests_are_answered_in_order(world: World) -> None:
    link = world.control.link(world.domain, "https://example.com/{code}")
    world.control.hand_out(world.domain, link, 50_000, 100)
    world.wait_for_replica()
    codes = [world.code(50_000 + number) for number in range(100)]
    paths = [path for code in codes for path in (code, "robots.txt")]
    requests = "".join(f"GET /{path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n" for path in paths)

    raw = world.edge.talk(requests.encode())

    answers = raw.split(b"HTTP/1.1 ")[1:]
    assert len(answers) == len(paths)
    for number, code in enumerate(codes):
        assert f"Location: https://example.com/{code}\r\n".encode() in answers[2 * number]
        assert answers[2 * number + 1].startswith(b"200 ")


@pytest.mark.parametrize(
    ("expires_at", "column", "outcome"),
    [
        ("2020-01-01 00:00:00.000000", None, "expired"),
        (None, "disabled_at", "disabled"),
        (None, "deleted_at", "disabled"),
    ],
)
def test_a_link_that_is_over_leads_to_the_fallback_and_is_recorded(
    world: World, expires_at: str | None, column: str | None, outcome: str
) -> None:
    link = world.control.link(world.domain, DESTINATION, expires_at=expires_at)
    if column:
        world.control.change(
            f"update links_link set {column} = '2026-01-01', change = ?2 where id = ?1", link
        )
    serial = 60_000 + link * 10
    world.control.hand_out(world.domain, link, serial, 1)
    world.wait_for_replica()

    answer = world.edge.get(f"/{world.code(serial)}", host=HOST)

    assert (answer.status, answer.headers["Location"]) == (302, FALLBACK)
    [record] = world.records(world.code(serial))
    assert (record.outcome, record.link) == (outcome, link)


def test_an_alias_works_in_any_case_until_it_is_deleted(world: World) -> None:
    link = world.control.link(world.domain, "https://example.com/sale?from={code}")
    alias = world.control.alias(world.domain, "sömmer-sale", link)
    world.wait_for_replica()

    answer = world.edge.get("/S%C3%B6mmer-SALE/", host=HOST)
    assert answer.headers["Location"] == "https://example.com/sale?from=S%C3%B6mmer-SALE"
    [record] = world.records("Sömmer-SALE")
    assert (record.link, record.serial, record.position, record.generation) == (link, -1, -1, 0)

    world.control.change(
        "update links_alias set deleted_at = '2026-01-01', change = ?2 where id = ?1", alias
    )
    world.wait_for_replica()
    gone = world.edge.get("/s%C3%B6mmer-sale", host=HOST)
    assert gone.headers["Location"] == FALLBACK


def test_home_and_robots(world: World) -> None:
    assert world.edge.get("/", host=HOST).headers["Location"] == FALLBACK
    robots = world.edge.get("/robots.txt", host=HOST)
    assert (robots.status, robots.text) == (200, "User-agent: *\nDisallow: /\n")  # type: ignore[attr-defined]


def test_each_domain_has_its_own_home_and_robots_and_changes_are_there_at_once(
    world: World,
) -> None:
    host = "home.example.com"
    domain = world.control.domain(host)
    world.wait_for_replica()
    named = world.edge.get("/", host=host)
    assert (named.status, named.headers["Cache-Control"]) == (200, "no-store")
    assert "<h1" in named.text and host in named.text  # type: ignore[attr-defined]  # noqa: PT018

    world.control.change(
        "update links_domain set brand_name = ?2, robots = ?3, change = ?4 where id = ?1",
        *(domain, "Fish & <b>Chips</b>", "User-agent: *\nAllow: /\n"),
    )
    world.wait_for_replica()
    page = world.edge.get("/", host=host).text  # type: ignore[attr-defined]
    assert "Fish &amp; &lt;b&gt;Chips&lt;/b&gt;" in page
    robots = world.edge.get("/robots.txt", host=host).text  # type: ignore[attr-defined]
    assert robots == "User-agent: *\nAllow: /\n"
    other = world.edge.get("/robots.txt", host=HOST).text  # type: ignore[attr-defined]
    assert other == "User-agent: *\nDisallow: /\n"

    world.control.change(
        "update links_domain set home_url = ?2, change = ?3 where id = ?1",
        *(domain, "https://example.com/shop"),
    )
    world.wait_for_replica()
    home = world.edge.get("/", host=host)
    assert (home.status, home.headers["Location"]) == (302, "https://example.com/shop")


def test_browsers_get_an_icon_and_programs_a_plain_answer(world: World) -> None:
    icon = world.edge.get("/favicon.ico", host=HOST)
    assert (icon.status, icon.headers["Content-Type"]) == (200, "image/gif")
    for path in ("security.txt", "acme-challenge/unknown", "acme-challenge/", "../robots.txt"):
        asked = world.edge.get(f"/.well-known/{path}", host=HOST)
        assert (asked.status, asked.headers["Location"]) == (404, None)
    unknown = world.edge.get("/favicon.ico", host="stranger.example.com")
    assert unknown.status == 404


def test_the_admin_port_tells_a_proxy_which_hosts_deserve_a_certificate(world: World) -> None:
    world.control.domain("unproved.example.com", proved=False)
    world.control.domain("203.0.113.9")
    world.control.domain("localhost")
    world.wait_for_replica()

    def ask(query: str) -> int:
        return world.edge.get(f"/-/tls-ask{query}", host="x", port=world.edge.admin_port).status

    for good in (HOST, HOST.upper(), f"{HOST}."):
        assert ask(f"?domain={good}") == 200
    bad = ("unproved.example.com", "203.0.113.9", "localhost", "stranger.example.com", "")
    for host in (*bad, f"x.{HOST}", f"*.{HOST}", "%ff", "%00", "a" * 3000, "[::1]"):
        assert ask(f"?domain={host}") == 404, host
    assert ask("") == ask("?") == ask(f"?host={HOST}") == 404


def test_a_domain_without_fallback_shows_a_plain_page(world: World) -> None:
    world.control.domain("plain.example.com")
    world.wait_for_replica()

    answer = world.edge.get("/nothing-here<script>", host="plain.example.com")

    assert answer.status == 404
    assert "This link does not work" in answer.text  # type: ignore[attr-defined]
    assert "<script>" not in answer.text  # type: ignore[attr-defined]


def test_a_host_that_was_not_proved_serves_nothing_until_it_is(world: World) -> None:
    domain = world.control.domain("new.example.com", proved=False)
    link = world.control.link(domain, DESTINATION)
    world.control.hand_out(domain, link, 0, 10)
    world.wait_for_replica()
    path = f"/{world.control.code(domain, 3)}"

    assert world.edge.get(path, host="new.example.com").status == 404
    world.control.change(
        "update links_domain set proved_at = '2026-01-01', change = ?2 where id = ?1", domain
    )
    world.wait_for_replica()
    assert world.edge.get(path, host="new.example.com").status == 302
    world.control.change(
        "update links_domain set deleted_at = '2026-01-01', change = ?2 where id = ?1", domain
    )
    world.wait_for_replica()
    assert world.edge.get(path, host="new.example.com").status == 404


def test_codes_of_older_generations_and_other_lengths_go_on(world: World) -> None:
    control, domain = world.control, world.control.domain("old.example.com")
    first, second = (control.link(domain, f"https://example.com/{n}") for n in (1, 2))
    control.hand_out(domain, first, 0, 10)
    control.hand_out(domain, first, 0, 10, length=9)
    control.generation(domain, 2)
    control.hand_out(domain, second, 0, 10, generation=2)
    world.wait_for_replica()

    destinations = [
        world.edge.get(f"/{code}", host="old.example.com").headers["Location"][-1]
        for code in (
            control.code(domain, 4),
            control.code(domain, 4, length=9),
            control.code(domain, 4, generation=2),
        )
    ]

    assert destinations == ["1", "1", "2"]


def test_a_destination_that_became_unsafe_is_not_sent_to_anybody(world: World) -> None:
    link = world.control.link(world.domain, "javascript:alert(1)")
    world.control.hand_out(world.domain, link, 70_000, 1)
    world.wait_for_replica()

    answer = world.edge.get(f"/{world.code(70_000)}", host=HOST)

    assert answer.headers["Location"] == FALLBACK


def test_a_serial_that_may_have_been_handed_out_is_waited_for_and_kept(world: World) -> None:
    path = world.code(9_000_000)

    answer = world.edge.get(f"/{path}", host=HOST)

    assert answer.headers["Location"] == FALLBACK
    [record] = world.records(path)
    assert (record.outcome, record.serial, record.link) == ("unresolved", 9_000_000, 0)


def test_ipv6_is_answered_and_recorded(world: World) -> None:
    import http.client

    path = world.code(next(serials))
    connection = http.client.HTTPConnection("::1", world.edge.port_v6, timeout=10)
    connection.request("GET", f"/{path}", headers={"Host": HOST})
    assert connection.getresponse().status == 302
    connection.close()

    assert [record.address for record in world.records(path)] == ["::1"]


def test_who_taps_a_code_that_many_share_is_not_written_down(world: World) -> None:
    world.control.hand_out(world.domain, world.link, 20_000, 1, position=-1)
    world.wait_for_replica()
    path = world.code(20_000)

    answers = [world.edge.get(f"/{path}", host=HOST) for _ in range(150)]

    assert {answer.status for answer in answers} == {302}
    records = world.records(path)
    assert {(each.address, each.position, each.link) for each in records} == {("", -1, world.link)}
    # A carrier's whole network may tap it: its taps are not repeats of one person's.
    assert len(records) == 150
