"""What is right and wrong with a destination that was looked at, in words. Pure.

FAILING: whoever taps reaches no page. DOUBTFUL: they may, but somebody should look. GOOD: they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tapline.links.destination_look import Problem, Seen
from tapline.links.hosts import registered_name

# Statuses with which sites turn programs away while people get the page.
ONLY_FOR_PEOPLE = {401, 403, 405, 406, 418, 429, 451}
MANY_REDIRECTS = 3
SLOW_MILLISECONDS = 3_000
CERTIFICATE_DAYS = 14


class State(StrEnum):
    """How a destination stands; UNSEEN: nobody has looked yet."""

    UNSEEN = ""
    GOOD = "good"
    DOUBTFUL = "doubtful"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a destination; one that is GOOD changes nothing."""

    state: State
    what: str
    why: str = ""
    do: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the finding as the API tells it."""
        return {"state": self.state, "what": self.what, "why": self.why, "do": self.do}


def state_of(seen: Seen) -> State:
    """Return how a destination stands by one look."""
    if seen.problem == Problem.APP:
        return State.GOOD
    if seen.problem:
        return State.FAILING
    if 200 <= seen.status < 300:
        return State.DOUBTFUL if any(check(seen) for check in _DOUBTS) else State.GOOD
    return State.DOUBTFUL if seen.status in ONLY_FOR_PEOPLE else State.FAILING


def findings_of(seen: Seen) -> list[Finding]:
    """Return what there is to say about a look, in the reader's language; the worst first."""
    if seen.problem:
        return [_of_problem(seen)]
    if not 200 <= seen.status < 300:
        return [_of_status(seen)]
    return [*(found for check in _DOUBTS if (found := check(seen))), *_notes(seen)]


def _of_problem(seen: Seen) -> Finding:
    what, why, do = _PROBLEMS[seen.problem](urlsplit(seen.last_address).hostname or "")
    state = State.GOOD if seen.problem == Problem.APP else State.FAILING
    return Finding(state, what, why, do)


_PROBLEMS: dict[Problem, Callable[[str], tuple[str, str, str]]] = {
    Problem.NO_NAME: lambda host: (
        _("There is no site called %(host)s.") % {"host": host},
        _("Its name has no address, so no phone finds it."),
        _("Look for a slip of the pen, or ask whoever runs the site."),
    ),
    Problem.PRIVATE: lambda host: (
        _("%(host)s lies in a private network.") % {"host": host},
        _("Phones on the internet cannot reach it, and it was not connected to."),
        _("Give an address that is open to everybody."),
    ),
    Problem.REFUSED: lambda host: (
        _("%(host)s refuses the connection.") % {"host": host},
        _("Nothing answers at that address and port."),
        _("Look whether the address, and its port, is right."),
    ),
    Problem.UNREACHABLE: lambda host: (
        _("%(host)s does not answer.") % {"host": host},
        _("No connection could be made."),
        _("Ask whoever runs the site."),
    ),
    Problem.SLOW: lambda host: (
        _("%(host)s did not answer in time.") % {"host": host},
        _("People on a phone wait a few seconds, then they go."),
        _("Ask whoever runs the site."),
    ),
    Problem.CERTIFICATE: lambda host: (
        _("The certificate of %(host)s is not valid.") % {"host": host},
        _("Phones show a warning instead of the page."),
        _("Whoever runs the site must renew it; until then link elsewhere."),
    ),
    Problem.GARBLED: lambda host: (
        _("%(host)s does not answer like a web site.") % {"host": host},
        _("What it said could not be read."),
        _("Look whether the address, and its port, is right."),
    ),
    Problem.ROUND: lambda host: (
        _("The page leads on and on and never arrives."),
        _("Browsers give up after a while and show an error."),
        _("Link to the page where it should end."),
    ),
    Problem.OWN: lambda host: (
        _("The page leads back to a link of yours."),
        _("It was not followed: that would have been a tap. People may go round in circles."),
        _("Link to the page where it should end."),
    ),
    Problem.BAD_REDIRECT: lambda host: (
        _("The page leads on to something that is no web address."),
        _("Browsers do not open it."),
        _("Ask whoever runs the site."),
    ),
    Problem.APP: lambda host: (
        _("On a phone it opens an app."),
        _("What happens there cannot be seen from here."),
        "",
    ),
}


def why_no_answer(problem: Problem) -> str:
    """Return in a few words why an address on the way gave no answer."""
    words = {
        Problem.NO_NAME: _("it has no address"),
        Problem.PRIVATE: _("in a private network: not connected to"),
        Problem.REFUSED: _("it refused the connection"),
        Problem.SLOW: _("no answer in time"),
        Problem.CERTIFICATE: _("its certificate is not valid"),
        Problem.GARBLED: _("its answer could not be read"),
    }
    return words.get(problem, _("no answer"))


def _of_status(seen: Seen) -> Finding:
    status = seen.status
    if status in (404, 410):
        what = _("The page is not there.")
        do = _("Look for a slip of the pen, or link to another page.")
    elif status in ONLY_FOR_PEOPLE:
        return Finding(
            State.DOUBTFUL,
            _("The site turned us away, so the page could not be seen."),
            _("It answered %(status)d. Some sites do so to programs and not to people.")
            % {"status": status},
            _("Open it on your own phone."),
        )
    elif status >= 500:
        what, do = _("The site is out of order."), _("Ask whoever runs the site.")
    else:
        what, do = _("The site does not show the page."), _("Ask whoever runs the site.")
    why = _("It answered %(status)d: whoever taps sees an error.") % {"status": status}
    return Finding(State.FAILING, what, why, do)


def _without_tls(seen: Seen) -> Finding | None:
    if urlsplit(seen.last_address).scheme != "http":
        return None
    return Finding(
        State.DOUBTFUL,
        _("The page is not encrypted."),
        _("Browsers say «not secure» beside its name."),
        _("Link to its https address, if it has one."),
    )


def _certificate_ends(seen: Seen) -> Finding | None:
    days = seen.certificate_days
    if days is None or days >= CERTIFICATE_DAYS:
        return None
    return Finding(
        State.DOUBTFUL,
        ngettext(
            "The site's certificate ends in %(days)d day.",
            "The site's certificate ends in %(days)d days.",
            days,
        )
        % {"days": days},
        _("After that phones show a warning instead of the page."),
        _("Whoever runs the site should renew it before people tap."),
    )


def _many_redirects(seen: Seen) -> Finding | None:
    count = len(seen.hops) - 1
    if count < MANY_REDIRECTS:
        return None
    return Finding(
        State.DOUBTFUL,
        _("It leads on %(count)d times before the page comes.") % {"count": count},
        _("Each time costs people on a phone network about half a second."),
        _("Link to the last address: %(address)s") % {"address": seen.last_address},
    )


def _slow(seen: Seen) -> Finding | None:
    if seen.milliseconds < SLOW_MILLISECONDS:
        return None
    return Finding(
        State.DOUBTFUL,
        _("The page took %(seconds).1f seconds.") % {"seconds": seen.milliseconds / 1000},
        _("On a phone network it takes longer still, and people go."),
        _("Ask whoever runs the site."),
    )


def _fell_to_home(seen: Seen) -> Finding | None:
    """Shops send whoever looks for a page that is gone to their home page."""
    first, last = urlsplit(seen.hops[0].address), urlsplit(seen.last_address)
    had_path = first.path.strip("/") and not first.path.strip("/").isdigit()
    is_same_site = registered_name(first.hostname or "") == registered_name(last.hostname or "")
    if not (len(seen.hops) > 1 and had_path and is_same_site and last.path in ("", "/")):
        return None
    return Finding(
        State.DOUBTFUL,
        _("It leads to the site's home page."),
        _("Sites do so when the page that was meant is gone."),
        _("Look whether people land where they should."),
    )


def _empty(seen: Seen) -> Finding | None:
    if not seen.is_empty:
        return None
    return Finding(
        State.DOUBTFUL,
        _("The page is empty."),
        _("It answered, and sent nothing."),
        _("Open it on your own phone."),
    )


_DOUBTS: tuple[Callable[[Seen], Finding | None], ...] = (
    _empty,
    _fell_to_home,
    _without_tls,
    _certificate_ends,
    _many_redirects,
    _slow,
)


def _notes(seen: Seen) -> Iterator[Finding]:
    if "html" in seen.content_type and not seen.head.has_card:
        yield Finding(
            State.GOOD,
            _("The page has no preview card of its own."),
            _("Messaging apps show its title, or nothing but the address."),
            _("Give the link a card here, or let the page name one (Open Graph)."),
        )
