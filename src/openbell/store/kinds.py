"""Which intervals a symbol has, sorted out of the rows of the catalogue."""

from functools import lru_cache
from typing import NamedTuple

from openbell.bars.interval import Interval
from openbell.store.days import GridKind


class Kinds(NamedTuple):
    """Intervals from short to long: on the session's grid and their places, on clock hours, and adjusted ones."""

    session: tuple[Interval, ...]
    places: tuple[int, ...]
    clock: tuple[Interval, ...]
    adjusted: tuple[Interval, ...]


@lru_cache(maxsize=1024)
def kinds_of(series: tuple[tuple[str, str, int], ...]) -> Kinds:
    """Sorted out once for all symbols that have the same series."""
    found = sorted((Interval.parse(text), place, grid, adjusted) for place, (text, grid, adjusted) in enumerate(series))
    own = [(interval, place, adjusted) for interval, place, grid, adjusted in found if grid == GridKind.SESSION]
    return Kinds(
        tuple(interval for interval, _, _ in own),
        tuple(place for _, place, _ in own),
        tuple(interval for interval, _, grid, _ in found if grid == GridKind.CLOCK),
        tuple(interval for interval, _, adjusted in own if adjusted),
    )
