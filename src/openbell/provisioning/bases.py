"""Which stored interval the bars of an interval are folded from."""

from collections.abc import Sequence
from functools import lru_cache

from openbell.bars.interval import Interval


@lru_cache(maxsize=4096)
def base_of(interval: Interval, stored: tuple[Interval, ...]) -> Interval | None:
    """The interval that is streamed for this one, which may be itself; None when nothing stored can make it.

    The natural base (1s, 1m or 1d) wins; then the interval itself; then the coarsest finer one that divides it and is
    its own base: what is folded from another interval is nobody's base.

    Examples
    --------
    >>> stored = (Interval.parse("1s"), Interval.parse("5m"))
    >>> str(base_of(Interval.parse("15m"), stored)), str(base_of(Interval.parse("7m"), stored))
    ('5m', '1s')
    >>> str(base_of(Interval.parse("1d"), (Interval.parse("1m"), Interval.parse("5m"))))
    '1m'
    """
    for candidate in (interval.natural_base, interval):
        if candidate in stored:
            return candidate
    finer = (candidate for candidate in stored if interval.derivable_from(candidate))
    streamed = [candidate for candidate in finer if base_of(candidate, stored) == candidate]
    return max(streamed, key=lambda candidate: candidate.rank, default=None)


def derivable(stored: Sequence[Interval], wanted: Interval) -> Interval | None:
    """The interval nearest to a wanted one that can be made from what is stored; None when nothing is stored.

    Examples
    --------
    >>> str(derivable([Interval.parse("5m")], Interval.parse("3m")))
    '5m'
    >>> str(derivable([Interval.parse("5m")], Interval.parse("17m")))
    '15m'
    """
    bases = [base for base in stored if base.intraday == wanted.intraday]
    if not bases:
        return min(stored, key=lambda base: base.rank, default=None)
    multiples = (Interval(base.count * max(1, round(wanted.rank / base.rank)), base.unit) for base in bases)
    return min(multiples, key=lambda near: abs(near.rank - wanted.rank))
