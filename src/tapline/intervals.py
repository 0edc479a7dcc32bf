"""How far a rate may be trusted: the range in which it lies, given how much was seen. Pure.

- A share of few says little. Its range is Wilson's score interval (Wilson 1927, J. Am. Stat.
  Assoc. 22:209; recommended for small numbers by Brown, Cai and DasGupta 2001, Stat. Sci. 16:101):
  it never leaves 0 … 1, and says something also where nobody tapped.
- Texts of one broadcast share a day, a wording and an audience, so two broadcasts differ more than
  two draws of one coin. By how many times is the dispersion of a quasi-binomial model (McCullagh
  and Nelder 1989, Generalized Linear Models, 4.5.2): Pearson's chi-square over its degrees of
  freedom. A sample then counts as many times less.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# The standard normal quantile of 97.5 %: ranges hold the true rate in 95 of 100 cases.
Z = 1.959964


@dataclass(frozen=True, slots=True)
class Sample:
    """How many of how many did it."""

    hits: int
    of: int

    @property
    def rate(self) -> float:
        """Return the share, at most 1: a receipt may be on its way when the tap is there."""
        return min(1.0, self.hits / self.of) if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Range:
    """From where to where a rate may lie."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


def wilson(rate: float, of: float, z: float = Z) -> Range:
    """Return the range of a rate that was seen among `of`, which need not be whole; `z` is the
    standard normal quantile that says how sure it is."""
    if of <= 0:
        return Range(0.0, 1.0)
    spread = z * z / of
    middle = (rate + spread / 2) / (1 + spread)
    reach = math.sqrt(max(0.0, spread * (rate * (1 - rate) + spread / 4))) / (1 + spread)
    return Range(max(0.0, min(rate, middle - reach)), min(1.0, max(rate, middle + reach)))


def pooled(samples: Iterable[Sample]) -> Sample:
    """Return several samples as one."""
    samples = list(samples)
    return Sample(sum(each.hits for each in samples), sum(each.of for each in samples))


def dispersion(groups: Iterable[Sequence[Sample]]) -> float:
    """Return how many times more samples of one group differ than chance alone would have it.

    1 at least, and where no group has two samples.
    """
    squares, freedom = 0.0, 0
    for group in groups:
        told = [each for each in group if each.of]
        rate = pooled(told).rate
        if len(told) < 2 or not 0 < rate < 1:
            continue
        squares += sum((each.rate - rate) ** 2 * each.of / (rate * (1 - rate)) for each in told)
        freedom += len(told) - 1
    return max(1.0, squares / freedom) if freedom else 1.0


def range_of(sample: Sample, times: float = 1.0, z: float = Z) -> Range:
    """Return the range of a sample's rate; `times` is the dispersion."""
    return wilson(sample.rate, sample.of / times, z)


def range_of_difference(one: Sample, other: Sample, z: float = Z) -> Range:
    """Return from where to where the rate of `other` may lie above that of `one`.

    Newcombe's hybrid of two score intervals (Newcombe 1998, Stat. Med. 17:873, method 10): it keeps
    what Wilson's is good for, and -1 … 1.
    """
    first, second = range_of(one, z=z), range_of(other, z=z)
    difference = other.rate - one.rate
    down = math.hypot(other.rate - second.low, first.high - one.rate)
    up = math.hypot(second.high - other.rate, one.rate - first.low)
    return Range(max(-1.0, difference - down), min(1.0, difference + up))
