"""The records to set, and what is said of each that is not as it should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tapline.links.dns import Authority, Failure, Reply
from tapline.links.domain_findings import Finding, Observed, State, judge
from tapline.links.domain_records import Record, Target, records_for

HOST = "go.bakery.co.uk"
APEX = "bakery.co.uk"
PROOF = "tapline-proof=abc"
OURS = "203.0.113.7"
TARGET = Target(
    addresses=frozenset({OURS, "2001:db8::7"}), host="", authorities=frozenset({"letsencrypt.org"})
)
GOOD = Observed(
    proof=Reply((PROOF,)),
    addresses=Reply((OURS, "2001:db8::7")),
    authorities=Reply(),
    authorities_at=HOST,
)
NOTHING: Reply[Any] = Reply(failure=Failure.NO_RECORD)


def look(host: str = HOST, target: Target = TARGET, **seen: Any) -> dict[str, Finding]:
    findings = judge(host, PROOF, target, replace(GOOD, **seen))
    return {finding.record: finding for finding in findings}


def issue(*values: str) -> Reply[Authority]:
    return Reply(tuple(Authority(0, "issue", value) for value in values))


def shown(records: list[Record]) -> list[tuple[str, str, str]]:
    return [(each.kind, each.short_name, each.value) for each in records]


def test_a_sub_domain_may_be_an_alias_of_the_instance() -> None:
    records = records_for(HOST, PROOF, replace(TARGET, host="tap.host.example"))

    assert shown(records) == [
        ("TXT", "_tapline.go", PROOF),
        ("CNAME", "go", "tap.host.example"),
        ("CAA", "go", '0 issue "letsencrypt.org"'),
    ]
    assert records[0].name == f"_tapline.{HOST}"


def test_a_registered_name_itself_is_pointed_to_addresses() -> None:
    records = records_for(APEX, PROOF, replace(TARGET, host="tap.host.example"))

    assert shown(records) == [
        ("TXT", "_tapline", PROOF),
        ("A", "@", OURS),
        ("AAAA", "@", "2001:db8::7"),
        ("CAA", "@", '0 issue "letsencrypt.org"'),
    ]


def test_all_is_well() -> None:
    assert {finding.state for finding in look().values()} == {State.GOOD}


@pytest.mark.parametrize(
    ("seen", "state", "what", "do"),
    [
        ({"proof": NOTHING}, State.WRONG, "no TXT record", "wait"),
        (
            {"proof": NOTHING, "doubled_proof": Reply((PROOF,))},
            State.WRONG,
            f"_tapline.{HOST}.{APEX}",
            "to _tapline.go",
        ),
        (
            {"proof": NOTHING, "host_texts": Reply((PROOF,))},
            State.WRONG,
            f"at {HOST} itself",
            "to _tapline.go",
        ),
        ({"proof": Reply(("tapline-proof=xyz",))}, State.WRONG, "xyz", f"to {PROOF}"),
        ({"proof": Reply((f'"{PROOF}"',))}, State.WRONG, PROOF, f"to {PROOF}"),
        ({"proof": Reply(("v=spf1 -all",))}, State.WRONG, "no TXT record", "Set the record"),
        ({"proof": Reply(("v=spf1", PROOF))}, State.GOOD, "is yours", ""),
        ({"proof": Reply(failure=Failure.SILENT)}, State.UNSURE, "in time", "by itself"),
        ({"proof": Reply(failure=Failure.BROKEN)}, State.UNSURE, "properly", "by itself"),
    ],
)
def test_the_proof(seen: dict[str, Any], state: State, what: str, do: str) -> None:
    finding = look(**seen)["proof"]

    assert finding.state == state
    assert what in finding.what
    assert do in finding.do


@pytest.mark.parametrize(
    ("seen", "state", "what", "do"),
    [
        ({"addresses": NOTHING}, State.WRONG, "no address", "Set the record"),
        (
            {"addresses": NOTHING, "doubled_addresses": Reply((OURS,))},
            State.WRONG,
            f"{HOST}.{APEX}",
            "to go",
        ),
        (
            {"addresses": Reply((), Failure.NO_RECORD, ("x.example",))},
            State.WRONG,
            "x.example, which has no address",
            "Correct",
        ),
        ({"addresses": Reply(failure=Failure.LOOP)}, State.WRONG, "circle", "lead to a host"),
        ({"addresses": Reply(("104.16.1.1", "2606:4700::1"))}, State.WRONG, "Cloudflare", "cloud"),
        ({"addresses": Reply(("192.168.1.5",))}, State.WRONG, "192.168.1.5", "public address"),
        ({"addresses": Reply(("8.8.8.8",))}, State.WRONG, "points to 8.8.8.8", OURS),
        ({"addresses": Reply((OURS, "8.8.8.8"))}, State.WRONG, "also points to 8.8.8.8", "Remove"),
        ({"addresses": Reply((OURS,))}, State.GOOD, "this server", ""),
        ({"addresses": Reply((OURS,), None, ("tap.example",))}, State.GOOD, "this server", ""),
        ({"addresses": Reply(failure=Failure.SILENT)}, State.UNSURE, "in time", "by itself"),
    ],
)
def test_the_address(seen: dict[str, Any], state: State, what: str, do: str) -> None:
    finding = look(**seen)["address"]

    assert finding.state == state
    assert what in finding.what
    assert do in finding.do


def test_an_alias_at_the_registered_name_is_said() -> None:
    seen = Reply((OURS,), None, ("tap.host.example",))
    assert "alias (CNAME) of tap.host.example" in look(APEX, addresses=seen)["address"].what
    assert look(HOST, addresses=seen)["address"].state == State.GOOD


def test_without_known_addresses_the_place_is_told_and_nothing_claimed() -> None:
    nobody = replace(TARGET, addresses=frozenset())
    finding = look(target=nobody, addresses=Reply(("8.8.8.8",)))["address"]

    assert (finding.state, "8.8.8.8" in finding.what) == (State.UNSURE, True)
    assert "TAPLINE_EDGE_PUBLIC_ADDRESSES" in finding.do


@pytest.mark.parametrize(
    ("authorities", "state", "what"),
    [
        (Reply(), State.GOOD, "forbid nothing"),
        (issue("letsencrypt.org"), State.GOOD, "allow"),
        (issue("digicert.com", "LetsEncrypt.org; accounturi=x"), State.GOOD, "allow"),
        (Reply((Authority(0, "iodef", "mailto:x@example.com"),)), State.GOOD, "allow"),
        (issue("digicert.com"), State.WRONG, "allow digicert.com"),
        (issue(";"), State.WRONG, "allow nobody"),
        (issue("notletsencrypt.org"), State.WRONG, "allow notletsencrypt.org"),
        (Reply((Authority(128, "tbs", "x"),)), State.WRONG, "tag «tbs»"),
        (Reply((Authority(0, "tbs", "x"),)), State.GOOD, "allow"),
        (Reply(failure=Failure.BROKEN), State.UNSURE, "properly"),
    ],
)
def test_the_authority(authorities: Reply[Authority], state: State, what: str) -> None:
    finding = look(authorities=authorities, authorities_at=APEX)["authority"]

    assert finding.state == state
    assert what in finding.what
    if state == State.WRONG and "tag" not in what:
        assert finding.do == f'Add a CAA record at {APEX}: 0 issue "letsencrypt.org"'
