"""Everything a session holds today, and the few moves that change it."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from openbell.bars.block import Floats
from openbell.bars.grid import Grid
from openbell.bars.interval import Interval
from openbell.indicators.calendar import figures_of
from openbell.indicators.manager import IndicatorManager
from openbell.indicators.spec import IndicatorSpec
from openbell.market.actions import Prices
from openbell.market.time_manager import TimeManager
from openbell.session.asks import UNHELD, AskBook
from openbell.session.hashing import HistoryHashes
from openbell.session.kept import KeptSeries
from openbell.session.lanes import Lane
from openbell.session.records import Series, SymbolRecord, Tier
from openbell.session.rows import RowBook
from openbell.session.views import SymbolSessionData

SPARE_ROWS = 64
BYTES_PER_BAR = 48


class SessionData:
    """Symbols, their bars and indicators, and who asked for them.

    Readers use `get_symbol_data`, `symbols` and the views behind them. Only the committing half of provisioning and
    the stream call what changes something.

    Parameters
    ----------
    time
        The clock, on today's session.
    completeness
        The least share of a window's base bars with which a derived bar exists.
    prices
        What bars of earlier sessions are adjusted for.
    hashes
        What is known of the history of the day before.
    """

    def __init__(
        self,
        time: TimeManager,
        *,
        completeness: float = 0.0,
        prices: Prices = Prices.RAW,
        hashes: HistoryHashes | None = None,
    ) -> None:
        self.time = time
        self.completeness = completeness
        self.prices = prices
        self.hashes = hashes or HistoryHashes()
        self.records: dict[str, SymbolRecord] = {}
        self.lanes: dict[Interval, Lane] = {}
        self.asks = AskBook()
        self.rows = RowBook()
        self.capacity = SPARE_ROWS
        figures = figures_of(time.calendar, time.today.ordinal, time.hours)
        self.indicators = IndicatorManager(self.capacity, figures)
        self.names: list[str] = []
        self.kept: dict[IndicatorSpec, KeptSeries] = {}
        self.revision = 0
        self._weights: dict[str, int] = {}
        # Those whose bars are others than when somebody asked last.
        self._changed: dict[str, SymbolRecord] = {}

    def __repr__(self) -> str:
        names, more = list(self)[:3], len(self) - 3
        return f"<SessionData of {self.time.today.date}: {', '.join(names)}{f' and {more} more' if more > 0 else ''}>"

    def __contains__(self, symbol: str) -> bool:
        return symbol.upper() in self.records

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.records))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol that is there, by name."""
        return tuple(sorted(self.records))

    def get_symbol_data(self, symbol: str) -> SymbolSessionData | None:
        """A view of one symbol, or None when it is not there."""
        record = self.records.get(symbol.upper())
        return None if record is None else SymbolSessionData(self, record)

    def reserve(self, new_symbols: int) -> None:
        """Make room for more symbols; nothing that can be read changes."""
        needed = self.rows.room_for(new_symbols)
        if needed <= self.capacity:
            return
        self.capacity = needed + needed // 4 + SPARE_ROWS
        for lane in self.lanes.values():
            lane.panel.reserve(self.capacity)
        self.indicators.reserve(self.capacity)

    def lane(self, interval: Interval) -> Lane:
        """The lane of an interval, made when it is first asked for, its cursor at now."""
        lane = self.lanes.get(interval)
        if lane is None:
            regular = self.time.regular_slots(interval).tolist()
            lane = self.lanes[interval] = Lane(interval, self.time.grid(interval), self.capacity, regular)
            lane.panel.cursor = lane.panel.grid.ended_by(self.time.now)
        return lane

    def history_grid(self, record: SymbolRecord, interval: Interval, series: Series) -> Grid:
        """The windows before today over which a symbol's quality is counted: from its listing on."""
        calendar, today = self.time.calendar, self.time.today.ordinal
        oldest = series.history.first
        if series.since is not None:
            first = max(series.since, calendar.first_on_or_after(max(record.listed, calendar.first_date)))
            return calendar.grid(interval, first, today - 1, self.time.hours)
        if oldest is None:
            return self.time.grid(interval)[:0]
        first = int(np.searchsorted(calendar.begins, oldest, side="right")) - 1
        grid = calendar.grid(interval, first, today - 1, self.time.hours)
        return grid[int(np.searchsorted(grid.stamps, oldest)) :]

    def keep(self, spec: IndicatorSpec, row: int, values: Floats) -> None:
        """Keep the series of an indicator for a row, beginning with the values of the bars that are there."""
        if spec not in self.kept:
            self.kept[spec] = KeptSeries(spec, self.lanes[spec.interval])
        self.kept[spec].put(row, values)

    def enter(self, record: SymbolRecord) -> None:
        """Add a symbol; its row must come from `rows`."""
        self.records[record.name] = record
        while len(self.names) <= record.row:
            self.names.append("")
        self.names[record.row] = record.name

    def bars_changed(self, records: Iterable[SymbolRecord]) -> None:
        """Note that symbols hold other bars than before: they are weighed anew when somebody asks."""
        self._changed.update((record.name, record) for record in records)

    @property
    def weights(self) -> Mapping[str, int]:
        """How many bytes the bars of each symbol take: history, and today's room."""
        room = {interval: len(lane.panel.grid) for interval, lane in self.lanes.items()}
        for name, record in self._changed.items():
            bars = sum([len(series.history) + room[interval] for interval, series in record.series.items()])
            self._weights[name] = bars * BYTES_PER_BAR
        self._changed.clear()
        return self._weights

    @property
    def bytes_held(self) -> int:
        """How many bytes the bars of all symbols take."""
        return sum(self.weights.values())

    def is_unheld(self, symbol: str) -> bool:
        """Whether a symbol is ad hoc, not locked, and held by nobody: it may go when room is needed."""
        record = self.records[symbol]
        nobody = all(ask.owner == UNHELD for ask in self.asks.of(symbol))
        return nobody and record.locked is None and record.tier is Tier.ADHOC

    def leave(self, symbol: str) -> None:
        """Take a symbol out as if it had never been asked for."""
        record = self.records.pop(symbol)
        self._changed.pop(symbol, None)
        self._weights.pop(symbol, None)
        for spec in record.indicators.values():
            self.indicators.drop(spec, record.row)
            if spec in self.kept:
                self.kept[spec].drop(record.row)
        for interval in list(record.series):
            self.close_interval(record, interval)
        self.names[record.row] = ""
        self.rows.give_back(record.row)

    def close_interval(self, record: SymbolRecord, interval: Interval) -> None:
        """Take one interval away from a symbol; a lane that nobody is in goes too."""
        del record.series[interval]
        lane = self.lanes[interval]
        lane.dismiss(record.row)
        if not len(lane.members):
            del self.lanes[interval]
            self.kept = {spec: kept for spec, kept in self.kept.items() if spec.interval != interval}
