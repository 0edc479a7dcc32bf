"""What one person agreed to, on one page of PDF: for a complaint, a carrier or a regulator."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from fpdf import FPDF

from tapline.contacts.models import Consent, Contact, Purpose, Suppression
from tapline.errors import TaplineError

# It tells, a dozen lines a page, which letters it uses: those of people's names.
logging.getLogger("fontTools").setLevel(logging.WARNING)

MARGIN_MM = 18.0
LINE_MM = 5.0
SMALL, NORMAL, LARGE = 8.0, 10.0, 18.0  # points
FONT_NAME = "body"
# Room for the last line, which says how many answers did not fit.
FOOT_MM = 16.0
QUIET, DARK = (95, 95, 95), (20, 20, 20)


class NoFont(TaplineError):
    """The letters that documents are set in are missing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer as the page tells it: a heading, facts about it, and the words that were shown."""

    heading: str
    facts: str
    wording: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that the page says, newest answer first. `standing` says who may text now."""

    brand: str
    phone: str
    name: str
    standing: tuple[str, ...]
    entries: tuple[Entry, ...]
    made_at: dt.datetime


def consent_pdf(contact: Contact, font: Path) -> bytes:
    """Return the consent of one contact as a PDF of exactly one page.

    Answers that do not fit are counted on the page; the export of a contact has all of them.
    Letters that `font` (a TTF file) lacks are written as their code, ⟨U+6F22⟩. Raises `NoFont`.
    """
    return draw(read_dossier(contact, timezone.now()), font)


def read_dossier(contact: Contact, now: dt.datetime) -> Dossier:
    """Gather what is on record about one contact's consent."""
    answers = contact.consents.select_related("wording", "scope").order_by("-at", "-id")
    names = (contact.attributes.get(part, "") for part in ("first_name", "last_name"))
    return Dossier(
        brand=contact.workspace.name,
        phone=contact.phone,
        name=" ".join(filter(None, names)),
        standing=tuple(_standing(contact)),
        entries=tuple(_entry(answer) for answer in answers),
        made_at=now,
    )


def _standing(contact: Contact) -> list[str]:
    people = Contact.objects.in_workspace(contact.workspace).filter(pk=contact.pk)
    lines = [
        _("%(purpose)s texts: %(answer)s")
        % {"purpose": words, "answer": _("yes") if people.textable(value).exists() else _("no")}
        for value, words in Purpose.choices
    ]
    stops = Suppression.objects.filter(
        phone_hash=contact.phone_hash,
        scope__in=contact.workspace.ancestor_ids,
        lifted_at=None,
    )
    return lines + [
        _("Opted out on %(at)s (%(reason)s)") % {"at": _time(stop.at), "reason": stop.reason}
        for stop in stops.order_by("-at")
    ]


def _entry(answer: Consent) -> Entry:
    said = _("Yes to %(purpose)s texts") if answer.given else _("No to %(purpose)s texts")
    facts = {
        _("for"): answer.scope.name,
        _("source"): answer.source,
        **_flat(answer.evidence),
        _("recorded"): f"{_time(answer.recorded_at)}, {answer.recorded_by}, no. {answer.pk}",
    }
    return Entry(
        heading=f"{_time(answer.at)}   {said % {'purpose': answer.get_purpose_display().lower()}}",
        facts=" · ".join(f"{name}: {value}" for name, value in facts.items() if value),
        wording=answer.wording.text if answer.wording else "",
    )


def _flat(evidence: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in evidence.items() if value not in ("", None)}


def _time(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def draw(dossier: Dossier, font: Path) -> bytes:
    """Return the page. Pure, but for reading the font; raises `NoFont`."""
    page = _new_page(font)
    page.set_creation_date(dossier.made_at)
    page.set_title(_("Consent record"))
    _write(page, _("Consent record"), LARGE)
    _write(page, dossier.brand, NORMAL, QUIET)
    page.ln(LINE_MM)
    _write(page, "   ".join(filter(None, (dossier.phone, dossier.name))), NORMAL + 2)
    for line in dossier.standing:
        _write(page, line, NORMAL)
    page.ln(LINE_MM)
    shown = _draw_entries(page, dossier.entries)
    _draw_foot(page, dossier, left_out=len(dossier.entries) - shown)
    return bytes(page.output())


def _draw_entries(page: FPDF, entries: Sequence[Entry]) -> int:
    """Draw as many as fit, and at least the newest, in smaller letters if need be."""
    if not entries:
        _write(page, _("Nothing is on record, so no texts can be sent."), NORMAL)
    for drawn, entry in enumerate(entries):
        room = page.h - MARGIN_MM - FOOT_MM - page.get_y()
        size = NORMAL if drawn else _fitting_size(page, entry, room)
        if _height(page, entry, size) > room and drawn:
            return drawn
        _draw_entry(page, entry, size)
    return len(entries)


def _fitting_size(page: FPDF, entry: Entry, room: float) -> float:
    size = NORMAL
    while size > 3 and _height(page, entry, size) > room:
        size -= 0.5
    return size


def _draw_entry(page: FPDF, entry: Entry, size: float) -> None:
    for text, scale, colour in _lines(entry):
        _write(page, text, size * scale, colour)
    page.ln(LINE_MM * size / NORMAL)


def _lines(entry: Entry) -> list[tuple[str, float, tuple[int, int, int]]]:
    quoted = f"«{entry.wording}»" if entry.wording else ""
    lines = [(entry.heading, 1.1, DARK), (quoted, 1.0, DARK), (entry.facts, 0.8, QUIET)]
    return [line for line in lines if line[0]]


def _height(page: FPDF, entry: Entry, size: float) -> float:
    """Return how many millimetres the entry takes."""
    heights = (
        float(_cell(page, text, size * scale, dry_run=True)) for text, scale, _c in _lines(entry)
    )
    return sum(heights) + LINE_MM * size / NORMAL


def _draw_foot(page: FPDF, dossier: Dossier, *, left_out: int) -> None:
    page.set_y(page.h - MARGIN_MM - FOOT_MM + LINE_MM)
    if left_out:
        words = _("%(count)d older answers do not fit here; the export of this contact has them.")
        _write(page, words % {"count": left_out}, SMALL)
    words = _("As recorded; answers are added and never changed. Made by Tapline on %(at)s.")
    _write(page, words % {"at": _time(dossier.made_at)}, SMALL, QUIET)


def _new_page(font: Path) -> FPDF:
    page = FPDF(format="A4")
    page.set_margin(MARGIN_MM)
    page.set_auto_page_break(False)
    page.add_page()
    try:
        page.add_font(FONT_NAME, fname=str(font))
    except FileNotFoundError as error:
        raise NoFont(
            "The letters of documents are missing.",
            why=f"There is no {font.name} beside the bundled pages.",
            do="Run `make setup` in the source folder, or install the wheel: it has them inside.",
        ) from error
    return page


def _write(page: FPDF, text: str, size: float, colour: tuple[int, int, int] = DARK) -> None:
    page.set_text_color(*colour)
    _cell(page, text, size)


def _cell(page: FPDF, text: str, size: float, *, dry_run: bool = False) -> Any:
    """Write a paragraph, or measure it (a height in millimetres) with `dry_run`."""
    page.set_font(FONT_NAME, size=size)
    known = page.fonts[FONT_NAME].cmap  # type: ignore[union-attr]  # a TTF font has one
    return page.multi_cell(
        w=0,
        h=size * 0.5,
        text="".join(_printable(letter, known) for letter in text),
        align="L",
        new_x="LMARGIN",
        new_y="NEXT",
        dry_run=dry_run,
        output="HEIGHT" if dry_run else "PAGE_BREAK",
    )


def _printable(letter: str, known: Mapping[int, Any]) -> str:
    return letter if letter == "\n" or ord(letter) in known else f"⟨U+{ord(letter):04X}⟩"
