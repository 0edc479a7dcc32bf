"""Files with places are fetched, checked, and only then put in the place of the old one."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tapline import config
from tapline.config import Config
from tapline.errors import TaplineError
from tapline.geo import fetching
from tapline.geo.book import PlaceBook
from tapline.geo.commands import geo
from tapline.geo.files import NETWORK_FILE, PLACE_FILE, BadGeoFile, path_of, read_note
from tests.geo.downloads import Downloads, serving
from tests.geo.mmdb import write_mmdb

NOW = dt.datetime(2026, 11, 29, 12, 0, tzinfo=dt.UTC)
LOOPBACK = {"TAPLINE_OUTBOUND_LOCAL": "on"}


@pytest.fixture
def downloads() -> Iterator[Downloads]:
    with serving() as served:
        yield served


def make_settings(tmp_path: Path, **more: str) -> Config:
    return config.load({"TAPLINE_DATA_DIR": str(tmp_path / "data"), **LOOPBACK, **more})


def place_file(tmp_path: Path, country: str) -> bytes:
    ranges = {"198.51.0.0/16": {"country": {"iso_code": country}}}
    return write_mmdb(tmp_path / "made.mmdb", ranges, "DBIP-City-Lite").read_bytes()


def country_now(settings: Config) -> str:
    book = PlaceBook(path_of(PLACE_FILE, settings), path_of(NETWORK_FILE, settings))
    book.refresh()
    return book.find("198.51.3.4").country


def as_tar(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, inside in (("GeoLite2/COPYRIGHT.txt", b"(c)"), ("GeoLite2/City.mmdb", content)):
            member = tarfile.TarInfo(name)
            member.size = len(inside)
            archive.addfile(member, io.BytesIO(inside))
    return packed.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, as_tar], ids=["plain", "gzip", "tar"])
def test_a_file_is_fetched_unpacked_and_put_in_its_place(
    tmp_path: Path, downloads: Downloads, pack: object
) -> None:
    assert callable(pack)
    content = place_file(tmp_path, "FR")
    downloads.bodies["/city.mmdb"] = pack(content)
    settings = make_settings(tmp_path, TAPLINE_GEO_PLACE_ADDRESS=f"{downloads.url}/city.mmdb")

    done = fetching.update(PLACE_FILE, settings, NOW)

    assert country_now(settings) == "FR"
    assert (done.says, done.is_new) == ("DBIP-City-Lite", True)
    note = read_note(done.path)
    assert note is not None
    assert note.source == f"{downloads.url}/city.mmdb"
    assert note.fetched_at == "2026-11-29T12:00:00+00:00"
    assert note.sha256 == hashlib.sha256(content).hexdigest()
    assert fetching.update(PLACE_FILE, settings, NOW).is_new is False
    assert len(list(done.path.parent.iterdir())) == 2, "no draft stays"


def test_early_in_a_month_last_months_file_is_taken(tmp_path: Path, downloads: Downloads) -> None:
    downloads.bodies["/city-2026-10.mmdb"] = place_file(tmp_path, "FR")
    address = f"{downloads.url}/city-{{month}}.mmdb"
    settings = make_settings(tmp_path, TAPLINE_GEO_PLACE_ADDRESS=address)

    done = fetching.update(PLACE_FILE, settings, NOW)

    assert done.source == f"{downloads.url}/city-2026-10.mmdb"
    assert [path for path, _ in downloads.asked] == ["/city-2026-11.mmdb", "/city-2026-10.mmdb"]


def test_maxmind_is_asked_with_the_licence_key_and_its_checksum_counts(
    tmp_path: Path, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAXMIND", f"{downloads.url}/{{edition}}/download?suffix=tar.gz")
    packed = as_tar(place_file(tmp_path, "FR"))
    place = "/GeoLite2-City/download?suffix=tar.gz"
    # As theirs does, the download leads elsewhere; the licence key must not go along.
    downloads.bodies[place] = f"http://localhost:{downloads.url.rpartition(':')[2]}/stored"
    downloads.bodies["/stored"] = packed
    checksum = hashlib.sha256(packed).hexdigest()
    downloads.bodies[f"{place}.sha256"] = f"{checksum}  GeoLite2-City.tar.gz\n".encode()
    settings = make_settings(
        tmp_path,
        TAPLINE_GEO_MAXMIND_ACCOUNT="12345",
        TAPLINE_GEO_MAXMIND_KEY="secret",
    )

    fetching.update(PLACE_FILE, settings, NOW)

    login = "Basic " + base64.b64encode(b"12345:secret").decode()
    assert downloads.asked == [(f"{place}.sha256", login), (place, login), ("/stored", "")]
    assert country_now(settings) == "FR"


@pytest.mark.parametrize(
    ("body", "what", "do"),
    [
        (b"<html>Not here</html>", "is no file that tells where", "whole file"),
        (gzip.compress(b"x" * 100), "is no file that tells where", "whole file"),
        (gzip.compress(bytes(range(256)) * 9)[:60], "cannot be unpacked", "Try again"),
        (b"", "is no file that tells where", "whole file"),
        (401, "cannot be fetched", "licence key"),
        (500, "cannot be fetched", "later"),
        (404, "There is nothing at", "address"),
        ("http://127.0.0.1:1/", "cannot be reached", "try again"),
    ],
    ids=["page", "not it", "cut off", "empty", "login", "broken", "gone", "unreachable"],
)
def test_what_is_not_the_file_leaves_the_old_one(
    tmp_path: Path, downloads: Downloads, body: bytes | int | str, what: str, do: str
) -> None:
    downloads.bodies["/good"] = place_file(tmp_path, "FR")
    good = make_settings(tmp_path, TAPLINE_GEO_PLACE_ADDRESS=f"{downloads.url}/good")
    fetching.update(PLACE_FILE, good, NOW)
    downloads.bodies["/bad"] = body
    bad = make_settings(tmp_path, TAPLINE_GEO_PLACE_ADDRESS=f"{downloads.url}/bad")

    with pytest.raises(TaplineError) as refused:
        fetching.update(PLACE_FILE, bad, NOW)

    assert what in refused.value.what
    assert do in refused.value.do
    assert country_now(bad) == "FR"
    assert len(list((tmp_path / "data" / "geo").iterdir())) == 2, "no draft stays"


@pytest.mark.parametrize("where", ["in the address", "beside the file"])
def test_a_checksum_that_does_not_fit_is_refused(
    tmp_path: Path, downloads: Downloads, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAXMIND", f"{downloads.url}/{{edition}}")
    downloads.bodies["/city"] = downloads.bodies["/GeoLite2-City"] = place_file(tmp_path, "FR")
    downloads.bodies["/GeoLite2-City.sha256"] = b"0" * 64 + b"  file\n"
    more = {
        "in the address": {"TAPLINE_GEO_PLACE_ADDRESS": f"{downloads.url}/city#sha256={'0' * 64}"},
        "beside the file": {"TAPLINE_GEO_MAXMIND_KEY": "secret"},
    }
    settings = make_settings(tmp_path, **more[where])

    with pytest.raises(fetching.FetchFailed, match="not what its checksum promises"):
        fetching.update(PLACE_FILE, settings, NOW)

    assert country_now(settings) == ""


def test_a_download_without_end_is_cut_off(
    tmp_path: Path, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    downloads.bodies["/large"] = b"x" * 2000
    downloads.bodies["/bomb"] = gzip.compress(b"x" * 2000)
    for path in ("/large", "/bomb"):
        address = f"{downloads.url}{path}"
        settings = make_settings(tmp_path, TAPLINE_GEO_PLACE_ADDRESS=address)
        with pytest.raises(fetching.FetchFailed, match="too large"):
            fetching.update(PLACE_FILE, settings, NOW)


def test_an_address_inside_is_not_asked_unless_that_is_allowed(
    tmp_path: Path, downloads: Downloads
) -> None:
    downloads.bodies["/good"] = place_file(tmp_path, "FR")
    settings = make_settings(
        tmp_path,
        TAPLINE_GEO_PLACE_ADDRESS=f"{downloads.url}/good",
        TAPLINE_OUTBOUND_LOCAL="off",
    )

    with pytest.raises(fetching.FetchFailed, match="private network"):
        fetching.update(PLACE_FILE, settings, NOW)

    assert downloads.asked == []


def test_your_own_file_is_copied_and_another_kind_of_file_refused(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    (tmp_path / "own.mmdb").write_bytes(place_file(tmp_path, "DE"))
    (tmp_path / "table.csv").write_text("network,country\n")

    fetching.bring(PLACE_FILE, tmp_path / "own.mmdb", settings, NOW)
    with pytest.raises(BadGeoFile):
        fetching.bring(PLACE_FILE, tmp_path / "table.csv", settings, NOW)

    assert country_now(settings) == "DE"


def test_the_command_brings_shows_and_finds(tmp_path: Path) -> None:
    own = tmp_path / "own.mmdb"
    own.write_bytes(place_file(tmp_path, "DE"))
    target = path_of(PLACE_FILE, config.current())
    run = CliRunner()
    try:
        brought = run.invoke(geo, ["update", "--place", str(own)])
        shown = run.invoke(geo, ["show"])
        found = run.invoke(geo, ["find", "198.51.3.4"])
    finally:
        target.unlink(missing_ok=True)
        target.with_name("place.mmdb.json").unlink(missing_ok=True)

    assert "DBIP-City-Lite" in brought.output
    assert "who runs a network: not there" in shown.output
    assert "country: DE\nregion: unknown" in found.output
