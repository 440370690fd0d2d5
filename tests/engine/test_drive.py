"""The compiled way through instants: its folds are bit for bit those of one symbol after the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from openbell.bars.block import Block, Floats
from openbell.bars.derive import derive
from openbell.bars.grid import Grid, Span
from openbell.bars.interval import Interval
from openbell.bars.panel import BarPanel
from openbell.engine.drive import BLOCK, Drive
from openbell.feeds.replay import ReplayFeed
from openbell.market.calendar import load_calendar
from openbell.market.time_manager import TimeManager
from openbell.session.lanes import Lane
from openbell.session.session_data import SessionData

MINUTE = 60_000_000_000
ONE = Interval.parse("1m")

prices = st.floats(0.01, 1e6)
volumes = st.one_of(st.floats(0.0, 1e9), st.just(np.nan), st.just(-0.0))


def grids(length: str, lunch: bool) -> tuple[Grid, Grid]:
    """Windows and minutes of forty minutes."""
    spans = [Span(0, 23 * MINUTE, 0), Span(30 * MINUTE, 47 * MINUTE, 0)] if lunch else [Span(0, 40 * MINUTE, 0)]
    return Grid.of_spans(Interval.parse(length), spans), Grid.of_spans(ONE, spans)


def session_of(rows: int, completeness: float) -> SessionData:
    time = TimeManager(load_calendar("XNYS"))
    time.open_day(1000)
    session = SessionData(time, completeness=completeness)
    session.reserve(rows)
    for _ in range(rows):
        session.rows.take()
    return session


def streamed(
    windows: Grid,
    minutes: Grid,
    values: Floats,
    present: np.ndarray,
    completeness: float,
    *,
    delivered: int | None = None,
) -> BarPanel:
    """A day of minutes, folded into windows; the bars of one row may be delivered as they are, all of them 8."""
    rows = present.shape[1]
    session, feed = session_of(rows, completeness), ReplayFeed()
    fine, coarse = (Lane(grid.interval, grid, rows, [True] * len(grid)) for grid in (minutes, windows))
    for row in reversed(range(rows)):
        fine.admit([row], base=None, streamed=True)
        coarse.admit([row], base=ONE, streamed=row == delivered)
    session.lanes.update({ONE: fine, windows.interval: coarse})
    feed.record(ONE, minutes, rows)
    feed.record(windows.interval, windows, rows + 1)
    feed.tape(ONE).values[:], feed.tape(ONE).present[:] = values, present
    if delivered is not None:
        feed.tape(windows.interval).values[:, :, delivered] = 8.0
        feed.tape(windows.interval).present[:, delivered] = True
    ends = np.unique(np.concatenate([minutes.ends, windows.ends]))
    drive = Drive(session, feed, (fine, coarse), ends, 0)

    for _ in ends:
        drive.go()

    assert fine.panel.present.tobytes() == present.tobytes()
    return coarse.panel


def assert_derived(
    panel: BarPanel, windows: Grid, minutes: Grid, values: Floats, present: np.ndarray, completeness: float
) -> None:
    shares = panel.shares
    assert shares is not None
    for row in range(present.shape[1]):
        at = present[:, row]
        block = Block.of(minutes.stamps[at], [np.ascontiguousarray(values[at, field, row]) for field in range(5)])
        whole = derive(block, windows, windows.expected(minutes), completeness=completeness)
        there = panel.present[:, row]
        assert whole.ts.tolist() == windows.stamps[there].tolist()
        for field, column in enumerate(whole.columns):
            assert column.tobytes() == panel.values[there, field, row].tobytes()
        assert whole.shares.tobytes() == shares[there, row].tobytes()
        assert np.isnan(panel.values[~there, :, row]).all()


@settings(deadline=None, derandomize=True, max_examples=60, database=None)
@given(
    length=st.sampled_from(("2m", "3m", "5m", "7m", "60m")),
    present=hn.arrays(bool, (40, 3)),
    fields=hn.arrays(np.float64, (40, 4, 3), elements=prices),
    volume=hn.arrays(np.float64, (40, 3), elements=volumes),
    completeness=st.sampled_from((0.0, 0.2, 0.5, 0.99, 1.0)),
    lunch=st.booleans(),
)
def test_window_by_window_for_many_symbols_is_bit_for_bit_the_same_as_all_windows_of_one(
    length, present, fields, volume, completeness, lunch
):
    windows, minutes = grids(length, lunch)
    values = np.where(present[:, None, :], np.concatenate([fields, volume[:, None, :]], axis=1), np.nan)

    panel = streamed(windows, minutes, values, present, completeness)

    assert_derived(panel, windows, minutes, values, present, completeness)


@pytest.mark.parametrize("rows", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_however_many_rows_there_are(rows):
    windows, minutes = grids("5m", lunch=False)
    random = np.random.default_rng(rows)
    present = random.random((40, rows)) < 0.6
    values = np.where(present[:, None, :], random.random((40, 5, rows)) + 1.0, np.nan)

    panel = streamed(windows, minutes, values, present, 0.5)

    assert_derived(panel, windows, minutes, values, present, 0.5)


def test_rows_that_are_there_already_keep_what_they_have():
    windows, minutes = grids("2m", lunch=False)
    values, present = np.full((40, 5, 2), 3.0), np.ones((40, 2), bool)

    panel = streamed(windows, minutes, values, present, 0.0, delivered=0)

    assert panel.values[0, :, 0].tolist() == [8.0] * 5
    assert panel.values[0, :, 1].tolist() == [3.0, 3.0, 3.0, 3.0, 6.0]
    assert panel.present.all()
