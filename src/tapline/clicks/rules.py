"""Human or machine: one visible list of small pure rules; the first that knows wins.

Raise `RULES_VERSION` with every change that can change a verdict: `clicks.rewrite.rejudge` counts
old clicks again, and rows say which version judged them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tapline.clicks.agents import (
    comes_through_proxies,
    is_raw_library,
    known_agent,
    looks_like_browser,
)
from tapline.clicks.contradictions import contradiction
from tapline.clicks.evidence import (
    SMALLEST_CLUSTER,
    Cluster,
    Context,
    Evidence,
    Judgement,
    Verdict,
)

RULES_VERSION = 3

Finding = tuple[Verdict, str]
Rule = Callable[[Evidence], Finding | None]

LARGE_CLUSTER = 25  # recipients
SMALL_CLUSTER = 10
UNIFORM_SHARE = 0.9
FEW_REPEATS = 0.03  # people open a link again in one of five to ten cases
STEADY_SPREAD = 15.0
FEWEST_WALKED = 2  # recipients: one opening shows no behaviour

# The reason of an opening that nothing but a seed contact's role tells from a person's.
LOOKALIKE = "canary_lookalike"

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


def known_network(evidence: Evidence) -> Finding | None:
    """A list calls this network a preview service's. Hosting alone says nothing: VPNs and private
    relays are people's (facts §3.2)."""
    return (Verdict.PREVIEW, "known_network") if evidence.network_kind == "preview" else None


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


def contradicting_headers(evidence: Evidence) -> Finding | None:
    """A program under a browser's name: its headers are not that browser's."""
    name = contradiction(evidence.agent, evidence.headers)
    return (Verdict.SCANNER, name) if name else None


# --- signs that only a tracker with one link per recipient has ------------------------------------


def canary(evidence: Evidence) -> Finding | None:
    """Nobody taps the links of seed contacts. What nothing else tells from a person is said apart:
    it measures how many such machines there are."""
    if not evidence.context.is_canary:
        return None
    alone = judge(replace(evidence, context=_without_seeds(evidence.context)))
    if alone.verdict == Verdict.HUMAN:
        return Verdict.SCANNER, LOOKALIKE
    return Verdict.SCANNER, "canary"


def _without_seeds(context: Context) -> Context:
    cluster = replace(context.cluster, is_canary_opener=False)
    return replace(context, is_canary=False, cluster=cluster)


def canary_opener(evidence: Evidence) -> Finding | None:
    """What opened a seed contact's link in this broadcast opens other links as a machine, too."""
    return (Verdict.SCANNER, "canary_opener") if evidence.context.cluster.is_canary_opener else None


def opened_too_soon(evidence: Evidence) -> Finding | None:
    """Before a phone can have shown the text and somebody can have read it.

    Source: the carriers' scanners of facts §3.2 open within 1.5 s of sending. A text takes about a
    second to arrive, and nobody taps within one of its arrival. Where a provider holds texts back,
    its account says a later figure.
    """
    seconds = evidence.context.seconds_since_submit
    if seconds is None or seconds >= evidence.soonest_tap:
        return None
    return Verdict.SCANNER, "too_soon"


def every_link_at_once(evidence: Evidence) -> Finding | None:
    """Two links of one text within a second: nobody comes back from a page so fast. Within two it
    may be a person who taps just after their phone's security app opened every link.

    Source: e-mail senders take three seconds for it (facts §3.2, timing).
    """
    match evidence.context.seconds_to_other_link:
        case None:
            return None
        case 1:
            return Verdict.SCANNER, "links_at_once"
        case _:
            return Verdict.UNKNOWN, "perhaps_at_once"


def walker(evidence: Evidence) -> Finding | None:
    """One opener that walks over many recipients from its network.

    Phones behind one carrier's address differ among each other, and an office's people come back
    to a page and answer within a minute or the next day: each of the signs alone may be chance in
    a small cluster, so that fewer recipients need more of them.
    """
    cluster = evidence.context.cluster
    if not _is_uniform(cluster) or _comes_through_proxies(evidence):
        return None
    steady = (cluster.repeats_share <= FEW_REPEATS) + (cluster.spread <= STEADY_SPREAD)
    if cluster.recipients >= LARGE_CLUSTER:
        return (Verdict.SCANNER, "walker") if steady else (Verdict.UNKNOWN, "perhaps_walker")
    if cluster.recipients >= SMALL_CLUSTER:
        return (Verdict.SCANNER, "walker") if steady == 2 else None
    return (Verdict.UNKNOWN, "perhaps_walker") if steady == 2 else None


def known_walker(evidence: Evidence) -> Finding | None:
    """Who walked over another broadcast of the workspace lately opens links of several recipients
    here, too, and hardly any twice.

    In a small broadcast that is all there is to see. It is no proof: a network may have been given
    to somebody else, and an office may use the same browser. Therefore it never makes a machine.
    """
    walk = evidence.context.walk
    if walk is None or _comes_through_proxies(evidence):
        return None
    is_walking = (
        walk.recipients >= FEWEST_WALKED
        and walk.share >= UNIFORM_SHARE
        and walk.repeats_share <= FEW_REPEATS
    )
    return (Verdict.UNKNOWN, "known_walker") if is_walking else None


def _comes_through_proxies(evidence: Evidence) -> bool:
    """Many people come from a few addresses of their browser's maker, or of a private relay."""
    return comes_through_proxies(evidence.agent) or evidence.network_kind == "relay"


def _is_uniform(cluster: Cluster) -> bool:
    return (
        cluster.is_leading
        and cluster.recipients >= SMALLEST_CLUSTER
        and cluster.recipients >= 3 * min(cluster.looks, 3)
        and cluster.leaders_share >= UNIFORM_SHARE
    )


def before_receipt(evidence: Evidence) -> Finding | None:
    """Before the text was there, says a provider whose receipts are right for everybody else."""
    return (Verdict.UNKNOWN, "before_receipt") if evidence.context.before_receipt else None


def unfamiliar_agent(evidence: Evidence) -> Finding | None:
    """Neither a machine that we know nor the form that browsers use."""
    return None if looks_like_browser(evidence.agent) else (Verdict.UNKNOWN, "unfamiliar_agent")


def shared(evidence: Evidence) -> Finding | None:
    """Another device, elsewhere: the recipient passed the link on. A person, and no second one."""
    return (Verdict.HUMAN, "shared") if evidence.context.is_shared else None


RULES: tuple[Rule, ...] = (
    method_without_a_page,
    declared_purpose,
    known_fetcher,
    known_network,
    no_agent,
    raw_library,
    flood,
    operator,
    contradicting_headers,
    canary,
    canary_opener,
    opened_too_soon,
    every_link_at_once,
    walker,
    known_walker,
    before_receipt,
    unfamiliar_agent,
    shared,
)


def judge(evidence: Evidence) -> Judgement:
    """Say what one request counts as. The first rule that knows wins; none means a person."""
    for rule in RULES:
        if finding := rule(evidence):
            return Judgement(finding[0], (finding[1],), RULES_VERSION)
    return _PERSON


_PERSON = Judgement(Verdict.HUMAN, (), RULES_VERSION)
