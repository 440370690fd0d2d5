"""The arithmetic of the synthetic market: from a grid, a symbol's profile and random bits to columns of bars.

1. `Timetable.of` lays a day's shape over a grid: volume smile, overnight gaps, the outage.
2. `Profile.of` draws what a symbol is like: price, volatility, how thin, when listed.
3. `synthesise` walks the price in integers, turns it into ticks, and drops the bars that had no trade.

Only integers and the exact operations of IEEE 754 (no exp, log, sin, no summing of floats) stand between the bits and
the prices, so that every machine makes the same bytes.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Grid, Ordinals

Integers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint16]
Flags = npt.NDArray[np.bool_]

TICKS_PER_UNIT = 100
DRAWS_PER_BAR = 3
OUTAGE_NS = 3_600_000_000_000
# Four 16-bit numbers summed have this standard deviation: 65536 * sqrt(4 / 12).
_DEVIATION = 37837.0
_ONE = float(1 << 32)
_BURST_BARS = 30
# The numbers 0 to 9 that a symbol's index ends in say which of ten is thin; of fifty, one is listed late, one leaves.
_THIN, _LISTED_LATE, _DELISTED = 2, 3, 4


@dataclass(frozen=True, slots=True, eq=False)
class Timetable:
    """What all symbols share: one entry per slot of the grid.

    Parameters
    ----------
    grid
        The expected bars.
    session
        0 for the first session's slots, 1 for the second's, and so on.
    first
        The first slot of each session, one entry per session.
    smile
        How busy a slot is: near 1 on average, high at the open and the close.
    down
        Whether a slot lies in the outage, when no symbol has bars.
    """

    grid: Grid
    session: Ordinals
    first: Integers
    smile: Floats
    down: Flags

    @classmethod
    def of(cls, grid: Grid, *, defects: bool) -> Self:
        """Lay a day's shape over a grid that is not empty."""
        session = (grid.sessions - grid.sessions[0]).astype(np.int32)
        fresh = np.diff(session, prepend=-1) != 0
        session = (np.cumsum(fresh) - 1).astype(np.int32)
        first = np.flatnonzero(fresh)
        counts = np.diff(first, append=len(grid))
        place = (np.arange(len(grid)) - first[session] + 0.5) / counts[session]
        edge = 2.0 * place - 1.0
        smile = 0.6 + 0.9 * edge * edge + 0.5 * edge * edge * edge * edge
        return cls(grid, session, first, smile, _outage(grid, session, first, defects=defects))

    @property
    def sessions(self) -> int:
        """How many sessions the grid covers."""
        return len(self.first)


def _outage(grid: Grid, session: Ordinals, first: Integers, *, defects: bool) -> Flags:
    """One hour without bars, two hours after the open of the session at three fifths of the range."""
    if not defects or len(first) < 3:
        return np.zeros(len(grid), np.bool_)
    hit = len(first) * 3 // 5
    begin = int(grid.opens[first[hit]]) + 2 * OUTAGE_NS
    down: Flags = (session == hit) & (grid.opens >= begin) & (grid.opens < begin + OUTAGE_NS)
    return down


@dataclass(frozen=True, slots=True)
class Profile:
    """What one symbol is like.

    Parameters
    ----------
    price
        Near its first price, in ticks.
    volatility
        Standard deviation of a session's return, as a share.
    presence
        Share of the slots of an average hour in which there is a trade, 0 to 1.
    turnover
        Volume of an average bar.
    listed, delisted
        First session with bars, and first one without again, counted from the start of the range; None: never.
    """

    price: int
    volatility: float
    presence: float
    turnover: int
    listed: int = 0
    delisted: int | None = None

    @classmethod
    def of(cls, index: int, sessions: int, bits: Bits, *, defects: bool) -> Self:
        """Draw the profile of the symbol at an index from four 16-bit numbers."""
        unit = [int(draw) / 65536.0 for draw in bits[:4]]
        thin = index % 10 == _THIN
        return cls(
            price=1_000 + int(40_000 * unit[0] * unit[0]),
            volatility=0.008 + 0.025 * unit[1] * unit[1],
            presence=0.35 + 0.2 * unit[2] if thin else 0.93 + 0.09 * unit[2],
            turnover=150 + int(400 * unit[3]) if thin else 1_000 + int(60_000 * unit[3] * unit[3]),
            listed=sessions // 2 if defects and index % 50 == _LISTED_LATE else 0,
            delisted=sessions * 2 // 3 if defects and index % 50 == _DELISTED else None,
        )


def synthesise(times: Timetable, profile: Profile, bits: Bits, *, defects: bool) -> Block:
    """One symbol's bars over the whole timetable.

    Parameters
    ----------
    times, profile
        What all symbols share, and what this one is like.
    bits
        Shape (3, slots + sessions, 4): random 16-bit numbers, the last ``sessions`` for the nights.
    defects
        Whether bars may be missing.

    Returns
    -------
    Block
        Present bars only, prices in hundredths, volumes whole.
    """
    slots = len(times.grid)
    step, shape, noise = bits[0], bits[1, :slots], bits[2, :slots]
    scale = _bar_volatility(times, profile, noise[:, 0])
    close, open_ = _walk(times, profile, step, scale)
    last, first = _ticks(profile.price, close), _ticks(profile.price, open_)
    reach = scale * last * 0.8
    high = np.maximum(first, last) + np.rint(_unit(shape[:, 0]) * reach)
    low = np.maximum(np.minimum(first, last) - np.rint(_unit(shape[:, 1]) * reach), 1.0)
    volume = _volume(times, profile, shape[:, 2], noise[:, 1])
    keep = _present(times, profile, shape[:, 3]) if defects else np.ones(slots, np.bool_)
    opens, highs, lows, closes = (column[keep] / TICKS_PER_UNIT for column in (first, high, low, last))
    return Block(times.grid.stamps[keep], opens, highs, lows, closes, volume[keep]).freeze()


def _unit(bits: Bits) -> Floats:
    """Shares in [0, 1), exact."""
    return bits.astype(np.float64) / 65536.0


def _centred(bits: Bits) -> Floats:
    """Nearly normal with deviation 1: four uniform integers summed."""
    centred: Floats = (bits.sum(axis=-1, dtype=np.int64) - 131_070) / _DEVIATION
    return centred


def _bar_volatility(times: Timetable, profile: Profile, noise: Bits) -> Floats:
    """Deviation of each bar's return: the smile, times bursts that last about half an hour."""
    heavy = (noise.astype(np.int64) >> 8) ** 3
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(heavy)])
    slots = np.arange(1, len(heavy) + 1)
    back = np.maximum(slots - _BURST_BARS, 0)
    burst = (total[slots] - total[back]) / ((slots - back) * float(1 << 22))
    per_session = len(heavy) / times.sessions
    scale: Floats = profile.volatility / np.sqrt(per_session) * np.sqrt(times.smile) * (0.2 + 0.8 * burst * burst)
    return scale


def _walk(times: Timetable, profile: Profile, bits: Bits, scale: Floats) -> tuple[Integers, Integers]:
    """Logarithms of close and open over the first price, in units of 2**-32."""
    slots = len(scale)
    steps = np.rint(_centred(bits[:slots]) * scale * _ONE).astype(np.int64)
    night = _centred(bits[slots:])
    gaps = np.rint(night * np.abs(night) * 0.5 * profile.volatility * _ONE).astype(np.int64)
    gaps[0] = 0
    jump = np.zeros(slots, np.int64)
    jump[times.first] = gaps
    close = np.cumsum(steps + jump)
    return close, close - steps


def _ticks(price: int, logarithm: Integers) -> Floats:
    """The price in whole ticks, never below one: ``(1 + x / 256) ** 256`` stands for ``exp(x)``."""
    growth = 1.0 + logarithm / (_ONE * 256.0)
    for _ in range(8):
        growth = growth * growth
    return np.maximum(np.rint(price * growth), 1.0)


def _volume(times: Timetable, profile: Profile, lot: Bits, rare: Bits) -> Floats:
    share = _unit(lot)
    spike = np.where(rare < 650, 6.0, 1.0)
    return np.maximum(np.rint(profile.turnover * times.smile * (0.2 + 2.4 * share * share) * spike), 1.0)


def _present(times: Timetable, profile: Profile, draw: Bits) -> Flags:
    there = ~times.down & (times.session >= profile.listed)
    if profile.delisted is not None:
        there &= times.session < profile.delisted
    if times.grid.interval.intraday:  # a day without any trade is rare even for thin names
        there &= draw < profile.presence * (0.8 + 0.2 * times.smile) * 65536.0
    return there
