"""The page on which an owner erases one person for good."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from tapline.contacts import keeping
from tapline.contacts.erasing import erase_person
from tapline.contacts.models import Contact
from tapline.errors import TaplineError
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

# So many digits of the number are typed, so that nobody erases whom they did not mean.
TYPED_DIGITS = 4


class NotConfirmed(TaplineError):
    """What was typed is not the end of the number."""


@inside(Need.OWN, "GET", "HEAD", "POST", again=True)
def erase(visit: Visit, contact_id: int) -> HttpResponse:
    """Show what would go, and what stays; a POST with the end of the number erases."""
    contact = get_object_or_404(Contact, pk=contact_id, workspace=visit.workspace)
    if visit.request.method != "POST":
        return _page(visit, contact)
    if visit.form("digits") != contact.phone[-TYPED_DIGITS:]:
        return _page(visit, contact, error=_not_confirmed())
    erase_person(visit.workspace, contact.phone, by=visit.actor)
    messages.success(visit.request, _("Erased. Click files and the click log follow in a minute."))
    return redirect("contacts:list", visit.workspace.pk)


def _page(visit: Visit, contact: Contact, *, error: TaplineError | None = None) -> HttpResponse:
    context = {
        "room": "contacts",
        "contact": contact,
        # Without counts: finding one person's clicks reads every click file, for seconds.
        "going": [kind.words for kind in keeping.kinds() if not kind.stays],
        "digits": TYPED_DIGITS,
        "error": error,
    }
    return visit.render("contacts/erase.html", context, status=422 if error else 200)


def _not_confirmed() -> NotConfirmed:
    return NotConfirmed(
        _("Nobody was erased."),
        why=_("What you typed is not the end of this number."),
        do=_("Look at the number, and type its last four digits."),
    )
