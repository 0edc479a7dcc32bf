"""One person is erased from a busy instance: nothing of them is left anywhere but totals.

A real instance with real processes: imports, a broadcast, single and tracked texts, taps over HTTP,
what the person wrote, an uploaded file that waits, the audit. A backup from before the erasure is
restored afterwards.
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.running import RunningTapline, running_tapline, wait_for
from tests.traces import find_traces

PHONE = "+12125550177"
ADDRESS = "198.51.100.77"
HOME = "198.51.107.78"  # from where the person taps as browsers do
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1 Zyxagent"
# Whatever of the person could be recognised: number as written anywhere, name, words, address.
TRACES = (
    "2125550177", "212 555 0177", "212-555-0177", "Zyxanna", "Quillfeather", "marzipan", ADDRESS,
    "198.51.100.0", HOME, "198.51.107.0", "Zyxagent", "crm-zyx-7", "walnut bread", "agreed-zyx",
    "zyxorder",
)  # fmt: skip
PEOPLE = 40
# What else lies in the data folder, and why nobody is looked for there.
OTHER_FILES = {
    "control.sqlite3": "the tables, each looked through",
    "master.key": "the key",
    "replica": "links and codes, looked through",
    "geo": "where networks are",
    "first-start.lock": "empty",
    "up.lock": "empty",
    "up.log": "what processes said, looked through",
}


@pytest.mark.slow
@pytest.mark.waits
@pytest.mark.timeout(300)
def test_of_an_erased_person_nothing_is_left_but_totals(tmp_path: Path) -> None:
    with running_tapline(
        tmp_path / "data",
        simulator_speed="5000",
        edge_trusted_proxies="127.0.0.0/8",
        clicks_keep_delisted_seconds="0",
    ) as tapline:
        live_a_life(tapline, tmp_path)
        backup = tmp_path / "backup.tar"
        tapline.run("backup", str(backup))
        before = task(tapline, "counted")
        assert nothing_is_kept_of_no_kind(tapline) == set()
        assert places(tapline) >= {
            "contacts_contact", "contacts_consent", "broadcasts_message", "replies_reply",
            "replies_thread", "workspaces_idempotentrequest", "workspaces_auditentry", "links_link",
            "acceptances", "rows", "clicklog", "uploads", "replies_answer", "signups_signup",
        }  # fmt: skip

        erased = tapline.run_json("contacts", "erase", PHONE, "--yes")
        wait_for(lambda: is_done(tapline), seconds=60, what="the worker follows the erasure")
        wait_for(lambda: is_scrubbed(tapline), seconds=60, what="the edge overwrites its replica")

        assert erased["contacts"] == 1
        assert task(tapline, "counted") == before
    settle(tapline)
    assert find_traces(tapline.data_dir, TRACES) == {}

    report = tapline.run_json("restore", str(backup), "--replace")
    shutil.rmtree(report["moved_aside"])
    assert report["erased_again"] == 1
    settle(tapline)
    assert find_traces(tapline.data_dir, TRACES) == {}
    assert task(tapline, "counted") == before


def live_a_life(tapline: RunningTapline, tmp_path: Path) -> None:
    """Let forty people be imported, texted, tapping and answering, one of them with TRACES."""
    guests = tmp_path / "guests.csv"
    guests.write_text(
        "phone,first_name,last_name,likes,agreed_how,agreed_at,wording\n"
        + "".join(
            f"+1312555{100 + n:04d},Guest {n},Other,bread,form {n},2026-01-05,Yes please\n"
            for n in range(PEOPLE - 1)
        )
        + "(212) 555-0177,Zyxanna,Quillfeather,marzipan,agreed-zyx,2026-01-05,Yes please\n"
    )
    tapline.run("contacts", "import", str(guests), "--country", "US", "--tag", "guests")
    text = tmp_path / "text.txt"
    text.write_text(
        "Hi {{ first_name | there }}! https://www.example.com/menu and yours:"
        " https://www.example.com/for/{{ first_name }} Reply STOP to end."
    )
    tapline.run(
        "broadcast", "send", "--name", "Bread", "--text", str(text), "--audience", "all", "--wait"
    )
    task(tapline, "use_the_api", PHONE)
    wait_for(lambda: not unsent(tapline), seconds=60, what="all texts are sent")
    task(tapline, "know_where_it_is", HOME)
    tap_all_links_of(tapline, PHONE)
    tap_at_home(tapline)
    task(tapline, "write_back", PHONE)
    task(tapline, "join_and_be_answered", PHONE)
    task(tapline, "note_and_upload", PHONE)
    task(tapline, "refuse_a_row_and_opt_out", PHONE)
    # More of everybody, so that click files are merged and rows move within pages.
    for number in range(5):
        tap_all_links_of(tapline, f"+1312555{100 + number:04d}")
    wait_for(lambda: task(tapline, "taps_of", PHONE) >= 4, seconds=60, what="taps are taken in")
    tap_places = "select count(*) from hours_tapplace"
    wait_for(lambda: tapline.rows(tap_places)[0][0] > 0, seconds=60, what="the taps' place is kept")


def tap_all_links_of(tapline: RunningTapline, phone: str) -> None:
    """Open every link in every text that a number was sent, as its phone would."""
    headers = {
        "X-Forwarded-For": ADDRESS if phone == PHONE else "203.0.113.9",
        "User-Agent": AGENT if phone == PHONE else AGENT.replace("Zyxagent", ""),
    }
    for path in paths_of(tapline, phone):
        tap(tapline, path, headers)


def tap_at_home(tapline: RunningTapline) -> None:
    """Let the person open one link so that it counts as theirs, and tells where they are."""
    headers = {"X-Forwarded-For": HOME, "User-Agent": AGENT, "Accept": "text/html,*/*"}
    tap(tapline, paths_of(tapline, PHONE)[0], headers | {"Accept-Language": "en-US"})


def paths_of(tapline: RunningTapline, phone: str) -> list[str]:
    texts = tapline.rows(
        "select text from broadcasts_message where phone = ? and text <> ''", phone
    )
    words = [word for (text,) in texts for word in text.split() if "localhost" in word]
    assert words, "no links were sent"
    return ["/" + word.partition("://")[2].partition("/")[2] for word in words]


def tap(tapline: RunningTapline, path: str, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", tapline.edge_port, timeout=10)
    connection.request("GET", path, headers={"Host": f"localhost:{tapline.edge_port}", **headers})
    assert connection.getresponse().status == 302
    connection.close()


def unsent(tapline: RunningTapline) -> bool:
    waiting = "select count(*) from broadcasts_message where state in ('pending', 'leased')"
    return bool(tapline.rows(waiting)[0][0])


def places(tapline: RunningTapline) -> set[str]:
    """Return the tables and folders in which the person is found."""
    held = set().union(*find_traces(tapline.data_dir, TRACES).values())
    return {part for place in held for part in place.replace(":", "/").split("/")}


def nothing_is_kept_of_no_kind(tapline: RunningTapline) -> set[str]:
    """Return the kinds of which the person has nothing, and files that no kind knows: what is
    added later must be lived through here, too."""
    found = tapline.run_json("contacts", "find", PHONE)
    files = {
        path.name.removesuffix("-wal").removesuffix("-shm") for path in tapline.data_dir.iterdir()
    }
    known = set(task(tapline, "files_of_kinds")) | set(OTHER_FILES)
    return {name for name, count in found.items() if not count} - {"opted_out"} | files - known


def is_done(tapline: RunningTapline) -> bool:
    asked = "select count(*) from contacts_erasure where waiting is not null"
    files = "select count(*) from clicks_clickerasure where done_at is null"
    return tapline.rows(asked) == tapline.rows(files) == [(0,)]


def is_scrubbed(tapline: RunningTapline) -> bool:
    return find_traces(tapline.data_dir / "replica", TRACES) == {}


def settle(tapline: RunningTapline) -> None:
    """Let the time come at which replaced click files go; the instance is stopped."""
    task(tapline, "clean_up")


def task(tapline: RunningTapline, name: str, *arguments: str) -> Any:
    """Run one function of `tests.erasing_tasks` on the instance and return what it returns."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.erasing_tasks", name, *arguments],
        env=tapline.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(run.stdout)
