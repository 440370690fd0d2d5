"""How much is measured."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the cases work on; bars (``full_*``) are asked only of the sizes they were set for.

    Parameters
    ----------
    markets
        Symbols of the start of day and the replay, one market each, from small to large.
    sessions
        Sessions of those markets: the last one is replayed, the others are history.
    crowd, crowd_days
        Symbols of the whole market, and days of history of each.
    present
        How many symbols are there when one is added.
    held
        Symbols held back, to be added in the middle of the day.
    batch
        How many light adds make a batch.
    scanned
        Light symbols that are scanned every five minutes.
    seconds
        Symbols on a 1s base.
    years_symbols, years_days
        One long run.
    growth_rounds
        Rounds of the growth case, where the run has fewer.
    lean
        Too small for any bar, and with few indicators where they are compiled anew.
    """

    markets: tuple[int, ...] = (50, 500)
    sessions: int = 31
    crowd: int = 5000
    crowd_days: int = 5
    present: tuple[int, ...] = (10, 500, 5000)
    held: int = 100
    batch: int = 100
    scanned: int = 3000
    seconds: int = 50
    years_symbols: int = 100
    years_days: int = 25
    growth_rounds: int = 7
    lean: bool = False

    @property
    def largest(self) -> int:
        """Symbols of the largest market."""
        return self.markets[-1]

    @property
    def history(self) -> int:
        """Days of history of the markets."""
        return self.sessions - 1


FULL = Sizes()
SMALL = replace(
    FULL, markets=(50,), crowd=500, present=(10, 500), scanned=500, years_symbols=50, years_days=10, growth_rounds=5
)
SMOKE = Sizes(
    markets=(3, 6),
    sessions=4,
    crowd=12,
    crowd_days=2,
    present=(2, 12),
    held=3,
    batch=3,
    scanned=12,
    seconds=2,
    years_symbols=2,
    years_days=3,
    growth_rounds=1,
    lean=True,
)
