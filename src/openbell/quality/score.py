"""How much of what was expected is there."""

from dataclasses import dataclass

import numpy as np

from openbell.bars.grid import Ordinals, Stamps
from openbell.quality.gaps import Flags, Gap, Missing, Runs, runs_of


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """Presence on a stretch of the grid.

    Parameters
    ----------
    present, expected
        Bars that are there, and windows that have ended.
    runs
        Runs of missing windows, oldest first.
    """

    present: int
    expected: int
    runs: Runs

    @property
    def score(self) -> float | None:
        """100 x present / expected; None where nothing was expected yet."""
        return 100.0 * self.present / self.expected if self.expected else None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The runs as objects."""
        return self.runs.gaps

    @property
    def missing(self) -> Missing:
        """How many gaps there are of each kind."""
        return self.runs.missing

    def plus(self, later: "Quality") -> "Quality":
        """This stretch and the one that follows it as one."""
        runs = self.runs.plus(later.runs)
        return Quality(self.present + later.present, self.expected + later.expected, runs)


def quality_of(present: Flags, stamps: Stamps, sessions: Ordinals) -> Quality:
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
    >>> quality = quality_of(flags, stamps, np.zeros(4, np.int32))
    >>> quality.score, quality.gaps
    (50.0, (Gap(start=1, last=2, bars=2, session=0, whole_session=False),))
    """
    return Quality(int(np.count_nonzero(present)), len(present), runs_of(present, stamps, sessions))
