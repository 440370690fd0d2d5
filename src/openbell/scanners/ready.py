"""Ready-made scanners: `use = "openbell.scanners.ready:Gap"` and so on, or as bases of your own.

Each gives every candidate a score; the best of those above 0 are promoted, and what is held and no longer scores is
let go.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from openbell.errors import ConfigError, Problem, nearest
from openbell.scanners.needs import ScanNeeds
from openbell.scanners.scanner import Picks, Scanner

if TYPE_CHECKING:
    from openbell.bars.block import Floats
    from openbell.scanners.market import Market


class Ranked(Scanner):
    """Promotes the best by a score, and lets go of what no longer has one.

    Attributes
    ----------
    most
        How many are promoted in one scan.
    let_go
        Whether symbols whose score is no longer above 0 are dropped.
    """

    most: int = 20
    let_go: bool = True

    def score(self, market: "Market") -> "Floats":
        """One value per candidate; it passes where that is above 0."""
        raise TypeError(f"{type(self).__name__} has no score: write def score(self, market) for {len(market)} symbols")

    def scan(self, market: "Market") -> Picks:
        """The best by score, and what to let go of."""
        score = self.score(market)
        passing = score > 0
        held = market.held
        drop = market.names(held & ~passing) if self.let_go else []
        return self.picks(market.names(passing & ~held, by=score, most=self.most), drop=drop)


class Gap(Ranked):
    """Opened far from the previous close.

    Attributes
    ----------
    gap
        As a share of the previous close: 0.03 is 3 percent.
    side
        Up, down, or both.
    """

    gap: float = 0.03
    side: Literal["up", "down", "both"] = "both"

    def score(self, market: "Market") -> "Floats":
        """By how much the gap is larger than asked for."""
        gap = market.open / market.previous_close - 1.0
        return _sided(gap, self.side) - self.gap


class RelativeVolume(Ranked):
    """Trades far more than usual by this minute of the day.

    Usual is the mean, over past sessions, of what was traded from their open to the same minute.

    Attributes
    ----------
    ratio
        Volume so far by usual volume so far.
    days
        Over how many sessions.
    """

    ratio: float = 3.0
    days: int = 10

    def setup(self, needs: ScanNeeds) -> None:
        """The usual volume by each minute."""
        self.usual = needs.volume_so_far(self.days)

    def score(self, market: "Market") -> "Floats":
        """How many times the asked ratio it is."""
        usual = market.figure(self.usual)
        ratio: Floats = np.full(len(market), np.nan)
        np.divide(market.volume, usual, out=ratio, where=usual > 0)
        return ratio / self.ratio - 1.0


class NewHighLow(Ranked):
    """Trades beyond the highest or lowest price of past sessions.

    Attributes
    ----------
    days
        Over how many sessions.
    side
        New highs, new lows, or both.
    """

    days: int = 20
    side: Literal["high", "low", "both"] = "high"

    def setup(self, needs: ScanNeeds) -> None:
        """The range of past sessions."""
        self.top, self.bottom = needs.figure("high", "max", self.days), needs.figure("low", "min", self.days)

    def score(self, market: "Market") -> "Floats":
        """How far beyond, as a share of the old extreme."""
        above = market.high / market.figure(self.top) - 1.0
        below = 1.0 - market.low / market.figure(self.bottom)
        return {"high": above, "low": below, "both": np.fmax(above, below)}[self.side]


class RsiExtreme(Ranked):
    """RSI outside its usual band.

    Attributes
    ----------
    interval, period
        Of the RSI.
    low, high
        The band.
    """

    interval: str = "5m"
    period: int = 14
    low: float = 30.0
    high: float = 70.0

    def setup(self, needs: ScanNeeds) -> None:
        """The RSI."""
        self.rsi = needs.indicator("rsi", interval=self.interval, period=self.period)

    def score(self, market: "Market") -> "Floats":
        """How far outside the band, in points."""
        rsi = market.indicator(self.rsi)
        return np.fmax(rsi - self.high, self.low - rsi)


class OpeningRangeBreak(Ranked):
    """Trades outside the range of the first minutes.

    Attributes
    ----------
    minutes
        How long the range is made; before its end nothing scores.
    side
        Breaks up, down, or both.
    """

    minutes: int = 15
    side: Literal["up", "down", "both"] = "both"

    def setup(self, needs: ScanNeeds) -> None:
        """The range."""
        self.range = needs.indicator("opening_range", interval="1m", period=self.minutes)

    def score(self, market: "Market") -> "Floats":
        """How far outside, as a share of the price."""
        if market.minutes <= self.minutes:
            return np.full(len(market), np.nan)
        price = market.price
        up = price / market.indicator(self.range, "high") - 1.0
        down = 1.0 - price / market.indicator(self.range, "low")
        return {"up": up, "down": down, "both": np.fmax(up, down)}[self.side]


class Squeeze(Ranked):
    """Bollinger bands inside the Keltner channel: a quiet time that often ends with a move.

    Attributes
    ----------
    interval, period
        Of both.
    num_std, multiplier
        Width of the bands and of the channel.
    """

    interval: str = "5m"
    period: int = 20
    num_std: float = 2.0
    multiplier: float = 1.5

    def setup(self, needs: ScanNeeds) -> None:
        """Bands and channel."""
        same: dict[str, Any] = {"interval": self.interval, "period": self.period}
        self.bands = needs.indicator("bbands", num_std=self.num_std, **same)
        self.channel = needs.indicator("keltner", multiplier=self.multiplier, atr_period=self.period, **same)

    def score(self, market: "Market") -> "Floats":
        """How much narrower the bands are, as a share of the channel."""
        bands = market.indicator(self.bands, "upper") - market.indicator(self.bands, "lower")
        channel = market.indicator(self.channel, "upper") - market.indicator(self.channel, "lower")
        share: Floats = np.full(len(market), np.nan)
        np.divide(bands, channel, out=share, where=channel > 0)
        return 1.0 - share


PARTS: Mapping[str, type[Ranked]] = {
    "gap": Gap,
    "relative_volume": RelativeVolume,
    "new_high_low": NewHighLow,
    "rsi_extreme": RsiExtreme,
    "opening_range_break": OpeningRangeBreak,
    "squeeze": Squeeze,
}


class Composite(Ranked):
    """Several ready-made ones together.

    Attributes
    ----------
    parts
        Which, each with its own parameters: ``{ gap = { gap = 0.02 }, relative_volume = {} }``.
    need
        How many of them a symbol must pass; 0 is all.
    """

    parts: dict[str, object]
    need: int = 0

    def setup(self, needs: ScanNeeds) -> None:
        """What all the parts need."""
        from openbell.desk.params import checked

        if not self.parts:
            raise ValueError(f"parts is empty; name some of {', '.join(PARTS)}")
        self._made: list[Ranked] = []
        for name, params in self.parts.items():
            kind = PARTS.get(name)
            if kind is None or not isinstance(params, Mapping):
                near = nearest(name, PARTS) or ", ".join(PARTS)
                fix = f"Use {near}, each with a table of its parameters."
                raise ConfigError(Problem(f"parts.{name}", "is no ready-made scanner with a table.", fix, "no_part"))
            part = kind(**checked(kind, Scanner, params, f"parts.{name}"))
            part.setup(needs)
            self._made.append(part)

    def score(self, market: "Market") -> "Floats":
        """How many parts it passes beyond those that it must; the sum of their scores breaks ties."""
        passed, sums = np.zeros(len(market)), np.zeros(len(market))
        for part in self._made:
            score = part.score(market)
            passing = score > 0
            passed += passing
            sums += np.where(passing, score / (1.0 + np.abs(score)), 0.0)
        enough = passed >= (self.need or len(self._made))
        return np.where(enough, passed + sums / (len(self._made) + 1), 0.0)


def _sided(value: "Floats", side: str) -> "Floats":
    return {"up": value, "down": -value, "both": np.abs(value)}[side]
