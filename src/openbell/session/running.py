"""The bar of a window that is still open."""

from typing import TYPE_CHECKING

from openbell.bars.interval import Interval
from openbell.session.records import Series, SymbolRecord

if TYPE_CHECKING:
    from openbell.session.session_data import SessionData


def running_bar(
    session: "SessionData", record: SymbolRecord, interval: Interval, series: Series
) -> tuple[int, float, float, float, float, float, float] | None:
    """Stamp, open, high, low, close, volume and share so far of the window that is open now.

    None where nothing finer is there to fold, no window is open, or no bar of it has come yet.
    """
    base = series.base if series.base is not None else _finest_intraday(record)
    if base is None or base == interval or not base.intraday:
        return None
    grid, lane = session.lanes[interval].panel.grid, session.lanes[base]
    slot = session.lanes[interval].panel.cursor
    if slot >= len(grid) or grid.opens[slot] > session.time.now:
        return None
    so_far = lane.panel.block(record.row).between(int(grid.opens[slot]), int(grid.ends[slot]))
    if not len(so_far):
        return None
    ended = lane.panel.grid.ended_by(session.time.now)
    expected = ended - int(lane.panel.grid.opens.searchsorted(grid.opens[slot]))
    volume = 0.0
    for value in so_far.volume.tolist():
        volume += value
    return (
        int(grid.stamps[slot]),
        float(so_far.open[0]),
        float(so_far.high.max()),
        float(so_far.low.min()),
        float(so_far.close[-1]),
        volume,
        len(so_far) / expected if expected else 1.0,
    )


def _finest_intraday(record: SymbolRecord) -> Interval | None:
    streamed = [i for i, series in record.series.items() if i.intraday and series.base is None]
    return min(streamed, key=lambda i: i.rank, default=None)
