"""How much of what was expected is there."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Stamps
from openbell.quality.gaps import Gap, gaps_of

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Quality:
    """Presence on a stretch of the grid.

    Parameters
    ----------
    present, expected
        Bars that are there, and windows that have ended.
    gaps
        Runs of missing windows, oldest first.
    """

    present: int
    expected: int
    gaps: tuple[Gap, ...] = ()

    @property
    def score(self) -> float | None:
        """100 x present / expected; None where nothing was expected yet.

        Examples
        --------
        >>> Quality(3, 4).score
        75.0
        """
        return 100.0 * self.present / self.expected if self.expected else None

    def plus(self, later: "Quality") -> "Quality":
        """This stretch and the one that follows it as one."""
        return Quality(self.present + later.present, self.expected + later.expected, self.gaps + later.gaps)


def quality_of(present: Flags, stamps: Stamps, sessions: npt.NDArray[np.int32]) -> Quality:
    """Score and gaps from presence flags.

    Parameters
    ----------
    present
        bool (n,): one flag per window of the grid, oldest first.
    stamps
        int64 ns UTC (n,): the start of each window.
    sessions
        int32 (n,): the session of each window; a gap never spans two.

    Examples
    --------
    >>> flags, stamps = np.array([True, False, False, True]), np.arange(4, dtype=np.int64)
    >>> quality_of(flags, stamps, np.zeros(4, np.int32))
    Quality(present=2, expected=4, gaps=(Gap(start=1, last=2, bars=2, session=0, whole_session=False),))
    """
    return Quality(int(np.count_nonzero(present)), len(present), gaps_of(present, stamps, sessions))
