"""Why a text failed or never left is said in words, with what can be done about it."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from django.urls import reverse

import tapline.broadcasts
from tapline.broadcasts.commands_report import as_table
from tapline.broadcasts.models import Broadcast, BroadcastKind, LeftOut, Message
from tapline.broadcasts.reasons import OURS, reason_for
from tapline.broadcasts.reports import build_report
from tapline.providers.registry import KINDS, PROVIDERS, REASONS, reasons_of
from tapline.providers.simulator.people import FAILURES
from tests.broadcasts.making import make_broadcast, make_contacts, make_workspace, prepare
from tests.web.browsing import member_of

# A code of ours stands in SQL as a word: `error_code = 'opted_out'`, `else 'no_consent' end`.
_CODE_IN_SQL = re.compile(r"(?:error_code = |then |\{REASON\}, )'([a-z_]+)'|else '([a-z_]+)' end")


@pytest.fixture
def broadcast(db: None) -> Broadcast:
    workspace = make_workspace()
    make_contacts(workspace, 4)
    return prepare(make_broadcast(workspace))


def test_every_code_that_our_statements_write_has_words() -> None:
    states = {"pending", "leased", "accepted", "delivered", "failed", "cancelled"}
    folder = Path(tapline.broadcasts.__file__).parent
    written = {
        either or other
        for path in folder.glob("*.py")
        for either, other in _CODE_IN_SQL.findall(path.read_text(encoding="utf-8"))
    }

    assert {"opted_out", "not_textable", "no_answer", "missing_field", "duplicate"} <= written
    of_exports = {"tapped", "not_tapped", "only_counted"}  # what exports say of a recipient
    assert written - states - of_exports - {"unknown"} <= set(OURS)


def test_every_code_of_the_simulator_has_words() -> None:
    known = reasons_of("simulator")

    assert {code for _share, code, _text in FAILURES} <= set(known)
    assert "21211" in known


def test_every_provider_with_words_is_one_and_says_what_and_what_to_do() -> None:
    assert set(REASONS) <= {*PROVIDERS, *KINDS}
    for reason in [
        *OURS.values(),
        *(each for name in REASONS for each in reasons_of(name).values()),
    ]:
        assert str(reason.what)
        assert str(reason.what)[0].islower()
        assert str(reason.do)[0].isupper()
        assert str(reason.do).endswith(".")


def test_a_code_that_nobody_knows_is_shown_as_it_is(broadcast: Broadcast) -> None:
    assert "31999" in str(reason_for(broadcast, "31999").what)


def test_codes_of_another_systems_provider_are_not_taken_for_the_simulators() -> None:
    ours = Broadcast(provider="simulator")
    theirs = Broadcast(provider="simulator", kind=BroadcastKind.TRACKED)

    assert "landline" in str(reason_for(ours, "30006").what)
    assert "30006" in str(reason_for(theirs, "30006").what)
    assert reason_for(theirs, "unknown") == OURS["unknown"]


def test_the_report_keeps_the_codes_and_adds_the_words(broadcast: Broadcast) -> None:
    _fail(broadcast)

    told = build_report(broadcast).as_dict()

    assert told["failed_by_reason"] == {"30006": 1}
    assert told["left_out"] == {"no_consent": 3}
    assert told["cancelled_by_reason"] == {"opted_out": 1}
    assert set(told["reasons"]) == {"30006", "no_consent", "opted_out"}
    assert told["reasons"]["30006"] == {
        "what": "the number is a landline",
        "do": "Ask these people for a mobile number.",
    }


def test_pages_and_terminal_say_the_words(broadcast: Broadcast) -> None:
    _fail(broadcast)
    browser = member_of(broadcast.workspace)
    arguments = [broadcast.workspace_id, broadcast.pk]

    page = html.unescape(browser.get(reverse("broadcasts:show", args=arguments)).content.decode())
    people = browser.get(reverse("broadcasts:recipients", args=[*arguments, "failed"]))
    (labels, counts) = (list(column.cells) for column in as_table(build_report(broadcast)).columns)

    assert "The number is a landline" in page
    assert "Ask these people for a mobile number." in page
    assert "Did not agree to such texts" in page
    assert "the number is a landline" in people.content.decode()
    assert dict(zip(labels, counts, strict=True))["  failed: the number is a landline"] == "1"
    assert "  no text: did not agree to such texts" in labels


def _fail(broadcast: Broadcast) -> None:
    messages = Message.objects.filter(broadcast=broadcast)
    messages.filter(position=0).update(state="failed", error_code="30006")
    messages.filter(position=1).update(state="cancelled", error_code="opted_out")
    LeftOut.objects.create(broadcast=broadcast, reason="no_consent", count=3)
