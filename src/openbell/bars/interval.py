"""The length of a bar, parsed once at the edge."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

NS_PER_SECOND = 1_000_000_000
NS_PER_MINUTE = 60 * NS_PER_SECOND


class Unit(StrEnum):
    """What an interval counts."""

    SECOND = "s"
    MINUTE = "m"
    DAY = "d"
    WEEK = "w"


_WIDTH_NS = {Unit.SECOND: NS_PER_SECOND, Unit.MINUTE: NS_PER_MINUTE}
_RANK = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.DAY: 1_000_000, Unit.WEEK: 7_000_000}

_made: dict[tuple[int, Unit], "Interval"] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """How long a bar is: seconds, minutes, sessions (``d``) or weeks of sessions (``w``).

    Two intervals of the same length are one object, which dictionaries find at once: ``60s`` is ``1m``.

    Examples
    --------
    >>> str(Interval.parse("1h")), str(Interval.parse("60s")), str(Interval.parse("90s"))
    ('60m', '1m', '90s')
    >>> Interval.parse("5m") < Interval.parse("1d")
    True
    """

    count: int
    unit: Unit

    def __new__(cls, count: int, unit: Unit) -> "Interval":
        """The one object of this length."""
        return _made.setdefault((count, unit), object.__new__(cls))

    def __reduce__(self) -> tuple[type["Interval"], tuple[int, Unit]]:
        return Interval, (self.count, self.unit)

    @classmethod
    def parse(cls, text: str) -> "Interval":
        """Read ``1s 5s 1m 5m 15m 60m 1h 1d 1w`` and any other whole count.

        Raises
        ------
        ValueError
            If the text is not a positive whole number and one of ``s m h d w``.
        """
        parts = _parts(text) if isinstance(text, str) else None
        if parts is None:
            raise ValueError(f"{text!r} is not an interval: write a whole number and s, m, h, d or w, like 5m or 1d")
        return Interval(*parts)

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    def __lt__(self, other: "Interval") -> bool:
        return self.rank < other.rank

    @property
    def rank(self) -> int:
        """A number that orders intervals from short to long."""
        return self.count * _RANK[self.unit]

    @property
    def intraday(self) -> bool:
        """Whether bars are shorter than a session."""
        return self.unit in _WIDTH_NS

    @property
    def width_ns(self) -> int:
        """Length in nanoseconds; only intraday intervals have one.

        Raises
        ------
        ValueError
            For days and weeks: a session's length is the calendar's to say.
        """
        if not self.intraday:
            raise ValueError(f"{self} has no fixed length: ask the calendar")
        return self.count * _WIDTH_NS[self.unit]

    @property
    def natural_base(self) -> "Interval":
        """The stored interval this one is made of: 1s for seconds, 1m for minutes, 1d for days and weeks."""
        return Interval(1, Unit.DAY if not self.intraday else self.unit)

    def derivable_from(self, base: "Interval") -> bool:
        """Whether whole bars of ``base`` make up one of these.

        Examples
        --------
        >>> Interval.parse("15m").derivable_from(Interval.parse("5m"))
        True
        >>> Interval.parse("3m").derivable_from(Interval.parse("5m"))
        False
        """
        if not self.intraday:
            if base.intraday:
                return True
            if base.unit is Unit.WEEK:
                return self.unit is Unit.WEEK and self.count % base.count == 0
            return (self.unit is Unit.WEEK and base.count == 1) or (
                self.unit is Unit.DAY and self.count % base.count == 0
            )
        return base.intraday and self.width_ns % base.width_ns == 0


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[int, Unit] | None:
    match = re.fullmatch(r"\s*(\d{1,6})\s*([smhdw])\s*", text.lower())
    if match is None or int(match[1]) == 0:
        return None
    count, letter = int(match[1]), match[2]
    if letter == "h":
        count, letter = count * 60, "m"
    if letter == "s" and count % 60 == 0:
        count, letter = count // 60, "m"
    return count, Unit(letter)
