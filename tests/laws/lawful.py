"""What the laws share: a small market with every kind of symbol, random wishes, and everything that can be read."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from sessions import document, store_blocks

import openbell as ob
from openbell.bars.block import FIELDS, Block, Floats
from openbell.bars.interval import Interval
from openbell.provisioning.result import ProvisioningResult
from openbell.store.importing import import_files
from openbell.testing.market import SyntheticMarket

NIGHTLY = os.environ.get("OPENBELL_NIGHTLY", "")
# How many times as long as one night: a number above one says it.
NIGHTS = (max(1, int(NIGHTLY)) if NIGHTLY.isdigit() else 1) if NIGHTLY else 0
Blocks = dict[str, dict[str, Block]]
Fact = tuple[Any, ...]

FIRST = date(2024, 6, 24)
TODAY = date(2024, 7, 2)
MINUTES = 390
MINUTE = 60_000_000_000

# FIVE is stored as 5m only, MUTE has no volume, FRESH has its first bar at 11:00 of the day under test.
# Of BOTH there are minutes from the second session on, and other bars of 5m up to the fifth one; no days.
SYMBOLS = ("AAA", "BBB", "THIN", "LATE", "GONE", "MUTE", "FRESH", "FIVE", "BOTH")
INTERVALS = ("1m", "5m", "7m", "15m", "60m", "1d", "1w")
SPECS = (
    ob.indicator("sma", interval="5m", period=20),
    ob.indicator("sma", interval="1m", period=3),
    ob.indicator("ema", interval="15m", period=3),
    ob.indicator("rsi", interval="5m", period=5),
    ob.indicator("atr", interval="60m", period=2),
    ob.indicator("macd", interval="1m"),
    ob.indicator("vwap", interval="1m"),
    ob.indicator("vwap", interval="7m"),
    ob.indicator("sma", interval="1d", period=3),
    ob.indicator("sma", interval="1w", period=1),
)


def lawful(examples: int) -> Callable[[Any], Any]:
    """Settings of a law: so many examples, always the same ones; nightly many more, each night others."""
    return settings(
        max_examples=examples * (20 * NIGHTS or 1),
        derandomize=not NIGHTS,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
    )


def with_columns(block: Block, **columns: Floats) -> Block:
    """A block with some columns in the place of its own."""
    return Block.of(block.ts, [columns.get(name, getattr(block, name)) for name in FIELDS], block.completeness)


def market_blocks() -> Blocks:
    """Nine sessions from 2024-06-24 to 2024-07-05: the half day of 3 July and the holiday after it are among them."""
    whole = SyntheticMarket(("AAA", "BBB", "THIN", "LATE", "GONE", "MUTE", "FRESH", "BOTH"), sessions=9, start=FIRST)
    minutes = dict(whole.blocks())
    minutes["BOTH"] = minutes["BOTH"].between(int(np.datetime64("2024-06-25", "ns").astype(np.int64)), 2**62)
    mute = minutes["MUTE"]
    minutes["MUTE"] = with_columns(mute, volume=np.full(len(mute), np.nan))
    opens = int(np.datetime64("2024-07-02T15:00", "ns").astype(np.int64))
    minutes["FRESH"] = minutes["FRESH"][minutes["FRESH"].ts >= opens]
    five = SyntheticMarket(("FIVE",), sessions=9, start=FIRST, interval="5m", seed=2)
    both = SyntheticMarket(("BOTH",), sessions=5, start=FIRST, interval="5m", seed=4)
    days = SyntheticMarket(("AAA", "FIVE"), sessions=9, start=FIRST, interval="1d", seed=3)
    return {"1m": minutes, "5m": dict(five.blocks()) | dict(both.blocks()), "1d": dict(days.blocks())}


def stored(folder: Path, blocks: Blocks) -> Path:
    """A store of all these bars."""
    for interval, symbols in blocks.items():
        store_blocks(folder, {name: block for name, block in symbols.items() if len(block)}, interval)
    return folder / "store"


def with_actions(folder: Path, blocks: Blocks, rows: Sequence[str]) -> Path:
    """The same with splits and dividends, each a line of symbol, date, kind and value."""
    store = stored(folder, blocks)
    path = folder / "actions.csv"
    path.write_text("symbol,date,kind,value\n" + "".join(f"{row}\n" for row in rows))
    import_files([path], store)
    return store


def session_file(store: Path, **changes: Any) -> dict[str, Any]:
    """Two configured symbols, three intervals, two days of history, indicators of each kind, two of them kept."""
    made = {
        "backtest": {"start": TODAY, "end": date(2024, 7, 5)},
        "session": {"symbols": ["AAA", "THIN"], "intervals": ["1m", "5m", "15m"]},
        "history": [{"days": 2, "intervals": ["1m", "5m"], "symbols": "all"}],
        "indicators": [
            {"name": "rsi", "interval": "5m", "params": {"period": 14}, "keep": True},
            {"name": "sma", "interval": "15m", "params": {"period": 4}, "keep": True},
            {"name": "vwap", "interval": "5m"},
        ],
    }
    if "session" in changes:
        made["session"] |= changes.pop("session")
    return document(store, **(made | changes))


@dataclass(frozen=True)
class Wish:
    """One thing that may be asked of a session."""

    operation: str
    symbol: str
    interval: str | None = None
    days: int = 0
    spec: int | None = None

    def of(self, symbol: str) -> "Wish":
        """The same of another symbol."""
        return replace(self, symbol=symbol)

    def arguments(self) -> dict[str, Any]:
        match self.operation:
            case "bar":
                return {"interval": self.interval, "days": self.days}
            case "indicator":
                return {"indicator": SPECS[self.spec or 0]}
        return {}

    def ask(self, day: ob.SessionCoordinator, source: str = "strategy") -> ProvisioningResult:
        required = day.analyze_requirements(self.operation, self.symbol, source, **self.arguments())
        return day.execute_provisioning(required)


def wishes(symbols: tuple[str, ...] = SYMBOLS) -> st.SearchStrategy[Wish]:
    """Any wish; some of them cannot be met."""
    names = st.sampled_from(symbols)
    return st.one_of(
        st.builds(Wish, st.just("symbol"), names),
        st.builds(Wish, st.just("bar"), names, st.sampled_from(INTERVALS), st.integers(0, 8)),
        st.builds(Wish, st.just("indicator"), names, spec=st.integers(0, len(SPECS) - 1)),
    )


def clock(minute: int) -> str:
    """A minute of the session as exchange time."""
    hours, minutes = divmod(9 * 60 + 30 + minute, 60)
    return f"{hours:02d}:{minutes:02d}"


def begun(source: Mapping[str, Any], at: int = 0) -> ob.SessionCoordinator:
    """A session on its first day, so many minutes after the open."""
    day = ob.SessionCoordinator.from_file(source)
    day.start_day()
    day.advance_to(clock(at))
    return day


def reading(day: ob.SessionCoordinator) -> dict[str, Fact]:
    """Everything that can be read now, through the views, as values that compare equal when their bits are."""
    found: dict[str, Fact] = {"now": (day.time.now, day.digest(), day.session_data.symbols)}
    for symbol in day.session_data:
        view = day.session_data.get_symbol_data(symbol)
        found[symbol] = (view.tier, tuple(view.bars), tuple(view.indicators))
        for name, bars in view.bars.items():
            columns = (bars.ts, bars.open, bars.high, bars.low, bars.close, bars.volume, bars.completeness)
            found[f"{symbol} {name}"] = tuple(column.tobytes() for column in columns)
            found[f"{symbol} {name} running"] = (repr(bars.running),)
            quality = (bars.history_quality, bars.session_quality, bars.quality)
            found[f"{symbol} {name} quality"] = (*quality, bars.gaps, bars.base)
        for key, data in view.indicators.items():
            series = None if data.series is None else data.series.tobytes()
            found[f"{symbol} {key}"] = (repr(data.current_value), data.valid, data.settled, data.last_updated, series)
    return found


def ends_of(interval: str, ts: np.ndarray, day: ob.SessionCoordinator) -> np.ndarray:
    """When each stored bar ends: what decides whether it is in the future."""
    calendar = day.time.calendar
    length = Interval.parse(interval)
    if length.intraday:
        return ts + length.width_ns
    grid = calendar.grid(length, calendar.ordinal_of(FIRST), calendar.ordinal_of(FIRST) + 12)
    return grid.ends[np.searchsorted(grid.stamps, ts)]
