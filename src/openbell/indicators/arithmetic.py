"""Scalar building blocks that definitions share; plain Python, compiled with the definition that calls them.

Sums, highest and lowest of a sliding window never subtract: the window is the tail of the last block of n bars, kept as
running results from its end, and the head of the present block. Nothing of a bar that has left can remain.
"""

from math import sqrt

from openbell.indicators.definition import Window


def true_range(high: float, low: float, before: float) -> float:
    """Largest of the bar's range and the two gaps from the close before."""
    return max(high, before) - min(low, before)


def tail_sums(ring: Window, size: int) -> float:
    """Turn a full block into the sums from each place to its end; return the sum of all."""
    total = 0.0
    for i in range(size - 1, -1, -1):
        total += ring[i]
        ring[i] = total
    return total


def seeded(mean: float, value: float, seen: int, period: int, weight: float) -> float:
    """The next value of an average that starts as the plain mean of its first ``period`` values.

    Until then what is returned, and passed in again, is the running sum.
    """
    if seen < period:
        return mean + value
    if seen == period:
        return (mean + value) / period
    return mean + weight * (value - mean)


def ratio(part: float, whole: float, otherwise: float) -> float:
    """``part / whole``, and a given value where the whole is zero."""
    return part / whole if whole != 0.0 else otherwise


def root(square: float) -> float:
    """The square root; rounding below zero counts as zero."""
    return sqrt(square) if square > 0.0 else 0.0
