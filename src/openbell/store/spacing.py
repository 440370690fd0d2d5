"""The interval that the steps between stamps show: of a symbol's files one, the finest that all steps are multiples of.

1. `shown_interval`: where none is said.
2. `check_interval`: the one that is said, held against the steps.
"""

import numpy as np

from openbell.bars.grid import Stamps
from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError

_DAY_NS = 86_400_000_000_000
_SECOND_NS = 1_000_000_000
_ENOUGH_STEPS = 20
_FINER = 0.1
_SHORT_WINDOWS = 3  # before hours, the session, and after hours each end with one
_LONGEST_STEP = 10


def shown_interval(where: str, ts: Stamps) -> Interval:
    """The interval of bars of which it is not said.

    Parameters
    ----------
    ts
        Ascending; of all files of a symbol.

    Raises
    ------
    StoreError
        If too few bars show one, or if they are of several intervals.

    Examples
    --------
    >>> str(shown_interval("AAA.csv", np.array([0, 2, 4, 7, 9]) * 60_000_000_000))
    '1m'
    """
    steps = ts[1:] - ts[:-1]
    if not len(steps):
        raise StoreError(Problem(where, "its interval is not known.", "Say it, as in --interval 1m.", code="interval"))
    usual = _usual(steps)
    if usual >= 0.9 * _DAY_NS:
        return Interval.parse("1w" if usual >= 5 * _DAY_NS else "1d")
    finest = int(np.gcd.reduce(steps))
    plausible = usual <= _LONGEST_STEP * finest or bool((steps == finest).any())
    if finest % _SECOND_NS or not plausible:
        other = int(steps[steps % usual != 0][0]) if (steps % usual != 0).any() else usual
        what = (
            f"its interval is not known: most steps are {usual / _SECOND_NS:g} s, others such as "
            f"{other / _SECOND_NS:g} s are no multiple of that."
        )
        raise StoreError(Problem(where, what, "Say it, as in --interval 1m.", code="interval"))
    return Interval.parse(f"{finest // _SECOND_NS}s")


def check_interval(where: str, ts: Stamps, said: Interval) -> None:
    """Hold an interval that is said against the stamps.

    Parameters
    ----------
    ts
        Ascending; of one file.

    Raises
    ------
    StoreError
        If the stamps contradict it.
    """
    steps = ts[1:] - ts[:-1]
    if len(steps) < _ENOUGH_STEPS:
        return
    width = said.width_ns if said.intraday else _DAY_NS
    short = int((steps < width * 0.9).sum())
    usual = _usual(steps)
    days = len(np.unique(ts // _DAY_NS))
    finer = short > _FINER * len(steps) and (usual != width or short > _SHORT_WINDOWS * days)
    # Many steps may be long, where minutes are without a trade; whole multiples without exception are another interval.
    coarser = said.intraday and usual < 0.9 * _DAY_NS and int(np.gcd.reduce(steps)) >= 2 * width
    if finer or coarser:
        shown = Interval.parse("1w" if usual >= 5 * _DAY_NS else "1d") if usual >= 0.9 * _DAY_NS else None
        if shown is None and usual % _SECOND_NS == 0:
            shown = Interval.parse(f"{usual // _SECOND_NS}s")
        name = shown if shown not in (None, said) else "another interval"
        what = f"is said to hold bars of {said}, and its stamps are those of {name}."
        fix = f"Import it with --interval {name}." if shown not in (None, said) else "Import each interval by itself."
        raise StoreError(Problem(where, what, fix, code="mislabelled"))


def _usual(steps: Stamps) -> int:
    values, counts = np.unique(steps, return_counts=True)
    return int(values[np.argmax(counts)])
