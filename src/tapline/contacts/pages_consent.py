"""The page of paper that says what one person agreed to."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from tapline.contacts.dossier import consent_pdf
from tapline.contacts.models import Contact
from tapline.web.bundle import DIST, FONT
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need


@inside(Need.PEOPLE)
def show_pdf(visit: Visit, contact_id: int) -> HttpResponse:
    """Give the contact's consent as a PDF to keep or to send on."""
    contact = get_object_or_404(Contact.objects.in_workspace(visit.workspace), pk=contact_id)
    # The file's name holds no phone number: names of files end up in logs and in e-mails.
    return HttpResponse(
        consent_pdf(contact, DIST / FONT),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="consent-{contact.pk}.pdf"'},
    )
