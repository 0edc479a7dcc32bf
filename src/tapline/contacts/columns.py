"""Which column of a file holds what: named by the importer, else guessed from its header."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from tapline.contacts.phones import looks_like_number
from tapline.contacts.reading import Sheet
from tapline.digits import whole_number
from tapline.errors import TaplineError

# What a column may be besides an attribute of the contact.
PHONE, LANGUAGE, ZONE, TAGS = "phone", "language", "zone", "tags"
AGREED_HOW, AGREED_AT, WORDING = "agreed_how", "agreed_at", "wording"

MAX_COLUMNS = 100
MAX_NAME = 60
# Of the sample, this share must look like numbers before a column without a telling name is taken.
ENOUGH_NUMBERS = 0.8

# Header words per field, best first; compared as `attribute_name` writes them.
_WORDS: dict[str, tuple[str, ...]] = {
    PHONE: (
        "phone", "mobile", "mobile_phone", "mobile_number", "cell", "cell_phone", "cellphone",
        "phone_number", "msisdn", "tel", "telephone", "phone_1_value", "number", "handy",
        "handynummer", "mobil", "mobilnummer", "mobiltelefon", "telefon", "telefonnummer",
        "rufnummer", "portable", "telephone_portable", "telephone_mobile", "numero", "movil",
        "celular", "telefono", "telefono_movil", "cellulare", "telemovel", "telefone",
        "mobiel", "telefoon", "telefono_celular", "numero_de_telefono",
    ),
    "first_name": (
        "first_name", "firstname", "given_name", "forename", "vorname", "prenom", "nombre",
        "nome", "voornaam",
    ),
    "last_name": (
        "last_name", "lastname", "surname", "family_name", "nachname", "nom", "nom_de_famille",
        "apellido", "apellidos", "cognome", "apelido", "sobrenome", "achternaam",
    ),
    "city": ("city", "town", "stadt", "ort", "wohnort", "ville", "ciudad", "citta", "cidade"),
    LANGUAGE: ("language", "lang", "locale", "sprache", "langue", "idioma", "lingua", "taal"),
    ZONE: ("zone", "time_zone", "timezone", "tz", "zeitzone", "fuseau_horaire", "zona_horaria"),
    TAGS: ("tags", "tag", "labels", "groups", "schlagworte", "etiquettes", "etiquetas"),
    AGREED_HOW: (
        "agreed_how", "consent_source", "opt_in_source", "optin_source", "einwilligung_quelle",
        "quelle_der_einwilligung", "origen_del_consentimiento", "fuente_del_consentimiento",
    ),
    AGREED_AT: (
        "agreed_at", "consent_at", "consent_date", "opt_in_date", "opt_in_time", "opted_in_at",
        "optin_date", "optin_time", "einwilligung_am", "eingewilligt_am", "zugestimmt_am",
        "einwilligungsdatum", "fecha_de_consentimiento", "fecha_del_consentimiento",
        "fecha_consentimiento",
    ),
    WORDING: (
        "wording", "consent_text", "consent_wording", "opt_in_text", "einwilligungstext",
        "wortlaut", "texto_de_consentimiento", "texto_del_consentimiento",
    ),
}  # fmt: skip


class BadMapping(TaplineError):
    """The columns of the file cannot be told apart."""


def map_columns(sheet: Sheet, named: Mapping[str, str]) -> dict[str, int]:
    """Return field → index of its column, `phone` always among them; raises `BadMapping`.

    `named` is what the importer said: field → header, or number of the column from 1; empty where
    the file has no such column, whatever its headers say. Columns that nobody named and no word
    tells become attributes under their own header.
    """
    _refuse_too_wide(sheet)
    absent = {_field(field) for field, header in named.items() if not header} - {PHONE}
    columns = {_field(field): _find(sheet, header) for field, header in named.items() if header}
    headers = [attribute_name(header) for header in sheet.header]
    for field, words in _WORDS.items():
        if field in columns or field in absent:
            continue
        taken = set(columns.values())
        found = [headers.index(word) for word in words if word in headers]
        if free := [index for index in found if index not in taken]:
            columns[field] = free[0]
    if PHONE not in columns:
        columns[PHONE] = _guess_phone(sheet, set(columns.values()))
    return columns | _attributes(headers, columns, absent)


def attribute_name(header: str) -> str:
    """Return a header as merge fields name it: "Prénom du client" → "prenom_du_client"."""
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode()
    name = re.sub(r"\W+", "_", plain).strip("_").lower()[:MAX_NAME]
    return f"field_{name}" if name[:1].isdigit() else name


def _attributes(
    headers: Sequence[str], columns: Mapping[str, int], absent: Collection[str]
) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, name in enumerate(headers):
        if name and index not in columns.values():
            free = name
            number = 2
            while free in found or free in columns or free in absent:
                free, number = f"{name}_{number}", number + 1
            found[free] = index
    return found


def _field(field: str) -> str:
    name = attribute_name(field)
    if not name:
        raise BadMapping(
            f"'{field}' cannot name a field.",
            why="Merge fields name it, so it needs letters.",
            do="Write the mapping as field=Column, like phone=Mobile.",
        )
    return name


def _find(sheet: Sheet, header: str) -> int:
    wanted = header.strip().casefold()
    names = [name.casefold() for name in sheet.header]
    if wanted in names:
        return names.index(wanted)
    if 1 <= (place := whole_number(wanted) or 0) <= len(names):
        return place - 1
    raise BadMapping(
        f"The file has no column '{header}'.",
        why=f"Its columns are: {_listed(sheet)}.",
        do="Name one of these, or its number counted from 1.",
    )


def _guess_phone(sheet: Sheet, taken: set[int]) -> int:
    """Return the one column whose cells look like numbers."""
    likely = [
        index
        for index in range(len(sheet.header))
        if index not in taken and _share_of_numbers(sheet, index) >= ENOUGH_NUMBERS
    ]
    if len(likely) == 1:
        return likely[0]
    raise BadMapping(
        "No column holds the phone numbers." if not likely else "Several columns hold numbers.",
        why=f"The columns are: {_listed(sheet)}.",
        do="Say which one it is with --map phone=COLUMN, or check that this is the right file.",
    )


def _share_of_numbers(sheet: Sheet, index: int) -> float:
    cells = [row[index] for row in sheet.sample if index < len(row) and row[index].strip()]
    return sum(map(looks_like_number, cells)) / len(cells) if cells else 0.0


def _listed(sheet: Sheet) -> str:
    return ", ".join(f"'{name[:40]}'" for name in sheet.header[:20])


def _refuse_too_wide(sheet: Sheet) -> None:
    if len(sheet.header) > MAX_COLUMNS:
        raise BadMapping(
            f"The file has {len(sheet.header)} columns.",
            why=f"A contact may have {MAX_COLUMNS} attributes.",
            do="Remove the columns that no text needs, and import it again.",
        )
