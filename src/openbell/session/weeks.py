"""Weeks: the one interval whose window reaches into past sessions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from openbell.bars.block import Block
from openbell.bars.derive import derive_all
from openbell.bars.interval import Interval, Unit
from openbell.bars.sheaf import Sheaf
from openbell.market.time_manager import TimeManager
from openbell.market.windows import ended_windows
from openbell.session.lanes import Lane
from openbell.session.records import History

if TYPE_CHECKING:
    from openbell.session.session_data import SessionData


def with_week_so_far(time: TimeManager, interval: Interval, history: History, today: Block) -> Block:
    """Today's base bars, for a week behind those of its earlier sessions."""
    if interval.unit is not Unit.WEEK:
        return today
    begin = int(time.calendar.begins[time.calendar.week_start(time.today.ordinal)])
    return Block.joined((*history.since(begin).parts, today))


def folded_today(
    time: TimeManager, fine: Sequence[Block], interval: Interval, base: Interval, completeness: float
) -> Sequence[Block]:
    """Bars of windows that end today and have ended by now, of many symbols.

    Parameters
    ----------
    fine
        Base bars of each symbol, from the first of these windows on.
    """
    today = time.today.ordinal
    grid, expected, lefts = ended_windows(time.calendar, interval, base, today, time.hours, time.now)
    return derive_all(Sheaf.of(fine), grid, expected, completeness=completeness, lefts=lefts).blocks


def close_weeks(session: "SessionData", lane: Lane, base: Interval) -> None:
    """At the close of a week's last session, put the week's bar of every symbol in place."""
    for row in lane.folded[base].array.tolist():
        series = session.records[session.names[row]].series[base]
        today = session.lanes[base].panel.block(row)
        whole = with_week_so_far(session.time, lane.interval, series.history, today)
        (bar,) = folded_today(session.time, [whole], lane.interval, base, session.completeness)
        lane.panel.write(row, lane.panel.grid.slots_of(bar.ts), bar)
