"""Checks that imports point one way only: `python -m tests.check_layers`, also run by the tests."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src" / "tapline"

# A room may import itself and the rooms named here. Modules beside the rooms are named by file.
BASE = {
    "addresses",
    "errors",
    "gathering",
    "config",
    "destinations",
    "digits",
    "outbound",
    "mail",
    "cards",
    "cells",
    "csv_files",
    "names",
    "numerals",
    "previewers",
    "sqlite",
    "loops",
    "processes",
    "turns",
    "intervals",
    "cli",
}
PURE = {"codes", "texts", "clicklog"}
MAY_IMPORT: dict[str, set[str]] = {
    "codes": BASE,
    "texts": BASE,
    "clicklog": BASE,
    "edge": BASE | PURE | {"instance.keys"},
    "geo": BASE,
    "workspaces": BASE | {"instance"},
    "signin": BASE | {"instance", "workspaces", "web"},
    "instance": BASE | PURE | {"workspaces", "links", "geo"},
    "hours": BASE | {"workspaces", "contacts", "clicks"},
    "links": BASE | PURE | {"instance", "workspaces"},
    "pictures": BASE | {"workspaces"},
    "contacts": BASE | PURE | {"instance", "workspaces", "clicks", "links.changes"},
    "clicks": BASE | PURE | {"instance", "workspaces", "links", "geo"},
    "broadcasts": BASE
    | PURE
    | {
        "instance",
        "workspaces",
        "links",
        "contacts",
        "clicks",
        "hours",
        "pictures",
        "providers",
        "geo",
    },
    "replies": BASE
    | PURE
    | {"instance", "workspaces", "links", "contacts", "clicks", "broadcasts", "providers"},
    "keywords": BASE
    | PURE
    | {"instance", "workspaces", "links", "contacts", "broadcasts", "replies"},
    "insights": BASE
    | PURE
    | {"workspaces", "links", "contacts", "broadcasts", "replies", "keywords"},
    "signups": BASE | PURE | {"instance", "workspaces", "contacts", "clicks", "replies"},
    "providers": BASE
    | PURE
    | {"instance", "workspaces", "links", "contacts", "clicks", "broadcasts", "replies.taking"},
}
WITHOUT_DJANGO = {"codes", "texts", "clicklog", "edge", "geo"}


def violations() -> list[str]:
    """Return one line per import that points the wrong way."""
    return [
        f"{path.relative_to(SOURCE)}:{line} imports {name}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line, name in _imports(path)
        if not _allowed(path, name)
    ]


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name


def _allowed(path: Path, imported: str) -> bool:
    room = path.relative_to(SOURCE).parts[0]
    if room not in MAY_IMPORT:
        return True
    if imported.split(".")[0] == "django":
        return room not in WITHOUT_DJANGO
    if not imported.startswith("tapline."):
        return True
    target = imported.removeprefix("tapline.")
    allowed = MAY_IMPORT[room] | {room, "__version__"}
    # Pages and API of a feature stand on the shared web parts.
    if path.stem.startswith(("pages", "api", "urls", "commands", "apps")):
        allowed = allowed | {
            "web",
            "workspaces",
            "links",
            "contacts",
            "broadcasts",
            "clicks",
            "instance",
            "hours",
            "signin",
        }
    return any(target == name or target.startswith(f"{name}.") for name in allowed)


if __name__ == "__main__":
    found = violations()
    print("\n".join(found) or "imports point one way")
    sys.exit(bool(found))
