"""Everything that users' code can read is the same whatever is stored after now: `verify` sees hashes of all of it."""

import shutil
from pathlib import Path

import pytest
from sessions import document

from openbell.config.loader import load
from openbell.config.writing import toml_text
from openbell.engine.verify import verify
from openbell.scanners.ready import PARTS

SEES = """
import hashlib

import numpy as np
import openbell as ob


def hashed(*readings):
    made = hashlib.blake2b(digest_size=8)
    for one in readings:
        made.update(one.tobytes() if isinstance(one, np.ndarray) else repr(one).encode())
    return made.hexdigest()


class Sees(ob.Strategy):
    def setup(self, needs):
        self.rsi = needs.indicator("rsi", interval="5m", period=14)
        self.day = needs.indicator("ema", interval="1d", period=3)
        needs.bars("1d", days=5).quality(60)

    def on_day_start(self):
        self.bars = []

    def on_bar(self, bar):
        self.bars.append((bar.symbol, bar.interval, bar.copy(), bar.indicator(self.rsi), bar.completeness))

    def on_quality(self, symbol, interval, quality):
        self.bars.append((symbol, interval, quality))

    def on_bars(self, bars):
        if bars.interval != "5m":
            return
        columns = [bars.open, bars.high, bars.low, bars.close, bars.volume, bars.present, bars.completeness]
        arrays = hashed(*columns, bars.quality, bars.trusted, bars.window(30), bars.window(9, "volume"))
        indicators = [bars.indicator(self.rsi), bars.indicator(self.day)]
        past = hashed(bars.aggregate("usual"), bars.aggregate("curve"), *indicators)
        self.hold("NVDA", meta={"arrays": arrays, "past": past, "bars": hashed(self.bars), "objects": self.objects()})

    def objects(self):
        made = []
        for name in self.desk.symbols:
            symbol = self.desk.symbol(name)
            for interval, bars in symbol.bars.items():
                made += [name, interval, bars.close, bars.completeness, bars.quality, bars.gaps, bars.running]
            made += [(key, one.current_value, one.settled, one.last_updated) for key, one in symbol.indicators.items()]
        return hashed(*made)


class SeesToo(ob.Scanner):
    def setup(self, needs):
        self.rsi = needs.indicator("rsi", interval="5m", period=14)
        self.top, self.usual = needs.figure("high", "max", 3), needs.volume_so_far(3)

    def filter(self, universe):
        self.before = hashed(universe.symbols, universe.previous_close, universe.figure(self.top))
        return None

    def scan(self, market):
        prices = hashed(market.price, market.open, market.high, market.low, market.volume, market.column("close", "1m"))
        figures = [market.figure(self.top), market.figure(self.usual)]
        past = hashed(market.previous_close, *figures, market.indicator(self.rsi))
        clock = hashed(market.now, market.minutes, market.elapsed, market.symbols, market.held)
        self.desk.signal(
            "hold", "NVDA", meta={"before": self.before, "prices": prices, "past": past, "clock": clock}
        )
        return []
"""


@pytest.fixture
def home(store: Path, tmp_path: Path) -> Path:
    """A folder with a store of its own."""
    shutil.copytree(store, tmp_path / "data")
    (tmp_path / "mine.py").write_text(SEES)
    return tmp_path


def verified(home: Path, times: int, **changes: object):
    made = document(home / "data", **changes) | {"store": "data"}
    made["backtest"]["end"] = made["backtest"]["start"]
    made["history"] = [{"days": 5, "intervals": ["1m", "5m"], "symbols": "all"}]
    (home / "session.toml").write_text(toml_text(made))
    return verify(load(home / "session.toml"), times=times)


def test_every_reading_of_strategies_and_scanners_ends_at_now(home: Path):
    figures = {"column": "volume", "statistic": "mean", "days": 4, "symbols": "all"}

    verdict = verified(
        home,
        4,
        strategies=[{"use": "mine.py:Sees"}],
        scanners=[{"use": "mine.py:SeesToo", "every": "5m", "pre_session": True}],
        session={"symbols": ["NVDA", "AAPL", "THIN"], "intervals": ["1m", "5m", "15m"]},
        aggregates=[figures | {"name": "usual"}, figures | {"name": "curve", "per": "minute"}],
    )

    assert [one for one in verdict.findings if one.check == "future"] == []
    assert verdict.outputs["strategy:Sees"] >= 78
    assert verdict.outputs["scanner:SeesToo"] >= 79


@pytest.mark.parametrize("part", sorted(PARTS))
def test_the_ready_made_scanners_know_no_future(home: Path, part: str):
    use = f"openbell.scanners.ready:{PARTS[part].__name__}"
    loose = {"gap": {"gap": 0.001}, "relative_volume": {"ratio": 0.9, "days": 4}, "new_high_low": {"days": 2}}

    verdict = verified(home, 2, scanners=[{"use": use, "every": "15m", "params": loose.get(part, {})}])

    assert [one for one in verdict.findings if one.check == "future"] == []
    assert verdict.outputs[f"scanner:{PARTS[part].__name__}"] >= 26
