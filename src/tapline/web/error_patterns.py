"""What errors and findings say, read from the code that writes them.

The core writes them in English with the values already in them, and knows neither page nor
language. Their sentences are read from the code as patterns («The alias '{alias}' is taken.»), so
that they can be translated like any other string; `web.error_words` finds the pattern of a text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What only terminals, logs or programs are told.
NOT_ON_PAGES = ("cli", "codes", "clicklog", "config", "edge", "geo", "instance", "sqlite")
NOT_ON_PAGES_STEMS = ("api", "bundle", "commands", "demo", "engine", "server", "static_files")
# Findings, functions of a module that make its error of what and why, and the mark of a reason that
# is told elsewhere.
MAKERS = (
    "Advice",
    "Finding",
    "_bad_alias",
    "_bad_domain",
    "_finding",
    "_incomplete",
    "_missing",
    "_reason",
    "_refuse",
    "_refuse_used",
    "_unreadable",
)
KEYWORDS = ("what", "why", "do")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Fewer letters around its values tell one sentence from another no more.
LEAST_LETTERS = 8


def patterns() -> list[str]:
    """Return every sentence, values as {name}, in the order of the code."""
    found = (sentence for path in _paths() for sentence in _sentences(path))
    return list(dict.fromkeys(found))


def _paths() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*.py")):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if room not in NOT_ON_PAGES and not path.stem.startswith(NOT_ON_PAGES_STEMS):
            yield path


def _sentences(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            for text in _texts(node):
                yield from _read(text)


def _texts(call: ast.Call) -> Iterator[ast.expr]:
    """Yield what an error or a finding is made of: what, why, and what to do."""
    named = {each.arg: each.value for each in call.keywords}
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if {"why", "do"} <= set(named) or name in MAKERS:
        yield from call.args
        yield from (named[key] for key in KEYWORDS if key in named)
    elif name == "pause" and "reason" in named:  # It stands on the broadcast's page.
        yield named["reason"]


def _read(text: ast.expr) -> Iterator[str]:
    """Yield the pattern of one text, or of both sides of a choice."""
    if isinstance(text, ast.IfExp):
        yield from _read(text.body)
        yield from _read(text.orelse)
    elif isinstance(text, ast.Constant | ast.JoinedStr) and (sentence := _pattern(text)):
        yield sentence


def _pattern(text: ast.Constant | ast.JoinedStr) -> str:
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    sentence, names = "", 0
    for part in parts:
        if isinstance(part, ast.Constant):
            sentence += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            names += 1
            own = part.value.id if isinstance(part.value, ast.Name) else f"value{names}"
            sentence += "{" + (own if f"{{{own}}}" not in sentence else f"{own}{names}") + "}"
    return sentence if _is_telling(sentence) else ""


def _is_telling(sentence: str) -> bool:
    """Say whether it is a sentence and not a key or a name, and enough of it stands fast."""
    letters = sum(map(str.isalpha, PLACEHOLDER.sub("", sentence)))
    return " " in sentence.strip() and letters >= LEAST_LETTERS
