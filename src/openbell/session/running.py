"""The bar of a window that is still open."""

from typing import TYPE_CHECKING

import numpy as np

from openbell.bars.block import Block
from openbell.bars.interval import Interval, Unit
from openbell.session.records import Series, SymbolRecord
from openbell.session.weeks import with_week_so_far

if TYPE_CHECKING:
    from openbell.session.session_data import SessionData

Running = tuple[int, float, float, float, float, float, float]


def running_bar(session: "SessionData", record: SymbolRecord, interval: Interval, series: Series) -> Running | None:
    """Stamp, open, high, low, close, volume and share so far of the window that is open now.

    None where nothing finer is there to fold, no window is open, or no bar of it has come yet.
    """
    fine = _finest_intraday(record) if series.base is None or not series.base.intraday else series.base
    if fine is None or fine == interval:
        return None
    time, lane = session.time, session.lanes[fine]
    window = _open_window(session, interval)
    if window is None:
        return None
    stamp, opens = window
    today = lane.panel.block(record.row)
    today = today[int(np.searchsorted(today.ts, opens)) :]
    so_far = today
    if interval.unit is Unit.WEEK:
        past = record.series.get(series.base) if series.base is not None else None
        so_far = with_week_so_far(time, interval, (past or record.series[fine]).history, today)
    if not len(so_far):
        return None
    ended = lane.panel.grid.ended_by(time.now)
    expected = ended - int(lane.panel.grid.opens.searchsorted(opens))
    share = len(today) / expected if expected else 1.0
    return (stamp, *_folded(so_far), share)


def _open_window(session: "SessionData", interval: Interval) -> tuple[int, int] | None:
    """Stamp and open of the window that is open now."""
    time = session.time
    if interval.unit is Unit.WEEK:
        if time.now >= time.today.close:
            return None
        first = time.calendar.session(time.calendar.week_start(time.today.ordinal), time.hours)
        return first.midnight, first.open
    grid, slot = session.lanes[interval].panel.grid, session.lanes[interval].panel.cursor
    if slot >= len(grid) or grid.opens[slot] > time.now:
        return None
    return int(grid.stamps[slot]), int(grid.opens[slot])


def _folded(bars: Block) -> tuple[float, float, float, float, float]:
    volume = 0.0
    for value in bars.volume.tolist():
        volume += value
    high, low = float(bars.high.max()), float(bars.low.min())
    return float(bars.open[0]), high, low, float(bars.close[-1]), volume


def _finest_intraday(record: SymbolRecord) -> Interval | None:
    streamed = [i for i, series in record.series.items() if i.intraday and series.base is None]
    return min(streamed, key=lambda i: i.rank, default=None)
