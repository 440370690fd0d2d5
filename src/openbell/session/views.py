"""What users read: one symbol as objects, made on demand, read-only, ending at now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Grid, Stamps
from openbell.bars.interval import Interval
from openbell.indicators.spec import IndicatorSpec
from openbell.quality.gaps import Flags, Gap, Missing, runs_of
from openbell.quality.score import Tally, tally_of
from openbell.session.named import Named
from openbell.session.records import Series, SymbolRecord, Tier
from openbell.session.running import running_bar

if TYPE_CHECKING:
    import polars as pl

    from openbell.session.session_data import SessionData


class Bar(NamedTuple):
    """One bar; ``ts`` is its start in ns UTC."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    completeness: float = 1.0


class BarIntervalData:
    """The bars of one symbol and interval: history and today up to now, present bars only.

    ``ts open high low close volume completeness`` are read-only arrays of one length. They are taken when they are
    first read and do not move: ask again for later bars.
    """

    def __init__(self, session: "SessionData", record: SymbolRecord, interval: Interval, series: Series) -> None:
        self._session, self._record, self._series = session, record, series
        self.interval = interval

    def __repr__(self) -> str:
        bars = f"{len(self.history):,} bars of history, {len(self.today):,} of today"
        return f"<{self._record.name} {self.interval}: {bars}>"

    @property
    def base(self) -> str | None:
        """The interval these bars are folded from, None when they are streamed."""
        return None if self._series.base is None else str(self._series.base)

    @property
    def derived(self) -> bool:
        """Whether these bars are folded from a base."""
        return self._series.base is not None

    @cached_property
    def history(self) -> Block:
        """Bars before today's session."""
        return self._series.history.block

    @cached_property
    def today(self) -> Block:
        """Bars of today that have ended by now."""
        return self._session.lanes[self.interval].panel.block(self._record.row)

    @cached_property
    def block(self) -> Block:
        """History and today as one block."""
        return Block.joined((self.history, self.today)).freeze()

    def __len__(self) -> int:
        return len(self.block)

    @property
    def ts(self) -> Stamps:
        """Start of each bar, int64 ns UTC."""
        return self.block.ts

    @property
    def open(self) -> Floats:
        """First price of each bar."""
        return self.block.open

    @property
    def high(self) -> Floats:
        """Highest price of each bar."""
        return self.block.high

    @property
    def low(self) -> Floats:
        """Lowest price of each bar."""
        return self.block.low

    @property
    def close(self) -> Floats:
        """Last price of each bar."""
        return self.block.close

    @property
    def volume(self) -> Floats:
        """Traded volume of each bar; NaN where the source has none."""
        return self.block.volume

    @property
    def completeness(self) -> Floats:
        """Share of each bar's base bars that were there; 1 for streamed bars."""
        return self.block.shares

    @property
    def running(self) -> Bar | None:
        """The bar of the window that is open now, from base bars up to now; None where there is none."""
        found = running_bar(self._session, self._record, self.interval, self._series)
        return None if found is None else Bar(*found)

    def frame(self) -> "pl.DataFrame":
        """The same as a polars frame: ts (datetime UTC), open, high, low, close, volume, completeness."""
        import polars as pl

        block = self.block
        columns = dict(zip(("open", "high", "low", "close", "volume"), block.columns, strict=True))
        stamps = pl.Series("ts", block.ts).cast(pl.Datetime("ns", "UTC"))
        return pl.DataFrame({"ts": stamps, **columns, "completeness": block.shares})

    @cached_property
    def _history_windows(self) -> tuple[Flags, Grid] | None:
        """Presence on the windows before today over which quality is counted."""
        if not self._record.history_quality:
            return None
        grid = self._session.history_grid(self._record, self.interval, self._series)
        present = np.zeros(len(grid), np.bool_)
        for part in self._series.history.parts:
            grid.mark(part.ts, present)
        return present, grid

    @cached_property
    def _session_windows(self) -> tuple[Flags, Grid] | None:
        """Presence on today's windows that have ended."""
        if not self._record.session_quality:
            return None
        panel = self._session.lanes[self.interval].panel
        return panel.present[: panel.cursor, self._record.row].copy(), panel.grid[: panel.cursor]

    @cached_property
    def _tally(self) -> Tally | None:
        windows = (self._history_windows, self._session_windows)
        parts = [tally_of(present, grid.sessions) for present, grid in filter(None, windows)]
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else parts[0].plus(parts[1])

    @property
    def missing(self) -> Missing | None:
        """How many gaps there are: whole days, runs, single bars; None until quality is calculated."""
        return None if self._tally is None else self._tally.missing

    @property
    def history_quality(self) -> float | None:
        """Share of the expected bars of history that are present, 0 to 100; None until calculated."""
        return _score(self._history_windows)

    @property
    def session_quality(self) -> float | None:
        """Share of today's expected bars up to now that are present, 0 to 100; None until calculated."""
        return _score(self._session_windows)

    @property
    def quality(self) -> float | None:
        """Share of the expected bars of history and today that are present, 0 to 100; None until calculated."""
        return None if self._tally is None else self._tally.score

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Runs of missing bars, oldest first; empty until quality is calculated."""
        windows = filter(None, (self._history_windows, self._session_windows))
        return tuple(gap for present, grid in windows for gap in runs_of(present, grid.stamps, grid.sessions).gaps)


def _score(windows: tuple[Flags, Grid] | None) -> float | None:
    return None if windows is None else tally_of(windows[0], windows[1].sessions).score


@dataclass(frozen=True, slots=True)
class IndicatorData:
    """One indicator of one symbol, as of the moment it was read.

    Parameters
    ----------
    key
        Name, parameters and interval, like ``sma_20_5m``.
    current_value
        A float, or a dict in declared order where there are several outputs; NaN before the lookback.
    valid, settled
        Whether there is a number, and whether it no longer depends on where it started.
    last_updated
        The end of the bar that moved it last, in exchange time; None before any.
    series
        With ``keep``: the values of all bars of its interval, float64 (outputs, bars); otherwise None.
    """

    key: str
    spec: IndicatorSpec
    current_value: float | dict[str, float]
    valid: bool
    settled: bool
    last_updated: datetime | None
    series: Floats | None = None


class SymbolSessionData:
    """One symbol: how it came to be there, its bars and its indicators."""

    def __init__(self, session: "SessionData", record: SymbolRecord) -> None:
        self._session, self._record = session, record

    def __repr__(self) -> str:
        held = [*map(str, self._record.series), *self._record.indicators]
        return f"<{self.symbol}, {self.tier}: {', '.join(held) or 'nothing yet'}>"

    @property
    def symbol(self) -> str:
        """The symbol's name."""
        return self._record.name

    @property
    def tier(self) -> str:
        """``full`` or ``adhoc``."""
        return self._record.tier.value

    @property
    def meets_session_config_requirements(self) -> bool:
        """Whether everything the session file promises for a symbol is there."""
        return self._record.tier is Tier.FULL

    @property
    def added_by(self) -> str:
        """Who asked for the full load; for an ad hoc symbol, who asked first."""
        return self._record.added_by

    @property
    def origin(self) -> str:
        """Who asked first."""
        return self._record.origin

    @property
    def auto_provisioned(self) -> bool:
        """Whether it came because of a bar or indicator, not by being asked for itself."""
        return self._record.auto_provisioned

    @property
    def upgraded_from_adhoc(self) -> bool:
        """Whether it was ad hoc before it became full."""
        return self._record.upgraded_from_adhoc

    @property
    def added_at(self) -> datetime:
        """When it came, in exchange time."""
        return self._session.time.at(self._record.added_at)

    @property
    def upgraded_at(self) -> datetime | None:
        """When it became full, if it was ad hoc before."""
        return None if self._record.upgraded_at is None else self._session.time.at(self._record.upgraded_at)

    @property
    def locked(self) -> str | None:
        """Why it must not be removed, or None."""
        return self._record.locked

    @property
    def bars(self) -> Mapping[str, BarIntervalData]:
        """Its intervals, from short to long."""
        series = sorted(self._record.series.items(), key=lambda item: item[0].rank)
        views = {str(i): BarIntervalData(self._session, self._record, i, s) for i, s in series}
        return MappingProxyType(Named(self.symbol, "bars", views))

    @property
    def indicators(self) -> Mapping[str, IndicatorData]:
        """Its indicators by key, in order of key."""
        made = {key: self._indicator(key, spec) for key, spec in sorted(self._record.indicators.items())}
        return MappingProxyType(Named(self.symbol, "indicator", made))

    @property
    def aggregates(self) -> Mapping[str, float | Floats]:
        """Its figures over past sessions by name: a float, or a read-only curve over the minutes of the day."""
        return MappingProxyType(Named(self.symbol, "figure", dict(self._record.aggregates)))

    def _indicator(self, key: str, spec: IndicatorSpec) -> IndicatorData:
        manager, row = self._session.indicators, self._record.row
        values = manager.values(spec)[:, row].tolist()
        updated = manager.last_updated(spec, row)
        return IndicatorData(
            key=key,
            spec=spec,
            current_value=values[0] if len(values) == 1 else dict(zip(spec.outputs, values, strict=True)),
            valid=manager.valid(spec, row),
            settled=manager.settled(spec, row),
            last_updated=None if updated is None else self._session.time.at(updated),
            series=self._session.kept[spec].series(row) if key in self._record.kept else None,
        )
