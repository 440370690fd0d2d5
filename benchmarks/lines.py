"""One line of the table: what was measured, beside what, and what it has to reach."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from benchmarks.measure import Samples, median, quantile, quotient


class Unit(StrEnum):
    """What a line shows; samples are seconds, or megabytes, or plain ratios."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"
    RATE = "M/s"
    MEGABYTES = "MB"


_SCALES = {
    Unit.SECONDS: 1.0,
    Unit.MILLISECONDS: 1e3,
    Unit.MICROSECONDS: 1e6,
    Unit.NANOSECONDS: 1e9,
    Unit.MEGABYTES: 1.0,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """What has to be reached: a ratio to the limit, or a figure in the line's unit."""

    at: float
    ratio: bool = False
    least: bool = False

    def __str__(self) -> str:
        return f"{'>=' if self.least else '<='} {self.at:g}{' x' if self.ratio else ''}"


def ratio_of(at: float, when: bool = True) -> Bar | None:
    """At most so many times the limit, where the sizes are those it was set for."""
    return Bar(at, ratio=True) if when else None


def most(at: float, when: bool = True) -> Bar | None:
    """At most this figure, where the sizes are those it was set for."""
    return Bar(at) if when else None


def least(at: float, when: bool = True) -> Bar | None:
    """At least this figure, where the sizes are those it was set for."""
    return Bar(at, least=True) if when else None


@dataclass(slots=True)
class Line:
    """A measured line.

    Parameters
    ----------
    name
        With its sizes: lines of the same name can be compared between runs.
    samples
        Seconds or megabytes.
    unit
        What is shown.
    work
        By how much a sample is divided (instants, symbols); for a rate, what was done in it (bars).
    limit, limit_name
        Samples of the plain limit, taken in turns with the others, and what it is.
    bar
        What has to be reached, None where these sizes have none.
    tail
        Show the 99th percentile instead of the median.
    note
        Anything that has to be known to read it.
    """

    name: str
    samples: Samples
    unit: Unit = Unit.MILLISECONDS
    work: float = 1.0
    limit: Samples = field(default_factory=list)
    limit_name: str = ""
    bar: Bar | None = None
    tail: bool = False
    note: str = ""

    def shown(self, sample: float) -> float:
        """A sample in the line's unit."""
        if self.unit is Unit.RATE:
            return self.work / sample / 1e6
        return sample * _SCALES[self.unit] / self.work

    @property
    def figure(self) -> float:
        """The line's figure in its unit."""
        return self.shown(quantile(self.samples, 0.99) if self.tail else median(self.samples))

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles in the line's unit, the smaller figure first."""
        low, high = self.shown(quantile(self.samples, 0.25)), self.shown(quantile(self.samples, 0.75))
        return min(low, high), max(low, high)

    @property
    def ratio(self) -> float | None:
        """How many times the limit, None without one."""
        if not self.limit:
            return None
        if self.tail:
            return quantile(self.samples, 0.99) / quantile(self.limit, 0.99)
        return quotient(self.samples, self.limit)

    @property
    def met(self) -> bool | None:
        """Whether the bar is reached, None without one."""
        if self.bar is None:
            return None
        value = self.ratio if self.bar.ratio else self.figure
        if value is None:
            return None
        return value >= self.bar.at if self.bar.least else value <= self.bar.at

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the file of results."""
        return {
            "name": self.name,
            "unit": self.unit.value,
            "median": self.figure,
            "spread": self.spread,
            "ratio": self.ratio,
            "limit": self.limit_name,
            "bar": None if self.bar is None else str(self.bar),
            "met": self.met,
            "samples": len(self.samples),
            "note": self.note,
        }
