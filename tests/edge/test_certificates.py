"""Each host is shown its own certificate; a new one is taken up, a broken one harms nobody."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapline.edge.certificates import Certificates, Pair
from tests.edge.certificates import write_certificate
from tests.edge.conftest import World, make_world
from tests.edge.control import eventually

NOW = dt.datetime.now(dt.UTC)


def write(folder: Path, host: str, *names: str, days: float = 90) -> bytes:
    folder.mkdir(exist_ok=True)
    files = (folder / f"{host}.crt", folder / f"{host}.key")
    return write_certificate(*files, *(names or [host]), days=days)


def names(certificates: Certificates, host: str | None) -> tuple[str, ...] | None:
    found = certificates.find(host)
    return found.names if found else None


def problems(certificates: Certificates) -> list[str]:
    return [each.problem for each in certificates.report(NOW) if each.problem]


def test_a_host_is_found_by_the_names_in_certificates(tmp_path: Path) -> None:
    write(tmp_path, "a.example.com")
    write(tmp_path, "anything", "*.example.net", "example.net")

    certificates = Certificates(None, tmp_path)

    assert names(certificates, "A.example.com.") == ("a.example.com",)
    for covered in ("example.net", "go.example.net"):
        assert names(certificates, covered) == ("*.example.net", "example.net")
    for stranger in ("deep.go.example.net", "other.example.org", "net", None):
        assert names(certificates, stranger) is None
    assert problems(certificates) == []


def test_the_default_pair_serves_every_other_host(tmp_path: Path) -> None:
    write(tmp_path / "folder", "a.example.com")
    write_certificate(tmp_path / "cert.pem", tmp_path / "key.pem", "b.example.com")
    default = Pair(tmp_path / "cert.pem", tmp_path / "key.pem")

    certificates = Certificates(default, tmp_path / "folder")

    assert names(certificates, "a.example.com") == ("a.example.com",)
    for host in ("b.example.com", "other.example.org", None):
        assert names(certificates, host) == ("b.example.com",)


def test_of_two_certificates_for_a_host_the_one_that_ends_later_is_shown(tmp_path: Path) -> None:
    write(tmp_path, "new", "go.example.com", "new.example.com", days=80)
    write(tmp_path, "old", "go.example.com", "old.example.com", days=20)

    assert names(Certificates(None, tmp_path), "go.example.com") == (
        "go.example.com",
        "new.example.com",
    )


def test_links_that_are_swapped_as_certbot_does_are_followed(tmp_path: Path) -> None:
    archive, live = tmp_path / "archive", tmp_path / "live"
    (live / "go.example.com").mkdir(parents=True)
    archive.mkdir()
    (live / "README").write_text("what certbot puts there")

    def renew(number: int) -> None:
        files = (archive / f"fullchain{number}.pem", archive / f"privkey{number}.pem")
        write_certificate(*files, "go.example.com", f"n{number}.example.com")
        for name in ("fullchain", "privkey"):
            link = live / "go.example.com" / f"{name}.pem"
            draft = link.with_suffix(".new")
            draft.symlink_to(archive / f"{name}{number}.pem")
            draft.rename(link)

    renew(1)
    certificates = Certificates(None, live)
    assert names(certificates, "n1.example.com")

    renew(2)
    certificates.refresh()
    assert names(certificates, "n2.example.com")
    assert names(certificates, "n1.example.com") is None
    assert problems(certificates) == []


@pytest.mark.parametrize("fault", ["no key", "other key", "no pem", "no certificate", "passphrase"])
def test_a_broken_new_file_keeps_the_old_certificate_and_says_so(
    tmp_path: Path, fault: str
) -> None:
    write(tmp_path, "go.example.com")
    certificates = Certificates(None, tmp_path)
    before = certificates.find("go.example.com")
    certificate, key = tmp_path / "go.example.com.crt", tmp_path / "go.example.com.key"

    if fault == "no key":
        key.unlink()
    elif fault == "other key":
        write_certificate(tmp_path / "spare", key, "go.example.com")
    elif fault == "no pem":
        certificate.write_text("<html>404</html>")
    elif fault == "no certificate":
        certificate.unlink()
    else:
        write_certificate(certificate, key, "go.example.com", passphrase=b"secret")

    for _ in range(2):  # The second look finds the same, and says the same.
        assert certificates.refresh() == 1
        assert certificates.find("go.example.com") is before
        [problem] = problems(certificates)
        assert problem.endswith("The certificate read before is still shown.")

    write(tmp_path, "go.example.com")
    assert certificates.refresh() == 0
    assert certificates.find("go.example.com") is not before
    assert problems(certificates) == []


def test_a_pair_that_is_taken_away_whole_is_forgotten(tmp_path: Path) -> None:
    write(tmp_path, "a.example.com")
    write(tmp_path, "b.example.com")
    certificates = Certificates(None, tmp_path)
    for suffix in ("crt", "key"):
        (tmp_path / f"a.example.com.{suffix}").unlink()

    assert certificates.refresh() == 0
    assert names(certificates, "a.example.com") is None
    assert problems(certificates) == []


@pytest.mark.parametrize(
    ("days", "said"),
    [(15.5, ""), (13.5, "ends in 13 days"), (-1, "has ended")],
)
def test_an_end_that_is_near_is_said(tmp_path: Path, days: float, said: str) -> None:
    write(tmp_path, "go.example.com", days=days)

    [report] = Certificates(None, tmp_path).report(NOW)

    assert said in report.problem
    assert bool(said) == bool(report.problem)


def test_a_folder_that_is_empty_or_gone_is_said(tmp_path: Path) -> None:
    certificates = Certificates(None, tmp_path)
    assert problems(certificates) == ["The folder holds no certificates."]

    write(tmp_path, "go.example.com")
    certificates.refresh()
    tmp_path.rename(tmp_path.with_suffix(".away"))
    certificates.refresh()
    assert names(certificates, "go.example.com")
    assert "The folder cannot be read: No such file or directory." in problems(certificates)
    tmp_path.with_suffix(".away").rename(tmp_path)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Path]]:
    """An edge that serves TLS from a folder with one certificate."""
    folder = tmp_path_factory.mktemp("certificates")
    write(folder, "go.example.com")
    world = make_world(
        tmp_path_factory.mktemp("secure"),
        TAPLINE_EDGE_TLS_LISTEN="127.0.0.1:0",
        TAPLINE_EDGE_TLS_FOLDER=str(folder),
    )
    yield world, folder
    assert world.edge.stop() == 0


def shown(world: World, host: str | None, **versions: ssl.TLSVersion) -> bytes | None:
    """Return the certificate that a client asking for `host` sees (DER)."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, version in versions.items():
        setattr(context, name, version)
    with (
        socket.create_connection(("127.0.0.1", world.edge.tls_port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=host) as secure,
    ):
        return secure.getpeercert(binary_form=True)


def test_each_host_is_shown_its_own_certificate_also_one_that_came_later(
    secure: tuple[World, Path],
) -> None:
    world, folder = secure
    first = shown(world, "go.example.com")

    second = write(folder, "shop.example.com", "shop.example.com", "*.example.org")

    def tried() -> bytes | None:
        try:
            return shown(world, "shop.example.com")
        except ssl.SSLError:
            return None

    eventually(lambda: tried() == second, "the second host has its certificate")
    assert shown(world, "uk.example.org") == second
    assert shown(world, "go.example.com", maximum_version=ssl.TLSVersion.TLSv1_2) == first
    with pytest.raises(ssl.SSLError):
        shown(world, "stranger.example.net")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_versions_of_tls_are_refused(secure: tuple[World, Path]) -> None:
    world, _ = secure
    with pytest.raises(ssl.SSLError):
        shown(
            world,
            "go.example.com",
            minimum_version=ssl.TLSVersion.TLSv1,
            maximum_version=ssl.TLSVersion.TLSv1_1,
        )


def test_health_and_metrics_tell_of_a_broken_and_of_an_ending_certificate(
    secure: tuple[World, Path],
) -> None:
    world, folder = secure
    edge = world.edge

    def told(file: str) -> str:
        said = {Path(each["file"]).name: each for each in edge.health()["certificates"]}
        return str(said.get(file, {}).get("problem", ""))

    write(folder, "ending.example.com", days=5.5)
    eventually(lambda: "5 days" in told("ending.example.com.crt"), "the near end is told")
    assert edge.health()["status"] == "degraded"
    write(folder, "ending.example.com")
    eventually(lambda: edge.health()["status"] == "ok", "all is well again")

    (folder / "ending.example.com.crt").write_text("nothing")
    eventually(lambda: "PEM" in told("ending.example.com.crt"), "the broken file is told")
    eventually(lambda: edge.metric("tapline_edge_certificates_failing") == 1, "and counted")
    [file] = folder.glob("go.example.com.crt")
    ends = edge.metric(f'tapline_edge_certificate_ends_seconds{{file="{file}"}}')
    assert 80 < (ends - NOW.timestamp()) / 86400 < 91
