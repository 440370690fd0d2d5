"""Which bars of a day are there and which are missing, slot by slot, packed for the page of a run; reads no bars."""

import base64
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from openbell.bars.grid import Grid
from openbell.bars.interval import Interval
from openbell.config.session_file import SessionFile
from openbell.market.calendar import load_calendar
from openbell.store.manager import DataManager

# Of a page: a million slots packed six to a letter are some 170 kB.
SLOTS = 4_000_000

Json = dict[str, Any]


def strips(file: SessionFile, symbols: Sequence[str], dates: Sequence[str], interval: str) -> Json:
    """The slots of the last days, as many as find room.

    Parameters
    ----------
    file
        Whose store, market and hours.
    symbols, dates
        Rows, and the days that were run, oldest first.
    interval
        Of the bars; symbols of which it is not stored are left out.

    Returns
    -------
    dict
        ``symbols`` and ``days``: each with its ``date``, the stretches of trading as ``[start in ms, slots]``, and for
        each symbol its slots as bits in base64, the first slot in the highest bit.
    """
    calendar, parsed = load_calendar(file.market), Interval.parse(interval)
    data = DataManager(file.store, calendar)
    stored = [symbol for symbol in symbols if parsed in data.intervals(symbol)]
    days: list[Json] = []
    room = SLOTS
    for day in reversed(dates):
        ordinal = calendar.ordinal_of(date.fromisoformat(day))
        if ordinal is None or not stored:
            continue
        grid = calendar.grid(parsed, ordinal, ordinal, file.hours)
        room -= len(grid) * len(stored)
        if days and room < 0:
            break
        present = data.presence(stored, parsed, ordinal, hours=file.hours)
        rows = [base64.b64encode(np.packbits(row).tobytes()).decode() for row in present]
        days.append({"date": day, "stretches": _stretches(grid), "rows": rows})
    return {"symbols": stored, "interval": interval, "width": parsed.width_ns // 1_000_000, "days": days[::-1]}


def _stretches(grid: Grid) -> list[list[int]]:
    """Where slots follow each other without a break: start in milliseconds, and how many."""
    breaks = np.flatnonzero(grid.opens[1:] != grid.ends[:-1]) + 1
    firsts = [0, *breaks.tolist()] if len(grid) else []
    counts = np.diff([*firsts, len(grid)]).tolist()
    return [[int(grid.stamps[first]) // 1_000_000, count] for first, count in zip(firsts, counts, strict=True)]
