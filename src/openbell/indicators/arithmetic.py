"""Scalar building blocks that definitions share; plain Python, compiled with the definition that calls them.

Sums, weighted sums and extremes of a sliding window never subtract: the window is the tail of the last block of n
values, kept as running results from its end, and the head of the present block. Nothing of a value that has left can
remain.
Each ``..._of`` takes the block so far and returns its result with the block moved on by one value; results count from
the n-th value on.

Logarithm and exponential are plain arithmetic here, because the last bits of the C library's follow the processor.
"""

from math import frexp, ldexp, sqrt

from openbell.indicators.definition import Window

_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_SQRT_HALF = 0.7071067811865476


def true_range(high: float, low: float, before: float) -> float:
    """Largest of the bar's range and the two gaps from the close before."""
    return max(high, before) - min(low, before)


def sum_of(tail: Window, size: int, place: int, head: float, value: float) -> tuple[float, float, int]:
    """The sum of the last ``size`` values, with head and place moved on."""
    head += value
    tail[place] = value
    place += 1
    if place < size:
        return head + tail[place], head, place
    total = 0.0
    for i in range(size - 1, -1, -1):
        total += tail[i]
        tail[i] = total
    return total, 0.0, 0


def highest_of(tail: Window, size: int, place: int, head: float, value: float) -> tuple[float, float, int]:
    """The highest of the last ``size`` values, with head and place moved on."""
    head = value if place == 0 else max(head, value)
    tail[place] = value
    place += 1
    if place < size:
        return max(head, tail[place]), head, place
    for i in range(size - 2, -1, -1):
        tail[i] = max(tail[i], tail[i + 1])
    return tail[0], head, 0


def lowest_of(tail: Window, size: int, place: int, head: float, value: float) -> tuple[float, float, int]:
    """The lowest of the last ``size`` values, with head and place moved on."""
    head = value if place == 0 else min(head, value)
    tail[place] = value
    place += 1
    if place < size:
        return min(head, tail[place]), head, place
    for i in range(size - 2, -1, -1):
        tail[i] = min(tail[i], tail[i + 1])
    return tail[0], head, 0


def weighted_of(
    tail: Window, size: int, place: int, head: float, ramp: float, value: float
) -> tuple[float, float, float, int]:
    """The sum of the last ``size`` values with weights 1 (oldest) to size, with head, ramp and place moved on."""
    place += 1
    head += value
    ramp += place * value
    tail[place - 1] = value
    if place < size:
        return tail[place] + (size - place) * head + ramp, head, ramp, place
    total, weighted = 0.0, 0.0
    for i in range(size - 1, -1, -1):
        total += tail[i]
        weighted += total
        tail[i] = weighted
    return ramp, 0.0, 0.0, 0


def spread_of(
    first: Window, second: Window, size: int, place: int, anchor: float, head: float, square: float, value: float
) -> tuple[float, float, float, float, float, int]:
    """Sums of the last ``size`` values and of their squares, both about an anchor that is one of these values.

    Returns the two sums, the anchor that they are about, and head, square and place moved on. About a value of the
    window no digit is lost to the level of the price.
    """
    deviation = value - anchor
    head += deviation
    square += deviation * deviation
    first[place] = value
    place += 1
    if place < size:
        return first[place] + head, second[place] + square, anchor, head, square, place
    total, squares = 0.0, 0.0
    for i in range(size - 1, -1, -1):
        deviation = first[i] - value
        total += deviation
        squares += deviation * deviation
        first[i] = total
        second[i] = squares
    return total, squares, value, 0.0, 0.0, 0


def line_of(
    first: Window,
    second: Window,
    ramps: Window,
    size: int,
    place: int,
    anchor: float,
    head: float,
    square: float,
    ramp: float,
    value: float,
) -> tuple[float, float, float, float, float, float, float, int]:
    """As `spread_of`, and the sum with weights 1 (oldest) to size, all about the anchor.

    Returns sum, sum of squares, weighted sum, the anchor, and head, square, ramp and place moved on.
    """
    deviation = value - anchor
    head += deviation
    square += deviation * deviation
    first[place] = value
    place += 1
    ramp += place * deviation
    if place < size:
        weighted = ramps[place] + (size - place) * head + ramp
        return first[place] + head, second[place] + square, weighted, anchor, head, square, ramp, place
    total, squares, weighted = 0.0, 0.0, 0.0
    for i in range(size - 1, -1, -1):
        deviation = first[i] - value
        total += deviation
        squares += deviation * deviation
        weighted += total
        first[i] = total
        second[i] = squares
        ramps[i] = weighted
    return total, squares, weighted, value, 0.0, 0.0, 0.0, 0


def seeded(mean: float, value: float, seen: int, period: int, weight: float) -> float:
    """The next value of an average that starts as the plain mean of its first ``period`` values.

    Until then it is the mean of those that came, so that every value is taken in by one and the same step.
    """
    step = weight if seen > period else 1.0 / seen
    return mean + step * (value - mean)


def ratio(part: float, whole: float, otherwise: float) -> float:
    """``part / whole``, and a given value where the whole is zero."""
    share = part / (whole if whole != 0.0 else 1.0)
    return share if whole != 0.0 else otherwise


def root(square: float) -> float:
    """The square root; rounding below zero counts as zero."""
    return sqrt(square if square > 0.0 else 0.0)


def logarithm(x: float) -> float:
    """The natural logarithm of a positive number, to about one unit in the last place.

    With x = m * 2**e, and m near 1: log m = 2 * atanh((m - 1) / (m + 1)).

    Examples
    --------
    >>> logarithm(1.0), round(logarithm(10.0), 12)
    (0.0, 2.302585092994)
    """
    m, e = frexp(x)
    if m < _SQRT_HALF:
        m, e = 2.0 * m, e - 1
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = 0.0
    for k in range(23, 1, -2):
        series = (series + 1.0 / k) * z
    return e * _LN2_HIGH + (2.0 * s * (1.0 + series) + e * _LN2_LOW)


def exponent(x: float) -> float:
    """e to the power of x, to about one unit in the last place.

    Examples
    --------
    >>> exponent(0.0), round(exponent(-1.0), 12)
    (1.0, 0.367879441171)
    """
    if x < -700.0:
        return 0.0
    k = int(x / 0.6931471805599453 + (0.5 if x > 0.0 else -0.5))
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    series = 1.0
    for n in range(14, 0, -1):
        series = 1.0 + series * r / n
    return ldexp(series, k)
