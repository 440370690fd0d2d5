"""What NautilusTrader's two engines share: one symbol's indicators, and a reader that compares after each minute."""

from typing import Any, Protocol

from benchmarks.peers.work import MINUTE, Outcome, Work, is_hit

VENUE = "SIM"
ONE = "{}." + VENUE + "-1-MINUTE-LAST-EXTERNAL"
DERIVED = (
    "{}." + VENUE + "-5-MINUTE-LAST-INTERNAL@1-MINUTE-EXTERNAL",
    "{}." + VENUE + "-15-MINUTE-LAST-INTERNAL@1-MINUTE-EXTERNAL",
)
# The last 1m bar of a window comes at the instant at which the window ends, so the window waits for it, in us.
DELAY = 15


class OfCloses(Protocol):
    """An indicator of one price."""

    value: float

    def update_raw(self, close: float, /) -> None: ...


class OfRanges(Protocol):
    """An indicator of three prices."""

    value: float

    def update_raw(self, high: float, low: float, close: float, /) -> None: ...


class Row:
    """One symbol's indicators, warmed by hand."""

    sma: OfCloses
    ema: OfCloses
    rsi: OfCloses
    macd: OfCloses
    signal: OfCloses
    atr: OfRanges

    def warm(self, work: Work, name: str) -> None:
        for close in work.history(name, 5)["close"].to_list():
            self.close(close)
        for high, low, close in work.history(name, 15).select("high", "low", "close").iter_rows():
            self.atr.update_raw(high, low, close)

    def close(self, close: float) -> None:
        """A 5m bar has ended."""
        self.sma.update_raw(close)
        self.ema.update_raw(close)
        self.rsi.update_raw(close)
        self.macd.update_raw(close)
        self.signal.update_raw(self.macd.value)

    def hit(self, close: float) -> bool:
        rsi, macd = self.rsi.value * 100, self.macd.value
        return is_hit(close, self.sma.value, self.ema.value, rsi, macd, self.signal.value, self.atr.value)

    def values(self) -> dict[str, float]:
        return {
            "sma": self.sma.value,
            "ema": self.ema.value,
            "rsi": self.rsi.value * 100,
            "macd": self.macd.value,
            "signal": self.signal.value,
            "atr": self.atr.value,
        }


class Reading:
    """Compares after each minute; mixed into a class of an engine, whose type of a bar's kind is given."""

    def begin(self, kind: Any, rows: dict[str, Row], outcome: Outcome) -> None:
        self.kind, self.rows, self.outcome = kind, rows, outcome
        self.one: dict[Any, Row] = {}
        self.five: dict[Any, Row] = {}
        self.fifteen: dict[Any, Row] = {}

    def on_start(self) -> None:
        for name, row in self.rows.items():
            for text, rows in zip((ONE, *DERIVED), (self.one, self.five, self.fifteen), strict=True):
                kind = self.kind.from_str(text.format(name))
                self.subscribe_bars(kind)  # type: ignore[attr-defined]  # the engine's
                rows[kind.standard()] = row

    def on_bar(self, bar: Any) -> None:
        kind = bar.bar_type
        row = self.one.get(kind)
        if row is not None:
            if not self.outcome.bars:
                self.outcome.begin()
            self.outcome.bars += 1
            self.outcome.hits += row.hit(bar.close.as_double())
            return
        row = self.five.get(kind)
        if row is not None:
            row.close(bar.close.as_double())
        else:
            self.fifteen[kind].atr.update_raw(bar.high.as_double(), bar.low.as_double(), bar.close.as_double())


def later(bar: Any) -> Any:
    """A bar that nobody subscribed to: the engine's clock stops at its last data, before the last windows end."""
    kind = type(bar.bar_type).from_str(str(bar.bar_type).replace("LAST", "BID"))
    end = bar.ts_init + MINUTE
    return type(bar)(kind, bar.open, bar.high, bar.low, bar.close, bar.volume, end, end)
