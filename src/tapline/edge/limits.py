"""How the edge bears floods in bounded memory: many guesses, or many taps of one code, from one
network."""

from __future__ import annotations

from dataclasses import dataclass, field

# A person mistypes a link once or twice. One guess in a million hits a live code: at twenty a
# minute, one network needs a month; what it asks beyond that waits a second each.
GUESSES_PER_MINUTE = 20
SLOWED_SECONDS = 1.0
TAPS_PER_MINUTE = 100
# Of a code that many recipients share: a carrier's whole network may tap it, each a person.
CROWD_TAPS_PER_MINUTE = 10_000
MOST_COUNTED = 20_000
_BUCKETS = 1 << 20
_ROUGH_LIMIT = TAPS_PER_MINUTE // 2


@dataclass(slots=True)
class GuessLimit:
    """Counts unknown codes per network and minute."""

    counts: dict[str, int] = field(default_factory=dict)

    def slows(self, network: str) -> bool:
        """Note one unknown code; say whether its answer should wait."""
        if network not in self.counts and len(self.counts) >= MOST_COUNTED:
            return True  # So many networks guess at once that it is one flood.
        self.counts[network] = count = self.counts.get(network, 0) + 1
        return count > GUESSES_PER_MINUTE

    def begin_minute(self) -> None:
        self.counts.clear()


@dataclass(slots=True)
class RepeatLimit:
    """Counts taps per path, network and minute; exactly only where it may matter.

    Nearly every code is tapped once or twice. A table of small counters, each shared by all that
    hash alike (1 MB, whatever comes in), sorts out those that are not; the rest is counted one by
    one from the fiftieth on. Python's hash is salted, so nobody outside can aim at a counter.
    """

    rough: bytearray = field(default_factory=lambda: bytearray(_BUCKETS))
    exact: dict[tuple[str, str], int] = field(default_factory=dict)

    def exceeds(self, path: str, network: str, limit: int = TAPS_PER_MINUTE) -> bool:
        """Note one tap; say whether it is the `limit`-th of its kind in this minute, or later."""
        bucket = hash((path, network)) & (_BUCKETS - 1)
        count = self.rough[bucket]
        if count < _ROUGH_LIMIT:
            self.rough[bucket] = count + 1
            return False
        if len(self.exact) >= MOST_COUNTED:
            return False
        kind = (path, network)
        self.exact[kind] = exact = self.exact.get(kind, _ROUGH_LIMIT) + 1
        return exact >= limit

    def begin_minute(self) -> None:
        self.rough = bytearray(_BUCKETS)
        self.exact.clear()
