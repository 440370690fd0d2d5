"""A synthetic market: seeded bars that look like a real market's, for demos, tests and benchmarks.

Nothing here is real: names are invented, prices are drawn. The same seed gives the same bytes on every machine, and a
symbol's bars depend on its place in the list only, not on how many others there are.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from openbell.bars.block import FIELDS, Block
from openbell.bars.interval import Interval, Unit
from openbell.market.calendar import load_calendar
from openbell.testing.synthesis import DRAWS_PER_BAR, Profile, Timetable, synthesise

if TYPE_CHECKING:
    import polars as pl

    from openbell.store.report import ImportReport

START = date(2024, 5, 21)
SESSIONS = 31


class SyntheticMarket:
    """Invented symbols and their bars over some sessions of a real calendar.

    Busy at the open and the close, volatility in bursts, gaps overnight, every tenth symbol thin (half of its minutes
    have no trade), early closes where the calendar has them. In each fifty symbols one is listed half-way and one is
    delisted at two thirds of the range, and at three fifths of it there is an hour in which no symbol has a bar.

    Parameters
    ----------
    symbols
        How many (named ``SYN0001`` and so on), or their names.
    sessions
        How many sessions.
    start
        The first session, or the next one after a closed day.
    calendar
        An exchange calendar's code, or ``"24/7"``. Bars cover the regular hours.
    interval
        The length of a bar: ``1s``, ``1m``, ``1d`` or any other.
    seed
        Another seed is another market.
    defects
        False: every expected bar is there, for all symbols, from the first session to the last.

    Raises
    ------
    ValueError
        If there is no symbol, a name comes twice, or ``sessions`` is not positive or beyond the calendar's end.
    MarketError
        If the calendar is unknown.

    Examples
    --------
    >>> market = SyntheticMarket(3, sessions=2, start=date(2024, 7, 2))
    >>> market.symbols, str(market.first_date), str(market.last_date)
    (('SYN0001', 'SYN0002', 'SYN0003'), '2024-07-02', '2024-07-03')
    >>> bars = market.block("SYN0001")
    >>> bool((bars.high >= bars.close).all()), len(bars) <= 390 + 210
    (True, True)
    """

    def __init__(
        self,
        symbols: int | Sequence[str] = 10,
        *,
        sessions: int = SESSIONS,
        start: date = START,
        calendar: str = "XNYS",
        interval: str = "1m",
        seed: int = 1,
        defects: bool = True,
    ) -> None:
        names = [f"SYN{i:04d}" for i in range(1, symbols + 1)] if isinstance(symbols, int) else list(symbols)
        if not names or len(set(names)) < len(names):
            raise ValueError(f"symbols must be at least one, each once, were {symbols!r}")
        self.symbols = tuple(names)
        self.calendar = calendar
        self.interval = Interval.parse(interval)
        self.seed = seed
        self.defects = defects
        self._place = {name: index for index, name in enumerate(names)}
        self._times, self._dates = _timetable(calendar, self.interval, start, sessions, defects=defects)

    @property
    def first_date(self) -> date:
        """The first session's date."""
        return self._dates[0]

    @property
    def last_date(self) -> date:
        """The last session's date."""
        return self._dates[-1]

    @property
    def dates(self) -> tuple[date, ...]:
        """The date of each session."""
        return self._dates

    def listing(self, symbol: str) -> tuple[date, date | None]:
        """The first session that a symbol is listed in, and the first one in which it no longer is (None: never)."""
        profile, _ = self._draw(symbol)
        gone = None if profile.delisted is None else self._dates[profile.delisted]
        return self._dates[profile.listed], gone

    def block(self, symbol: str) -> Block:
        """A symbol's bars over all sessions.

        Raises
        ------
        KeyError
            If the market has no such symbol.
        """
        profile, random = self._draw(symbol)
        rows = len(self._times.grid) + self._times.sessions
        bits = random.random_raw(DRAWS_PER_BAR * rows).view(np.uint16).reshape(DRAWS_PER_BAR, rows, 4)
        return synthesise(self._times, profile, bits, defects=self.defects)

    def blocks(self) -> Iterator[tuple[str, Block]]:
        """Every symbol with its bars, in order of the list, made as they are asked for."""
        return ((symbol, self.block(symbol)) for symbol in self.symbols)

    def frame(self, symbol: str) -> "pl.DataFrame":
        """A symbol's bars as a tidy frame: ts (the bar's start, UTC), open, high, low, close, volume."""
        import polars as pl

        block = self.block(symbol)
        stamps = pl.Series("ts", block.ts).cast(pl.Datetime("ns", "UTC"))
        columns = [pl.Series(name, column) for name, column in zip(FIELDS, block.columns, strict=True)]
        return pl.DataFrame([stamps, *columns])

    def write(self, folder: Path | str, *, tell: Callable[[int, int], None] | None = None) -> list[Path]:
        """Write tidy files, ``<interval>/<SYMBOL>.parquet``, and return their paths; symbols without bars get none.

        Parameters
        ----------
        folder
            Made if it is not there.
        tell
            Called after each symbol with how many are done and how many there are.
        """
        target = Path(folder) / str(self.interval)
        target.mkdir(parents=True, exist_ok=True)
        written = []
        for done, symbol in enumerate(self.symbols, start=1):
            frame = self.frame(symbol)
            if len(frame):
                written.append(target / f"{symbol}.parquet")
                frame.write_parquet(written[-1], compression="zstd", compression_level=1)
            if tell is not None:
                tell(done, len(self.symbols))
        return written

    def into_store(self, store: Path | str, *, tell: Callable[[int, int], None] | None = None) -> "ImportReport":
        """Bring all bars into a store, made if it is not there, as one change of it.

        Parameters
        ----------
        store
            The store's folder.
        tell
            Called with how far the work is: symbols made, then symbols imported, of twice their number.

        Raises
        ------
        StoreError
            If the store cannot be written.
        """
        from openbell.store.importing import import_files

        steps = 2 * len(self.symbols)
        say = tell if tell is not None else _say_nothing
        with TemporaryDirectory(prefix="openbell-synthetic-") as folder:
            written = self.write(folder, tell=lambda done, _: say(done, steps))
            done = len(self.symbols)
            return import_files(
                written, store, market=self.calendar, progress=lambda files, _, __: say(done + files, steps)
            )

    def _draw(self, symbol: str) -> tuple[Profile, np.random.PCG64]:
        index = self._place[symbol]
        random = np.random.PCG64(np.random.SeedSequence([self.seed, index]))
        bits = random.random_raw(1).view(np.uint16)
        return Profile.of(index, self._times.sessions, bits, defects=self.defects), random


def _say_nothing(_done: int, _total: int) -> None:
    """Nobody listens."""


def _timetable(
    name: str, interval: Interval, start: date, sessions: int, *, defects: bool
) -> tuple[Timetable, tuple[date, ...]]:
    if interval.unit is Unit.WEEK:
        raise ValueError(f"interval must be shorter than a week, was {interval}: make 1d bars and derive weeks")
    calendar = load_calendar(name)
    first = calendar.first_on_or_after(start)
    last = first + sessions - 1
    if not first <= last < len(calendar):
        raise ValueError(f"sessions must be at least 1 and end by {calendar.last_date}, were {sessions} from {start}")
    grid = calendar.grid(interval, first, last)
    dates = tuple(calendar.session(ordinal).date for ordinal in range(first, last + 1))
    return Timetable.of(grid, defects=defects), dates
