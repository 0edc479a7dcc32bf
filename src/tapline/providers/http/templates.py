"""How a request is written from templates: `{{ to }}` becomes the number, escaped for its place.

What fills a template is data and stays data: in an address it is percent-encoded, in JSON it is
escaped inside its quotes, in a form it is encoded, in a header it loses control characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

from tapline.errors import TaplineError

FIELDS = {
    "to": "the recipient's number, such as +12125550123",
    "to_digits": "the same without the plus",
    "from": "the sender number",
    "text": "the text",
    "reference": "our name for this text",
    "validity_seconds": "how long it may wait at the provider",
    "send_before": "after which it must not be delivered, ISO 8601",
    "media": "the address of the first picture",
    "receipts_url": "where its receipts are to be posted",
    "secret": "the account's secret",
}
_FIELD = re.compile(r"\{\{\s*([a-z_]*)\s*\}\}")

Escape = Callable[[str], str]


class BadTemplate(TaplineError):
    """A template cannot be filled."""


def fill(template: str, values: Mapping[str, str], escape: Escape) -> str:
    """Return a checked template with its fields filled."""
    return _FIELD.sub(lambda field: escape(values[field[1]]), template)


def fields_in(template: str) -> set[str]:
    """Return the fields that a template names."""
    return set(_FIELD.findall(template))


def check_template(template: str, where: str) -> None:
    """Raise `BadTemplate` for a field that there is not, or one without its end."""
    for name in _FIELD.findall(template):
        if name not in FIELDS:
            raise BadTemplate(
                f"{where} names '{name}'.",
                why=f"What can be filled in is: {', '.join(FIELDS)}.",
                do="Correct the name between the double braces.",
            )
    rest = _FIELD.sub("", template)
    if "{{" in rest:
        raise BadTemplate(
            f"{where} has a field without its end.",
            why="A field is written {{ to }}.",
            do="Close it with two braces.",
        )


def in_address(value: str) -> str:
    """Escape for a path or a query."""
    return quote(value, safe="")


def in_json(value: str) -> str:
    """Escape for the inside of a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def in_form(value: str) -> str:
    """Escape for a form's field."""
    return quote_plus(value)


def in_header(value: str) -> str:
    """Return what a header may hold of a value."""
    return "".join(each for each in value if " " <= each <= "~")


def plainly(value: str) -> str:
    """Leave a value as it is: for bodies that are plain text."""
    return value
