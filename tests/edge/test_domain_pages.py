"""What is answered below /.well-known/: proofs for certificate authorities, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tapline.edge import answers
from tapline.edge.domain_pages import LONGEST_CHALLENGE_BYTES, DomainPages

TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"  # of RFC 8555, 8.3


@pytest.fixture
def webroot(tmp_path: Path) -> Path:
    """A folder as certbot's webroot mode fills it, and a secret beside it."""
    challenges = tmp_path / "webroot" / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / TOKEN).write_text(f"{TOKEN}.thumbprint")
    (challenges / "folder").mkdir()
    (tmp_path / "secret").write_text("secret")
    return tmp_path / "webroot"


def test_a_challenge_is_shown_on_any_host(webroot: Path) -> None:
    found = DomainPages(webroot).find(f".well-known/acme-challenge/{TOKEN}", None)

    assert found is not None
    assert (found[0].status, found[0].body) == (200, f"{TOKEN}.thumbprint".encode())


@pytest.mark.parametrize(
    "path",
    [
        "acme-challenge/missing",
        "acme-challenge/folder",
        "acme-challenge/../../../secret",
        f"acme-challenge/{TOKEN}/",
        f"acme-challenge//{TOKEN}",
        "acme-challenge/" + "a" * 129,
        "acme-challenge/é",
        "acme-challenge/a\x00b",
        "security.txt",
    ],
)
def test_everything_else_is_not_here(webroot: Path, path: str) -> None:
    found = DomainPages(webroot).find(f".well-known/{path}", None)

    assert found is not None
    assert found[0] is answers.NOT_HERE


def test_a_huge_file_is_cut(webroot: Path) -> None:
    huge = webroot / ".well-known" / "acme-challenge" / "huge"
    huge.write_bytes(b"x" * (1 << 20))

    found = DomainPages(webroot).find(".well-known/acme-challenge/huge", None)

    assert found is not None
    assert len(found[0].body) == LONGEST_CHALLENGE_BYTES


def test_without_a_folder_nothing_is_shown() -> None:
    found = DomainPages(None).find(f".well-known/acme-challenge/{TOKEN}", None)

    assert found is not None
    assert found[0] is answers.NOT_HERE
