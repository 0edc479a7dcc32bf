"""How a sign-up's yes gets into the ledger, with what was shown and where."""

from __future__ import annotations

import datetime as dt

from tapline.contacts.consent import record_consent
from tapline.contacts.upserting import add_tags
from tapline.signups.forms import public_address
from tapline.signups.models import SignUp

SOURCE = "form"


def keep_yes(taken: SignUp, now: dt.datetime, **evidence: str) -> None:
    """Write a sign-up's yes into the ledger, with what was shown and where; tag the contact."""
    form, contact = taken.form, taken.contact
    assert contact is not None
    record_consent(
        [contact],
        scope=form.scope,
        purpose=form.purpose,
        given=True,
        wording=taken.version.wording.text,
        language=form.language,
        source=SOURCE,
        evidence={
            "form": form.name,
            "title": taken.version.title,
            "version": taken.version_id,
            "page": public_address(form),
            "network": taken.network,
            "agent": taken.agent,
            **evidence,
        },
        at=now,
        by=f"form {form.pk}",
    )
    add_tags(contact, form.tags)
