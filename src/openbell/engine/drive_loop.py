"""The compiled loop that takes a session through instants; imported only to be compiled.

It gets the address of one table of whole numbers, named in `openbell.engine.drive`, and per instant

1. marks the lanes whose window ends now, and copies what the feed has for them,
2. folds the windows that end now from their base bars, shortest first, each in order of time,
3. has every indicator of these lanes fed, by the address of its own compiled loop.

Nothing is allocated, and no object of Python's is touched.
"""

from math import inf, nan
from typing import Any

from openbell.bars.block import FIELDS
from openbell.engine.drive import BLOCK, BLOCKS, FOLD, GIVEN, LANE, LINK, PLAN
from openbell.machine.borrow import called, flags, floats, inlined, listed, moved, stamps

_FIELDS = len(FIELDS)
_BYTES = 8
# Where a block of folded rows has its columns.
_HIGH, _LOW, _CLOSE, _VOLUME, _BARS = BLOCK, 2 * BLOCK, 3 * BLOCK, 4 * BLOCK, 5 * BLOCK

(
    _PLACE, _COUNT, _ENDS, _LANES, _LANE_COUNT, _FOLDS, _FOLD_COUNT, _LINKS, _LINK_COUNT, _SESSION, _ROWS, _LEAST,
    _BLOCK, _FAILED,
) = range(len(PLAN))  # fmt: skip
(
    _LANE_ENDS, _SIZE, _NEXT, _ENDED, _VALUES, _PRESENT, _SHARES, _CAPACITY, _TAPE, _TAPE_PRESENT, _TAPE_CAPACITY,
    _REGULAR, _COLUMNS,
) = range(len(LANE))  # fmt: skip
_TARGET, _BASE, _FOLD_ROWS, _FOLD_SIZE, _FIRSTS, _AFTERS = range(len(FOLD))
_LINK_LANE, _GIVEN, _CODE, _SOURCE, _COLUMN, _REGULAR_ONLY = range(len(LINK))
_LANE_WIDTH, _FOLD_WIDTH, _LINK_WIDTH = len(LANE), len(FOLD), len(LINK)
_G_WIDTH, _G_PRESENT, _G_SOURCE, _G_VALUES, _G_SLOT, _G_SESSION, _G_END = GIVEN


@inlined
def _delivered(lane: Any, slot: int, rows: int) -> None:
    """Copy an instant from the tape."""
    width, tape_width = lane[_CAPACITY], lane[_TAPE_CAPACITY]
    for field in range(lane[_COLUMNS]):
        values = moved(floats(lane, _VALUES), (slot * _FIELDS + field) * width)
        tape = moved(floats(lane, _TAPE), (slot * _FIELDS + field) * tape_width)
        for row in range(rows):
            values[row] = tape[row]
    present = moved(flags(lane, _PRESENT), slot * width)
    arrived = moved(flags(lane, _TAPE_PRESENT), slot * tape_width)
    for row in range(rows):
        present[row] = arrived[row]
    if lane[_SHARES] != 0:
        shares = moved(floats(lane, _SHARES), slot * width)
        for row in range(rows):
            shares[row] = arrived[row]


@inlined
def _folded(lane: Any, base: Any, fold: Any, slot: int, least: float, block: Any) -> None:
    """Make the bars of a window that ends now, a block of rows at a time."""
    rows = fold[_FOLD_SIZE]
    for begin in range(0, rows, BLOCK):
        size = min(BLOCK, rows - begin)
        before, made = moved(block, BLOCKS * BLOCK), block
        for row in range(size):
            made[row], made[_HIGH + row], made[_LOW + row] = nan, -inf, inf
            # Minus nothing is the one number that changes no other when it is added.
            made[_CLOSE + row], made[_VOLUME + row], made[_BARS + row] = nan, -0.0, 0.0
        for at in range(stamps(fold, _FIRSTS)[slot], stamps(fold, _AFTERS)[slot]):
            before, made = made, before
            _gathered(base, at, begin, size, before, made)
        _put(lane, fold, slot, begin, size, least, made)


@inlined
def _gathered(base: Any, at: int, begin: int, size: int, before: Any, made: Any) -> None:
    """Add one base bar of each row; without branches, so that the processor takes several rows at a time.

    Prices of a bar that is not there are no numbers, so that nothing is less or more than they are. What is made lies
    elsewhere than what was there before: processors are slow to write only some of several numbers that lie together.
    """
    width = base[_CAPACITY]
    opens = moved(floats(base, _VALUES), at * _FIELDS * width + begin)
    highs, lows = moved(opens, width), moved(opens, 2 * width)
    closes, volumes = moved(opens, 3 * width), moved(opens, 4 * width)
    there = moved(flags(base, _PRESENT), at * width + begin)
    for row in range(size):
        first, opened, high, low = before[row], opens[row], highs[row], lows[row]
        highest, lowest = before[_HIGH + row], before[_LOW + row]
        last, closed, total, volume = before[_CLOSE + row], closes[row], before[_VOLUME + row], volumes[row]
        here = there[row] != 0
        made[row] = opened if first != first else first
        made[_HIGH + row] = high if high > highest else highest
        made[_LOW + row] = low if low < lowest else lowest
        made[_CLOSE + row] = closed if closed == closed else last
        made[_VOLUME + row] = total + volume if here else total
        made[_BARS + row] = before[_BARS + row] + (1.0 if here else 0.0)


@inlined
def _put(lane: Any, fold: Any, slot: int, begin: int, size: int, least: float, made: Any) -> None:
    """Put bars that are whole enough in place; rows that are present already keep what they have."""
    width = lane[_CAPACITY]
    expected = stamps(fold, _AFTERS)[slot] - stamps(fold, _FIRSTS)[slot]
    values = moved(floats(lane, _VALUES), slot * _FIELDS * width + begin)
    present = moved(flags(lane, _PRESENT), slot * width + begin)
    shares = moved(floats(lane, _SHARES), slot * width + begin)
    chosen = moved(flags(fold, _FOLD_ROWS), begin)
    free = 0
    for row in range(size):
        free += chosen[row] & (present[row] ^ 1)
    if free == size and lane[_TAPE] == 0:
        for field in range(lane[_COLUMNS]):
            column = moved(made, field * BLOCK)
            target = moved(values, field * width)
            for row in range(size):
                share = made[_BARS + row] / expected
                target[row] = column[row] if (share > 0) & (share >= least) else nan
        for row in range(size):
            share = made[_BARS + row] / expected
            shares[row] = share if (share > 0) & (share >= least) else nan
            present[row] = (share > 0) & (share >= least)
        return
    for row in range(size):
        share = made[_BARS + row] / expected
        if chosen[row] != 0 and present[row] == 0 and share > 0 and share >= least:
            for field in range(lane[_COLUMNS]):
                values[field * width + row] = made[field * BLOCK + row]
            shares[row], present[row] = share, 1


@inlined
def _fed(lane: Any, link: Any, slot: int, session: int, end: int) -> Any:
    """Feed one link of an indicator with the bars of a lane."""
    given = listed(link[_GIVEN])
    width = lane[_CAPACITY]
    values = lane[_VALUES] + slot * _FIELDS * width * _BYTES
    given[_G_WIDTH] = width
    given[_G_PRESENT] = lane[_PRESENT] + slot * width
    given[_G_VALUES] = values
    given[_G_SOURCE] = link[_SOURCE] if link[_SOURCE] != 0 else values + link[_COLUMN] * width * _BYTES
    given[_G_SLOT] = slot
    given[_G_SESSION] = session
    given[_G_END] = end
    return called(link[_CODE], link[_GIVEN])


def drive(where: Any) -> None:
    """Take the session through so many instants."""
    plan = listed(where)
    lanes, lane_count = stamps(plan, _LANES), plan[_LANE_COUNT]
    folds, links = stamps(plan, _FOLDS), stamps(plan, _LINKS)
    block, least = floats(plan, _BLOCK), floats(plan, _LEAST)[0]
    for _ in range(plan[_COUNT]):
        now = stamps(plan, _ENDS)[plan[_PLACE]]
        plan[_PLACE] += 1
        for number in range(lane_count):
            lane = moved(lanes, number * _LANE_WIDTH)
            slot = lane[_NEXT]
            lane[_ENDED] = 1 if slot < lane[_SIZE] and stamps(lane, _LANE_ENDS)[slot] == now else 0
            if lane[_ENDED] != 0 and lane[_TAPE] != 0:
                _delivered(lane, slot, plan[_ROWS])
        for number in range(plan[_FOLD_COUNT]):
            fold = moved(folds, number * _FOLD_WIDTH)
            lane = moved(lanes, fold[_TARGET] * _LANE_WIDTH)
            if lane[_ENDED] != 0:
                _folded(lane, moved(lanes, fold[_BASE] * _LANE_WIDTH), fold, lane[_NEXT], least, block)
        for number in range(plan[_LINK_COUNT]):
            link = moved(links, number * _LINK_WIDTH)
            lane = moved(lanes, link[_LINK_LANE] * _LANE_WIDTH)
            slot = lane[_NEXT]
            heard = lane[_ENDED] != 0 and (link[_REGULAR_ONLY] == 0 or flags(lane, _REGULAR)[slot] != 0)
            if heard and _fed(lane, link, slot, plan[_SESSION], now) != 0:
                plan[_FAILED] = number + 1
                return
        for number in range(lane_count):
            lane = moved(lanes, number * _LANE_WIDTH)
            lane[_NEXT] += lane[_ENDED]
