"""Session files as mappings."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

Rules = list[dict[str, Any]]

FIVE: Rules = [
    {"name": "sma", "interval": "5m", "params": {"period": 20}},
    {"name": "ema", "interval": "5m", "params": {"period": 20}},
    {"name": "rsi", "interval": "5m", "params": {"period": 14}},
    {"name": "macd", "interval": "5m"},
    {"name": "atr", "interval": "15m", "params": {"period": 14}},
]
FIVE_MORE: Rules = [
    {"name": "sma", "interval": "5m", "params": {"period": 10}},
    {"name": "ema", "interval": "5m", "params": {"period": 10}},
    {"name": "rsi", "interval": "5m", "params": {"period": 7}},
    {"name": "macd", "interval": "5m", "params": {"fast": 6, "slow": 13, "signal": 5}},
    {"name": "atr", "interval": "15m", "params": {"period": 7}},
]
TWO: Rules = [FIVE[0], FIVE[2]]

STRATEGIES = Path(__file__).with_name("strategies.py").resolve()


def document(
    store: Path,
    symbols: Sequence[str],
    start: date,
    end: date | None = None,
    *,
    intervals: Sequence[str] = ("1m", "5m", "15m"),
    days: int = 30,
    indicators: Rules = FIVE,
    strategy: str | None = None,
) -> dict[str, Any]:
    """A session on a store: all its symbols with all intervals, history of each, and indicators."""
    made: dict[str, Any] = {
        "name": "benchmark",
        "market": "XNYS",
        "mode": "backtest",
        "store": str(store.resolve()),
        "backtest": {"start": start, "end": end or start},
        "session": {"symbols": list(symbols), "intervals": list(intervals)},
        "history": [{"days": days, "intervals": list(intervals), "symbols": "all"}],
        "indicators": indicators,
    }
    if strategy is not None:
        made["strategies"] = [{"use": f"{STRATEGIES}:{strategy}"}]
    return made
