"""The one-page PDF of what a person agreed to."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tapline.contacts.consent import opt_out, record_consent
from tapline.contacts.dossier import Dossier, Entry, NoFont, consent_pdf, draw
from tapline.contacts.models import Contact
from tapline.web.bundle import DIST, FONT
from tapline.workspaces.models import Role
from tests.broadcasts.making import make_contacts, make_workspace
from tests.web.browsing import member_of

FONT_FILE = DIST / FONT
AT = dt.datetime(2026, 5, 1, 9, 30, tzinfo=dt.UTC)


def _read(pdf: bytes) -> tuple[int, str]:
    """Return the number of pages and their words."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return len(pages), " ".join(page.extract_text() for page in pages).replace("\n", " ")


def _say_yes(contact: Contact, at: dt.datetime, wording: str) -> None:
    record_consent(
        [contact],
        scope=contact.workspace,
        purpose="marketing",
        given=True,
        wording=wording,
        source="form",
        evidence={"form": "Shop window", "network": "192.0.2.0/24"},
        at=at,
        by="form 1",
    )


@pytest.mark.django_db
def test_the_page_says_what_was_agreed_when_how_and_in_which_words() -> None:
    (contact,) = make_contacts(make_workspace(), 1, agreed=False)
    _say_yes(contact, AT, "Ja, schickt mir Angebote. Ваше согласие. STOP beendet.")
    opt_out(contact.phone, scope=contact.workspace, reason="reply", at=AT, by="reply")

    count, words = _read(consent_pdf(contact, FONT_FILE))

    assert count == 1
    for expected in (
        contact.phone,
        "Bakery",
        "2026-05-01 09:30 UTC",
        "Yes to marketing texts",
        "No to marketing texts",
        "«Ja, schickt mir Angebote. Ваше согласие. STOP beendet.»",
        "form: Shop window",
        "Marketing texts: no",
        "Opted out on 2026-05-01 09:30 UTC (reply)",
    ):
        assert expected in words


@pytest.mark.django_db
def test_a_contact_of_whom_nothing_is_on_record_says_so() -> None:
    (contact,) = make_contacts(make_workspace(), 1, agreed=False)

    assert "Nothing is on record" in _read(consent_pdf(contact, FONT_FILE))[1]


@pytest.mark.django_db
def test_answers_beyond_one_page_are_counted_on_it() -> None:
    (contact,) = make_contacts(make_workspace(), 1, agreed=False)
    for day in range(60):
        _say_yes(contact, AT + dt.timedelta(days=day), f"Wording number {day}.")

    count, words = _read(consent_pdf(contact, FONT_FILE))

    assert count == 1
    shown = words.count("Yes to marketing texts")
    assert 5 < shown < 60
    assert "Wording number 59." in words
    assert f"{60 - shown} older answers do not fit here" in words


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=3000), max_size=4))
def test_whatever_the_wording_it_stays_one_page(wordings: list[str]) -> None:
    entries = tuple(Entry("2026-05-01   Yes", "source: form", wording) for wording in wordings)

    pdf = draw(Dossier("Bakery", "+12125550100", "Ana", ("yes",), entries, AT), FONT_FILE)

    assert _read(pdf)[0] == 1


def test_letters_that_the_font_lacks_are_written_as_their_code() -> None:
    entries = (Entry("2026-05-01   Yes", "", "我同意"),)

    words = _read(draw(Dossier("Bakery", "+1", "", (), entries, AT), FONT_FILE))[1]

    assert "⟨U+6211⟩⟨U+540C⟩⟨U+610F⟩" in words


def test_a_missing_font_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoFont, match="make setup"):
        draw(Dossier("Bakery", "+1", "", (), (), AT), tmp_path / "none.ttf")


@pytest.mark.django_db
def test_the_page_of_a_contact_offers_the_file_under_a_name_without_their_number() -> None:
    workspace = make_workspace()
    (contact,) = make_contacts(workspace, 1)
    viewer = member_of(workspace, Role.VIEWER)
    address = reverse("contacts:consent-pdf", args=[workspace.pk, contact.pk])

    assert (
        address
        in viewer.get(reverse("contacts:show", args=[workspace.pk, contact.pk])).content.decode()
    )
    answer = viewer.get(address)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert contact.phone.strip("+") not in answer.headers["Content-Disposition"]
    assert "Yes, text me offers." in _read(answer.content)[1]
