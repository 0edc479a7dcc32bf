"""The catalogues of translations: what is in them, and how they are read from the code.

`python -m tapline.web.catalogues` (`make messages`) brings `locale/*/LC_MESSAGES/django.po` up to
date with every string that is marked in code and templates: new ones come in untranslated, ones
that are gone leave. Set-up compiles them (`compile_catalogues`) without Django or gettext.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from babel.messages import pofile
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from babel.messages.mofile import write_mo

from tapline.web.error_patterns import patterns

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "locale"
LANGUAGES = ("de", "es")
WIDTH = 100
# No dates and names: they would differ in every change of it.
HEADER = """\
# Translations of Tapline. How they are made: docs/translating.md.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plural_forms}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
# Those of Django beside gettext's own, by which arguments are message, plural and context («c»).
KEYWORDS: dict[str, Any] = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def extract() -> Catalog:
    """Return a catalogue of every string that is marked, all untranslated."""
    template = Catalog()
    for path in sorted(ROOT.rglob("*.py")):
        _add(template, _of_python(path.read_bytes()))
    for path in sorted(ROOT.rglob("templates/**/*")):
        if path.is_file():
            _add(template, _of_template(path.read_text(encoding="utf-8")))
    for sentence in patterns():
        template.add(sentence)
    return template


def read_catalogue(language: str) -> Catalog:
    """Return a language's catalogue as it is committed; an empty one where there is none."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def update(language: str, template: Catalog) -> Catalog:
    """Bring a language's catalogue up to date and return it. Nothing is guessed from likeness."""
    catalogue = read_catalogue(language)
    catalogue.update(template, no_fuzzy_matching=True)
    write_catalogue(language, catalogue)
    return catalogue


def write_catalogue(language: str, catalogue: Catalog) -> None:
    """Write a language's catalogue as it is committed: sorted, without places in the code."""
    written = BytesIO()
    pofile.write_po(
        written,
        catalogue,
        WIDTH,
        no_location=True,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
    )
    header = HEADER.format(language=language, plural_forms=catalogue.plural_forms.rstrip(";"))
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header.encode() + written.getvalue().strip() + b"\n")


def compile_catalogues() -> None:
    """Write the compiled catalogue beside each committed one."""
    for language in LANGUAGES:
        with path_of(language).with_suffix(".mo").open("wb") as file:
            write_mo(file, read_catalogue(language))


def path_of(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def untranslated(catalogue: Catalog) -> list[Message]:
    """Return the messages that lack a translation, or one of its plural forms."""
    return [each for each in catalogue if each.id and not all(forms_of(each))]


def forms_of(message: Message) -> tuple[str, ...]:
    """Return the translation of a message, or its plural forms; an empty text where it is none."""
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(string)


def _of_python(source: bytes) -> Iterator[tuple[str, Any, list[str]]]:
    """Yield function, arguments and comments for translators of each marked string."""
    for found in extract_python(BytesIO(source), KEYWORDS, ["Translators:"], {}):
        _line, function, arguments, comments = cast("tuple[int, str, Any, list[str]]", found)
        yield function, arguments, comments


def _of_template(source: str) -> Iterator[tuple[str, Any, list[str]]]:
    """Read a template through the Python-like text that Django makes of it for xgettext."""
    from django.utils.translation.template import templatize

    lines = (line.strip() for line in templatize(source).splitlines())
    yield from _of_python("\n".join(lines).encode())


def _add(catalogue: Catalog, found: Iterator[tuple[str, Any, list[str]]]) -> None:
    for function, arguments, comments in found:
        given = (arguments,) if isinstance(arguments, str) else arguments or ()  # a variable's
        with_context, with_plural = "pgettext" in function, "ng" in function or "np" in function
        context = given[0] if with_context and given else None
        texts = given[int(with_context) :][: 2 if with_plural else 1]
        if texts and all(texts):
            message = texts if with_plural else texts[0]
            catalogue.add(message, auto_comments=comments, context=context)


def main() -> None:
    """Bring all catalogues up to date, and say what is left to translate."""
    template = extract()
    for language in LANGUAGES:
        catalogue = update(language, template)
        left = untranslated(catalogue)
        sys.stdout.write(f"{language}: {len(catalogue)} strings, {len(left)} to translate\n")


if __name__ == "__main__":
    main()
