"""A destination is opened as a phone would open it, and never inside a private network."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tapline.links.destination_findings import State, findings_of, state_of
from tapline.links.destination_look import MOST_HOPS, Hop, Problem, Rules, Seen, look_at
from tapline.links.page_head import MOST_BYTES
from tests.links.web_site import HOST, Page, Site, make_certificate, web_site


@pytest.fixture
def site() -> Iterator[Site]:  # in place of the one that may be watched
    with web_site() as running:
        yield running


def test_a_page_is_opened_as_a_phone_would(site: Site) -> None:
    site.pages["/menu"] = Page(
        body=b'<title>Menu</title><meta property="og:title" content="Pie &amp; peas">'
        b'<meta property="og:image" content="/pie.jpg">'
    )

    seen = look_at(site.address(), site.rules())

    assert (seen.status, seen.problem, seen.last_address) == (200, Problem.NONE, site.address())
    assert (seen.head.title, seen.head.picture) == ("Pie & peas", site.address("/pie.jpg"))
    assert {"iPhone;", "Tapline"} <= set(site.agents[0].replace("(", "").split())
    assert 0 <= seen.milliseconds < 5_000
    assert Seen.of(seen.as_dict()) == seen


def test_each_hop_is_told_and_cookies_are_carried(site: Site) -> None:
    site.leads("/old", "/older", cookie="seen=1")
    site.leads("/older", site.address("/menu"), status=307)

    seen = look_at(site.address("/old"), site.rules())

    assert seen.hops == (
        Hop(site.address("/old"), 302),
        Hop(site.address("/older"), 307),
        Hop(site.address("/menu"), 200),
    )
    assert site.cookies == ["", "seen=1", "seen=1"]


def test_a_destination_in_a_private_network_is_not_connected_to(site: Site) -> None:
    seen = look_at(site.address(), site.rules(local=()))

    assert (seen.problem, site.asked) == (Problem.PRIVATE, [])


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
def test_a_redirect_into_a_private_network_is_not_followed(site: Site, inside: str) -> None:
    site.leads("/out", site.address("/secret", host="inside.example"))
    site.pages["/secret"] = Page()
    rules = replace(
        site.rules(), resolve=lambda host, port: ["127.0.0.1" if host == HOST else inside]
    )

    seen = look_at(site.address("/out"), rules)

    assert seen.problem == Problem.PRIVATE
    assert [path for _, path in site.asked] == ["/out"]


def test_a_name_that_answers_differently_the_second_time_gains_nothing(site: Site) -> None:
    """DNS rebinding: the first answer is looked at and used, and there is no second question."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    seen = look_at(site.address(), replace(site.rules(), resolve=resolve))

    assert (seen.status, asked) == (200, [HOST])


def test_a_redirect_to_a_link_of_ours_is_no_tap(site: Site) -> None:
    site.leads("/menu", site.address("/XYZ", host="go.example.com"))

    seen = look_at(site.address(), replace(site.rules(), own_hosts={"go.example.com"}))

    assert (seen.problem, len(site.asked)) == (Problem.OWN, 1)


@pytest.mark.parametrize(
    ("onward", "problem"),
    [
        ("itms-apps://apps.example/app", Problem.APP),
        ("javascript:alert(1)", Problem.BAD_REDIRECT),
        ("http://user@shop.example/", Problem.BAD_REDIRECT),
        ("http://[", Problem.BAD_REDIRECT),
    ],
)
def test_what_is_no_page_is_not_opened(site: Site, onward: str, problem: Problem) -> None:
    site.leads("/menu", onward)

    assert look_at(site.address(), site.rules()).problem == problem


def test_redirects_without_end_are_left(site: Site) -> None:
    site.leads("/menu", "/menu")

    seen = look_at(site.address(), site.rules())

    assert (seen.problem, len(seen.hops)) == (Problem.ROUND, MOST_HOPS)


def test_a_site_that_drips_is_cut_off_in_time(site: Site) -> None:
    site.pages["/menu"] = Page(body=b"x" * 1_000, drip_seconds=0.05)
    began_at = time.monotonic()

    seen = look_at(site.address(), site.rules(seconds=0.4))

    assert seen.problem == Problem.SLOW
    assert time.monotonic() - began_at < 20, "its last byte comes after 50 s"


def test_a_page_without_a_length_that_stops_halfway_is_slow_too(site: Site) -> None:
    # Nothing comes between the first byte and the moment at which the line is cut.
    site.pages["/menu"] = Page(body=b"xx", drip_seconds=1.0)

    assert look_at(site.address(), site.rules(seconds=0.3)).problem == Problem.SLOW


def test_no_more_is_read_than_a_head_needs(site: Site) -> None:
    body = b"<title>Big</title>" + b"x" * MOST_BYTES  # whose last bytes come too late
    site.pages["/menu"] = Page(body=body, at_once=MOST_BYTES, drip_seconds=1.0)

    seen = look_at(site.address(), site.rules(seconds=4))

    assert (seen.head.title, seen.problem) == ("Big", Problem.NONE)


def test_a_packed_page_does_not_grow_beyond_bounds(site: Site) -> None:
    body = gzip.compress(b"<title>Packed</title>" + b" " * 50_000_000)
    site.pages["/menu"] = Page(body=body, headers={"Content-Encoding": "gzip"})

    assert look_at(site.address(), site.rules()).head.title == "Packed"


def test_a_certificate_nobody_vouches_for_fails(tmp_path: Path) -> None:
    with web_site(make_certificate(tmp_path, days=90)) as site:
        seen = look_at(site.address(scheme="https"), site.rules())

    assert (seen.problem, state_of(seen)) == (Problem.CERTIFICATE, State.FAILING)
    assert site.asked == []


@pytest.mark.parametrize(("days", "state"), [(90, State.GOOD), (3, State.DOUBTFUL)])
def test_a_certificate_that_ends_soon_is_told(tmp_path: Path, days: int, state: State) -> None:
    certificate = make_certificate(tmp_path, days=days)
    trust = ssl.create_default_context(cafile=str(certificate))
    with web_site(certificate) as site:
        seen = look_at(site.address(scheme="https"), replace(site.rules(), trust=trust))

    assert (seen.status, seen.certificate_days, state_of(seen)) == (200, days, state)


def test_a_certificate_that_has_ended_fails(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, days=-1)
    trust = ssl.create_default_context(cafile=str(certificate))
    with web_site(certificate) as site:
        seen = look_at(site.address(scheme="https"), replace(site.rules(), trust=trust))

    assert seen.problem == Problem.CERTIFICATE


def test_nobody_there_and_no_such_name_are_told_apart(site: Site) -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    lost = look_at("http://nowhere.example/", Rules(resolve=nobody))
    closed = look_at("http://shop.example:1/", site.rules())

    assert (lost.problem, closed.problem) == (Problem.NO_NAME, Problem.REFUSED)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, State.GOOD),
        (204, State.DOUBTFUL),  # nothing to see
        (403, State.DOUBTFUL),
        (429, State.DOUBTFUL),
        (404, State.FAILING),
        (410, State.FAILING),
        (500, State.FAILING),
        (503, State.FAILING),
    ],
)
def test_what_a_status_means_for_whoever_taps(status: int, state: State) -> None:
    seen = Seen(hops=(Hop("https://shop.example/menu", status),), is_empty=status == 204)

    assert state_of(seen) == state
    assert findings_of(seen)[0].what if state != State.GOOD else findings_of(seen) == []


def test_a_page_that_became_the_home_page_is_doubted() -> None:
    hops = (Hop("https://shop.example/spring-sale", 301), Hop("https://www.shop.example/", 200))

    found = findings_of(Seen(hops=hops))

    assert [each.what for each in found] == ["It leads to the site's home page."]


def test_every_problem_has_words() -> None:
    for problem in set(Problem) - {Problem.NONE}:
        seen = Seen(hops=(Hop("https://shop.example/menu", 0),), problem=problem)
        (found,) = findings_of(seen)
        assert found.what
        assert found.why


def test_the_code_in_a_destination_is_no_code(site: Site) -> None:
    site.pages["/menu?c=aeiouaei"] = Page()

    assert look_at(site.address("/menu?c={code}"), site.rules()).status == 200
