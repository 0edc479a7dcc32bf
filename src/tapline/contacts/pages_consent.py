"""What can be handed over of one contact: the page of paper about consent, and all there is."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from tapline.contacts import keeping
from tapline.contacts.dossier import consent_pdf
from tapline.contacts.exporting import export_zip
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


@inside(Need.PEOPLE)
def export(visit: Visit, contact_id: int) -> HttpResponse:
    """Give everything that is kept of the contact in this workspace, as a ZIP file."""
    contact = get_object_or_404(Contact.objects.in_workspace(visit.workspace), pk=contact_id)
    person = keeping.person(visit.workspace, contact.phone, with_below=False)
    return HttpResponse(
        export_zip(person, DIST / FONT),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="person-{contact.pk}.zip"'},
    )
