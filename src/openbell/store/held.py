"""Bars for a range of sessions, taken from the file as they lie there, or kept in a window that grows.

1. `_with_views`: rows that lie together in one file are handed out as views of the mapped file: nothing is copied, and
   a window with earlier ones is given up.
2. `_grown`: otherwise they are read into a window. A window's buffer has room for later sessions, and what was
   handed out is never written again: new rows go behind it. So the next day of a run reads only its own new
   day, and yesterday's blocks remain what they were.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.market.session import Hours
from openbell.store.days import Rows
from openbell.store.entries import Found, Part
from openbell.store.files import OpenFiles
from openbell.store.series import COLUMN_COUNT, Columns, Entries, SeriesDays, as_block

_ROOM = 1.25


@dataclass(frozen=True, slots=True)
class Wish:
    """Which bars are wanted: of consecutive sessions, both ends included."""

    interval: Interval
    first: int
    last: int
    hours: Hours


@dataclass(slots=True, eq=False)
class Window:
    """The bars of consecutive sessions of one series.

    Parameters
    ----------
    columns
        Shape (6, capacity), rows beyond ``starts[-1]`` are free.
    first
        The first session.
    starts
        The row that each session begins at, and after the last one the number of rows.
    """

    columns: Columns
    first: int
    starts: Rows

    @property
    def last(self) -> int:
        """The last session."""
        return self.first + len(self.starts) - 2

    @property
    def rows(self) -> int:
        """How many rows are filled."""
        return int(self.starts[-1])

    def holds(self, wish: Wish) -> bool:
        """Whether all sessions of a wish are here."""
        return self.first <= wish.first and wish.last <= self.last

    def precedes(self, wish: Wish) -> bool:
        """Whether a wish needs only later sessions than those that are here, without a hole between."""
        return self.first <= wish.first <= self.last + 1 and wish.last > self.last

    def replaced_by(self, wish: Wish) -> bool:
        """Whether who has the bars of a wish will hardly ask for those that are here."""
        return self.precedes(wish) and 2 * (wish.last - wish.first) >= self.last - self.first

    def block(self, wish: Wish) -> Block:
        """The bars of a wish, without a copy."""
        left, right = self.starts[wish.first - self.first], self.starts[wish.last + 1 - self.first]
        return as_block(self.columns[:, left:right])


class Reader:
    """Reads bars; keeps the windows that were read last, up to a number of bytes. Any number of threads may use one.

    Parameters
    ----------
    calendar
        Whose sessions are meant.
    limit_bytes
        How much is kept.
    """

    def __init__(self, calendar: Calendar, limit_bytes: int) -> None:
        self._calendar = calendar
        self._limit = limit_bytes
        self._windows: OrderedDict[Hashable, Window] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._busy: dict[Hashable, threading.Lock] = {}

    def read(self, kind: Hashable | None, name: str, series: SeriesDays, files: OpenFiles, wish: Wish) -> Block:
        """The bars of a wish that are not `at_hand`.

        Parameters
        ----------
        kind, name
            Under which a window is kept; no kind to keep nothing.
        """
        if kind is None:
            return self._grown(None, series, files, wish, 1.0).block(wish)
        key = (name, kind)
        with self._lock:
            busy = self._busy.setdefault(key, threading.Lock())
        with busy:
            window = self._windows.get(key)
            if window is None or not window.holds(wish):
                window = self._grown(window, series, files, wish, _ROOM)
                self._keep(key, window)
            return window.block(wish)

    def at_hand(
        self, kind: Hashable | None, names: Sequence[str], found: Found, files: OpenFiles, wish: Wish
    ) -> list[Block | None]:
        """The bars of a wish of each series where nothing must be read or copied: kept in a window, or mapped.

        Parameters
        ----------
        found
            The entries of the wish, of each name.
        """
        # Of large files there are no windows, and no keys to be made for each name.
        none = kind is None or not self._windows
        windows = [None] * len(names) if none else [self._windows.get((name, kind)) for name in names]
        blocks = [None if window is None or not window.holds(wish) else window.block(wish) for window in windows]
        away = [place for place, block in enumerate(blocks) if block is None]
        end = 0
        for part in found.parts:
            begin, end = end, end + len(part.sizes)
            blocks[begin:end] = _with_views(blocks[begin:end], part, files, wish)
        for place in away:
            window = windows[place]
            if window is not None and blocks[place] is not None and window.replaced_by(wish):
                self._drop((names[place], kind))
        return blocks

    def _keep(self, key: Hashable, window: Window) -> None:
        self._drop(key)
        with self._lock:
            self._bytes += window.columns.nbytes
            self._windows[key] = window
            while self._bytes > self._limit and len(self._windows) > 1:
                _, dropped = self._windows.popitem(last=False)
                self._bytes -= dropped.columns.nbytes

    def _drop(self, key: Hashable) -> None:
        """Forget a window; blocks that were handed out keep its memory as long as they need it."""
        with self._lock:
            old = self._windows.pop(key, None)
            self._bytes -= 0 if old is None else old.columns.nbytes

    def _grown(self, window: Window | None, series: SeriesDays, files: OpenFiles, wish: Wish, room: float) -> Window:
        """A window that holds the sessions: the old one with more rows behind it where that is possible."""
        if window is not None and not window.precedes(wish):
            window = None
        begin = wish.first if window is None else window.last + 1
        entries = series.inside(begin, wish.last)
        bars = series.days[wish.hours.value]["bars"][entries].astype(np.int64)
        per_session = np.zeros(wish.last - begin + 1, np.int64)
        per_session[series.ordinals[entries] - begin] = bars
        count = int(bars.sum())
        if window is None:
            window = Window(np.empty((COLUMN_COUNT, int(room * count))), wish.first, np.zeros(1, np.int64))
        else:
            window = _with_room(window, wish.first, count)
        target = window.columns[:, window.rows : window.rows + count]
        self._fill(series, files, entries, wish, target)
        starts = np.append(window.starts, window.rows + np.cumsum(per_session))
        return Window(window.columns, window.first, starts)

    def _fill(self, series: SeriesDays, files: OpenFiles, entries: Entries, wish: Wish, target: Columns) -> None:
        rows, spans = series.spans(entries, wish.hours)
        total = int(spans.sum())
        if total == target.shape[1]:
            series.fill(files, series.owners[entries], rows, spans, target)
            return
        everything = np.empty((COLUMN_COUNT, total))
        series.fill(files, series.owners[entries], rows, spans, everything)
        ordinals = series.ordinals[entries]
        grid = self._calendar.grid(wish.interval, int(ordinals.min()), int(ordinals.max()), wish.hours)
        target[:] = everything[:, grid.slots_of(everything[0].view(np.int64)) >= 0]


def _with_views(blocks: Sequence[Block | None], part: Part, files: OpenFiles, wish: Wish) -> list[Block | None]:
    """Views of mapped files where blocks are missing; None stays where bars lie apart, or some off the grid."""
    viewed = list(blocks)
    for place in np.flatnonzero(part.sizes == 0).tolist():
        viewed[place] = Block.empty()
    mapped: dict[int, Block | None] = {}
    for place, volume, owner, first, end in _runs(part, wish.hours):
        if viewed[place] is None:
            if volume not in mapped:
                mapped[volume] = files.mapped(part.series(place).pieces[owner].file)
            file = mapped[volume]
            viewed[place] = None if file is None else file.rows(first, end)
    return viewed


def _runs(part: Part, hours: Hours) -> Iterable[tuple[int, int, int, int, int]]:
    """The rows of those series whose rows lie together in a file and are all on the grid.

    Place among the series, file and piece, and the first row and the one after the last.
    """
    filled = np.flatnonzero(part.sizes)
    table, heads = part.table, part.heads[filled]
    tails, laid = heads + part.sizes[filled] - 1, table.laid(hours)
    whole = laid.together(heads, tails)
    filled, heads, tails = filled[whole], heads[whole], tails[whole]
    runs = filled, table.files[heads], table.owners[heads], laid.begins[heads], laid.ends[tails]
    return zip(*(column.tolist() for column in runs), strict=True)


def _with_room(window: Window, first: int, rows: int) -> Window:
    if window.rows + rows <= window.columns.shape[1]:
        return window
    left = int(window.starts[first - window.first])
    kept = window.rows - left
    columns = np.empty((COLUMN_COUNT, int(_ROOM * (kept + rows))))
    columns[:, :kept] = window.columns[:, left : window.rows]
    return Window(columns, first, window.starts[first - window.first :] - left)
