"""How much of what was expected is there."""

from ctypes import addressof
from typing import NamedTuple

import numpy as np

from openbell.bars.grid import Ordinals
from openbell.machine.code import FLAG, address, numbers
from openbell.machine.kept import loop_of
from openbell.quality.gaps import Flags, Missing

_ORDINAL = np.dtype(np.int32)


class Tally(NamedTuple):
    """Presence on a stretch of the grid, in numbers.

    Parameters
    ----------
    present, expected
        Bars that are there, and windows that have ended.
    missing
        How many gaps there are of each kind.
    """

    present: int
    expected: int
    missing: Missing

    @property
    def score(self) -> float | None:
        """100 x present / expected; None where nothing was expected yet."""
        return 100.0 * self.present / self.expected if self.expected else None

    def plus(self, later: "Tally") -> "Tally":
        """This stretch and the one that follows it as one."""
        missing = Missing(*(one + two for one, two in zip(self.missing, later.missing, strict=True)))
        return Tally(self.present + later.present, self.expected + later.expected, missing)


def tally_of(present: Flags, sessions: Ordinals) -> Tally:
    """How much of a stretch of the grid is present, and how many gaps `openbell.quality.gaps.runs_of` finds in it.

    Parameters
    ----------
    present, sessions
        bool (n,) and int32 (n,): presence and session of each window of the grid, oldest first.

    Examples
    --------
    >>> tally_of(np.array([True, False, False, True]), np.zeros(4, np.int32))
    Tally(present=2, expected=4, missing=Missing(gaps=1, days=0, runs=1, single=0))
    """
    slots = len(present)
    given = numbers(slots, 0, 0, 0, address(present, FLAG), address(sessions, _ORDINAL))
    loop_of("openbell.quality.loops", "tally")(addressof(given))
    there, gaps, days, single = given[:4]
    return Tally(there, slots, Missing(gaps, days, gaps - days - single, single))
