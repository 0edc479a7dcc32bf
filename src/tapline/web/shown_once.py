"""How a secret is shown once: it waits in the session, sealed, for the page that a form leads to.

So the answer to the form is a redirect, and loading that page again neither shows the secret again
nor makes a second one.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseRedirect

from tapline.instance.seals import seal, unseal

WAITING = "shown_once"  # in the session: address of a page → what it shows the next time


def lead_to_secret(request: HttpRequest, address: str, secret: str) -> HttpResponseRedirect:
    """Lead to a page of ours that shows `secret` when it is opened next, to this browser alone."""
    waiting = request.session.get(WAITING, {})
    request.session[WAITING] = waiting | {address: seal(secret, **_place(address))}
    return HttpResponseRedirect(address)


def take_secret(request: HttpRequest) -> str:
    """Return the secret that waits for this page, which then waits no more; empty without one."""
    waiting = request.session.get(WAITING, {})
    sealed = waiting.pop(request.path, "")
    if not sealed:
        return ""
    request.session[WAITING] = waiting
    return unseal(sealed, **_place(request.path))


def _place(address: str) -> dict[str, str]:
    return {"table": "django_session", "row": address, "column": WAITING}
