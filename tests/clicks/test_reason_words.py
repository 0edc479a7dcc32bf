"""Whatever a rule gives as its reason can be said in people's words."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

import pytest
from django.utils.functional import Promise

from tapline.clicks import rules
from tapline.clicks.agents import KNOWN_AGENTS
from tapline.clicks.contradictions import CHECKS
from tapline.clicks.evidence import Evidence, Verdict
from tapline.clicks.reason_words import COUNTS_AS, FETCHERS, REASONS, reason_in_words
from tests.clicks.world import PIXEL, WHATSAPP


def reasons_written_out() -> Iterator[str]:
    """Every `(Verdict.…, "reason")` in the text of the rules."""
    for node in ast.walk(ast.parse(inspect.getsource(rules))):
        match node:
            case ast.Tuple(
                elts=[ast.Attribute(value=ast.Name(id="Verdict")), ast.Constant(reason)]
            ):
                yield str(reason)


def reasons_put_together() -> Iterator[str]:
    """Those that rules make of a method, a header's name, an agent's or a check's."""
    for method in rules._METHODS_WITHOUT_A_PAGE:
        yield f"method_{method.lower()}"
    for header in ("purpose", "x-purpose"):
        headers = {header: "prefetch"}
        evidence = Evidence(method="GET", agent=PIXEL, headers=headers, is_operator=False)
        yield from rules.judge(evidence).reasons
    yield from (f"agent_{known.name}" for known in KNOWN_AGENTS)
    yield "agent_crawler_list"
    yield rules.LOOKALIKE
    yield from (check.__name__ for check in CHECKS)


ALL = sorted({*reasons_written_out(), *reasons_put_together()})


def test_the_reasons_are_found() -> None:
    assert {"too_soon", "no_agent", "sec_purpose", "agent_whatsapp", "two_sizes"} <= set(ALL)


@pytest.mark.parametrize("reason", ALL)
def test_every_reason_has_a_sentence(reason: str) -> None:
    known = reason in REASONS or reason.removeprefix("agent_") in FETCHERS
    assert known
    assert reason not in reason_in_words(reason)
    assert reason_in_words(reason).endswith(".")


def test_no_sentence_is_left_of_a_rule_that_is_gone() -> None:
    agents = {f"agent_{name}" for name in FETCHERS}
    assert {*REASONS, *agents} == set(ALL)


def test_sentences_are_translated_when_they_are_shown() -> None:
    assert all(isinstance(words, Promise) for words in (*REASONS.values(), *COUNTS_AS.values()))


def test_a_fetcher_is_called_by_its_products_name() -> None:
    evidence = Evidence(method="GET", agent=WHATSAPP, headers={}, is_operator=False)
    reasons = ",".join(rules.judge(evidence).reasons)
    assert reason_in_words(reasons) == "It calls itself WhatsApp."


def test_several_reasons_are_several_sentences_and_none_is_none() -> None:
    assert reason_in_words("") == ""
    assert reason_in_words("two_versions,two_platforms").count(".") == 2


def test_a_reason_of_older_rules_is_shown_by_its_name() -> None:
    assert reason_in_words("acme") == "Rule “acme”."


def test_every_verdict_has_words() -> None:
    assert set(COUNTS_AS) == set(Verdict)
