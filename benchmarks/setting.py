"""What every case is handed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Data
from benchmarks.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Setting:
    """Sizes, data, and how often.

    Parameters
    ----------
    scratch
        A folder for what a case writes, gone afterwards.
    tell
        Called with what is going on.
    """

    sizes: Sizes
    data: Data
    rounds: int
    scratch: Path
    tell: Callable[[str], None]
