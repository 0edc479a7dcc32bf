"""Human or machine: one visible list of small pure rules; the first that knows wins.

Raise `RULES_VERSION` with every change that can change a verdict: `clicks.rewrite.rejudge` counts
old clicks again, and rows say which version judged them.
"""

from __future__ import annotations

from collections.abc import Callable

from tapline.clicks.agents import is_raw_library, known_agent, looks_like_browser
from tapline.clicks.evidence import Evidence, Judgement, Verdict

RULES_VERSION = 1

Finding = tuple[Verdict, str]
Rule = Callable[[Evidence], Finding | None]

# Methods that ask about a page without showing it.
_METHODS_WITHOUT_A_PAGE = frozenset({"HEAD", "OPTIONS", "TRACE"})


def method_without_a_page(evidence: Evidence) -> Finding | None:
    """`HEAD` and its like: nobody looks at a page that was not sent."""
    if evidence.method not in _METHODS_WITHOUT_A_PAGE:
        return None
    known = known_agent(evidence.agent)
    return (known[1] if known else Verdict.SCANNER), f"method_{evidence.method.lower()}"


def declared_purpose(evidence: Evidence) -> Finding | None:
    """The browser itself says that nobody tapped yet.

    Sources: MDN, Sec-Purpose; Chromium's `preloading_headers.cc`; Safari's `X-Purpose: preview`.
    """
    headers = evidence.headers
    if headers.get("sec-purpose", "").startswith("prefetch"):
        return Verdict.PREFETCH, "sec_purpose"
    if headers.get("x-moz", "").lower() == "prefetch":
        return Verdict.PREFETCH, "x_moz"
    for name in ("purpose", "x-purpose"):
        match headers.get(name, "").lower():
            case "preview":
                return Verdict.PREVIEW, name.replace("-", "_")
            case "prefetch" | "instant":
                return Verdict.PREFETCH, name.replace("-", "_")
    return None


def known_fetcher(evidence: Evidence) -> Finding | None:
    """A machine that says who it is."""
    known = known_agent(evidence.agent)
    return (known[1], f"agent_{known[0]}") if known else None


def no_agent(evidence: Evidence) -> Finding | None:
    """Every browser names itself."""
    return None if evidence.agent.strip() else (Verdict.TOOL, "no_agent")


def raw_library(evidence: Evidence) -> Finding | None:
    """Raw `Dalvik/` or bare `CFNetwork/`: an app fetched, and no browser was opened."""
    return (Verdict.TOOL, "raw_library") if is_raw_library(evidence.agent) else None


def flood(evidence: Evidence) -> Finding | None:
    """The click log folds requests for one code from one network past a hundred a minute."""
    return (Verdict.TOOL, "flood") if evidence.requests > 1 else None


def operator(evidence: Evidence) -> Finding | None:
    """Test sends and staff look at their own links."""
    return (Verdict.OPERATOR, "operator") if evidence.is_operator else None


def unfamiliar_agent(evidence: Evidence) -> Finding | None:
    """Neither a machine that we know nor the form that browsers use."""
    return None if looks_like_browser(evidence.agent) else (Verdict.UNKNOWN, "unfamiliar_agent")


RULES: tuple[Rule, ...] = (
    method_without_a_page,
    declared_purpose,
    known_fetcher,
    no_agent,
    raw_library,
    flood,
    operator,
    unfamiliar_agent,
)


def judge(evidence: Evidence) -> Judgement:
    """Say what one request counts as. The first rule that knows wins; none means a person."""
    for rule in RULES:
        if finding := rule(evidence):
            return Judgement(finding[0], (finding[1],), RULES_VERSION)
    return _PERSON


_PERSON = Judgement(Verdict.HUMAN, (), RULES_VERSION)
