"""What a domain answers besides its links: `/`, robots.txt, an icon, and `/.well-known/`.

`/.well-known/` belongs to programs: whatever is not there is a plain 404, never the fallback. With
a challenge folder the edge proves there to a certificate authority, on any host, that this server
answers for it; so certbot can be used in its webroot mode while the edge holds port 80.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path

from tapline.edge import answers
from tapline.edge.answers import Answer
from tapline.edge.counters import Counter
from tapline.edge.lookup import KnownDomain

# Source: RFC 8555, 8.3: a token is base64url, and the answer a token with a key's thumbprint.
_challenge = re.compile(r"\.well-known/acme-challenge/([A-Za-z0-9_-]{1,128})").fullmatch
LONGEST_CHALLENGE_BYTES = 1024


class DomainPages:
    """Answers what is no link. `challenge_dir` is where an ACME client leaves its files."""

    def __init__(self, challenge_dir: Path | None) -> None:
        self._challenge_dir = challenge_dir

    def find(self, path: str, domain: KnownDomain | None) -> tuple[Answer, Counter] | None:
        """Return what `path` gets if it can be no link; None where it may be one."""
        if path == "":
            return (domain.home, Counter.HOME) if domain else None
        if path == "robots.txt":
            return domain.robots if domain else answers.ROBOTS, Counter.ROBOTS
        if path == "favicon.ico":
            return (answers.FAVICON, Counter.FAVICON) if domain else None
        if path.startswith(".well-known/"):
            return self._well_known(path), Counter.WELL_KNOWN
        return None

    def _well_known(self, path: str) -> Answer:
        found = _challenge(path)
        if self._challenge_dir is None or found is None:
            return answers.NOT_HERE
        body = _read_small_file(self._challenge_dir / path)
        return answers.NOT_HERE if body is None else answers.challenge(body)


def _read_small_file(path: Path) -> bytes | None:
    """Return what a regular file holds, a kilobyte at most; None where there is none."""
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
        with path.open("rb") as file:
            return file.read(LONGEST_CHALLENGE_BYTES) if is_file else None
    except OSError:
        return None
