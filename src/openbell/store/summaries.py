"""What is known of sessions without reading their bars."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats

Counts = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Summaries:
    """One figure per symbol and session, of the regular hours; all arrays have the shape (symbols, sessions).

    Parameters
    ----------
    open, high, low, close, volume
        NaN where there is no bar.
    bars
        How many bars there are.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    bars: Counts
