"""Everything that is kept of one person, to hand over: data for programs, paper for people.

`person.json` has every kind under the words that recipients read about it; the consent of each
contact is also a page of PDF. Nothing is cut: what is long stays long.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from django.utils import timezone

from tapline.contacts import keeping
from tapline.contacts.dossier import consent_pdf
from tapline.contacts.erasing import find_everything
from tapline.contacts.keeping import Person
from tapline.contacts.models import Contact


def export(person: Person) -> dict[str, Any]:
    """Return everything kept of a person, by kind, as plain values; raises `NobodyFound`.

    `meaning` says in people's words what each kind is. Times are UTC.
    """
    found = find_everything(person)
    return {
        "phone": person.phone,
        "workspace": person.workspace.name,
        "made_at": timezone.now(),
        "meaning": {kind.name: str(kind.words) for kind in keeping.kinds()},
        **found,
    }


def export_zip(person: Person, font: Path) -> bytes:
    """Return the same as a ZIP file, with the consent of each contact as a page of PDF set in
    `font`. Raises `NobodyFound` and `NoFont`."""
    told = json.dumps(export(person), indent=2, ensure_ascii=False, default=str)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("person.json", told)
        for contact in Contact.objects.filter(pk__in=person.contact_ids).order_by("id"):
            file.writestr(f"consent-{contact.pk}.pdf", consent_pdf(contact, font))
    return packed.getvalue()
