"""How long an indicator's start is felt: from a smoothing's weight to bars of warm-up.

The start of an exponential smoothing with weight w weighs ``(1 - w) ** k`` after k bars. Warm-up is the lookback plus
the smallest k at which what is left of every start weighs at most the tolerance.
"""

from collections.abc import Sequence
from functools import lru_cache

TOLERANCE = 1e-6
_LONGEST = 1_000_000


def exponential(period: float) -> float:
    """The weight of the newest value in an exponential average of a period: 2 / (n + 1)."""
    return 2.0 / (period + 1.0)


def wilder(period: float) -> float:
    """The weight of the newest value in Wilder's smoothing: 1 / n."""
    return 1.0 / period


def fade(
    *stages: Sequence[float],
    delays: tuple[int, ...] = (),
    gains: tuple[float, ...] = (),
    tolerance: float = TOLERANCE,
) -> int:
    """Bars, from the first number on, until the starts of a cascade of smoothings weigh at most the tolerance.

    Parameters
    ----------
    stages
        Each stage is the weights of smoothings that start together; a later stage smooths the results of the former.
    delays
        Bars between the first number of a stage and that of the one before, one fewer than stages; default 0.
    gains
        How often each stage counts in the value; default the last one once.
    tolerance
        Share of the value that may still come from where it started.

    Examples
    --------
    >>> fade([exponential(20)])
    139
    >>> fade([exponential(1)])
    0
    >>> fade([exponential(12), exponential(26)], [exponential(9)], delays=(8,), gains=(1, 1))
    184
    """
    count = len(stages)
    wait = (*delays, *[0] * (count - 1 - len(delays)))
    return _fade(tuple(map(tuple, stages)), wait, gains or (*[0.0] * (count - 1), 1.0), tolerance)


@lru_cache(maxsize=4096)
def _fade(
    stages: tuple[tuple[float, ...], ...], delays: tuple[int, ...], gains: tuple[float, ...], tolerance: float
) -> int:
    begin = [sum(delays[:stage]) for stage in range(len(stages))]
    # A smoothing of weight 1 is its newest value: there is no start to forget.
    starts = [[float(weight < 1.0) for weight in stage] for stage in stages]
    for bar in range(begin[-1] + _LONGEST):
        if bar:
            _step(stages, starts, begin, bar)
        if bar >= begin[-1] and sum(gain * sum(left) for gain, left in zip(gains, starts, strict=True)) <= tolerance:
            return bar - begin[-1]
    return _LONGEST


def _step(stages: tuple[tuple[float, ...], ...], starts: list[list[float]], begin: list[int], bar: int) -> None:
    """Let every stage that has started forget one bar, and take in what the stage before has left."""
    entering = 0.0
    for stage, weights in enumerate(stages):
        if bar > begin[stage]:
            starts[stage] = [(1.0 - w) * left + w * entering for w, left in zip(weights, starts[stage], strict=True)]
        entering = sum(starts[stage])
