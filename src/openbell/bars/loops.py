"""What is compiled of `openbell.bars.folding`; importing this module imports numba, and nothing imports it but that.

Every loop gets the address of a list of numbers, see `openbell.machine.kept`.
"""

from typing import Any

from openbell.machine.borrow import counts, flags, floats, inlined, listed, moved, number, stamps

# Numbers per block of a sheaf.
_BLOCK = 8


@inlined
def _first_from(ts: Any, bars: int, stamp: int) -> int:
    """The place of the first of some ascending stamps that is not before another."""
    low, high = 0, bars
    while low < high:
        middle = (low + high) // 2
        if ts[middle] < stamp:
            low = middle + 1
        else:
            high = middle
    return low


def fold(where: int) -> None:
    """Fold the bars of symbol after symbol; leaves how many each of them gave."""
    given = listed(where)
    symbols, room, left, right = given[0], given[2], given[3], given[4]
    sheaf, made = stamps(given, 5), stamps(given, 6)
    for symbol in range(symbols):
        block = moved(sheaf, symbol * _BLOCK)
        out_ts, out = moved(stamps(given, 12), symbol * room), moved(floats(given, 13), symbol * room)
        ts = stamps(block, 1)
        first, last = _first_from(ts, block[0], left), _first_from(ts, block[0], right)
        made[symbol] = _folded(block, first, last, given, out_ts, out)


@inlined
def _folded(block: Any, i: int, bars: int, given: Any, out_ts: Any, out: Any) -> Any:
    """Fold one symbol's bars from one row until before another; how many it gave."""
    ts, open_, high, low = stamps(block, 1), floats(block, 2), floats(block, 3), floats(block, 4)
    close, volume = floats(block, 5), floats(block, 6)
    # The columns of what is written hold all symbols, one behind the other.
    windows, column, completeness = given[1], given[0] * given[2], number(given, 11)
    begins, ends, stamped, expected = stamps(given, 7), stamps(given, 8), stamps(given, 9), counts(given, 10)
    n, window = 0, windows
    if i < bars:
        # The first window that ends after the first bar.
        window = _first_from(ends, windows, ts[i] + 1)
    while i < bars and window < windows:
        if ts[i] >= ends[window]:
            window += 1
            continue
        if ts[i] < begins[window]:
            i += 1
            continue
        first, end = i, ends[window]
        top, bottom, total = high[i], low[i], volume[i]
        i += 1
        while i < bars and ts[i] < end:
            top = max(top, high[i])
            bottom = min(bottom, low[i])
            total += volume[i]
            i += 1
        share = (i - first) / expected[window]
        if share >= completeness:
            out_ts[n] = stamped[window]
            out[n], out[column + n], out[2 * column + n] = open_[first], top, bottom
            out[3 * column + n], out[4 * column + n], out[5 * column + n] = close[i - 1], total, share
            n += 1
        window += 1
    return n


def cut(where: int) -> None:
    """Where the bars of a stretch of time lie in each of many blocks."""
    given = listed(where)
    symbols, start, end, sheaf, rows = given[0], given[1], given[2], stamps(given, 3), stamps(given, 4)
    for symbol in range(symbols):
        block = moved(sheaf, symbol * _BLOCK)
        ts = stamps(block, 1)
        rows[symbol * 2], rows[symbol * 2 + 1] = _first_from(ts, block[0], start), _first_from(ts, block[0], end)


def lay(where: int) -> None:
    """Copy the columns of many blocks, each to a place of its own."""
    given = listed(where)
    symbols, sheaf, targets = given[0], stamps(given, 1), stamps(given, 2)
    for symbol in range(symbols):
        block, target = moved(sheaf, symbol * _BLOCK), moved(targets, symbol * _BLOCK)
        bars, whole = block[0], block[_BLOCK - 1] == 0
        for column in range(1, _BLOCK - 1):
            source, copy = stamps(block, column), stamps(target, column)
            for i in range(bars):
                copy[i] = source[i]
        shares, copied = floats(block, _BLOCK - 1), floats(target, _BLOCK - 1)
        for i in range(bars):
            copied[i] = 1.0 if whole else shares[i]


def scatter(where: int) -> None:
    """Put bars of many symbols where they belong in a panel, some rows and some windows at a time.

    So many numbers that follow one another are read of a symbol that the processor fetches the next ones by itself, and
    so few are written before the next symbol's that these find their place in the nearest memory.
    """
    given = listed(where)
    symbols, slots = given[0], given[1]
    sheaf, cursors, stamped = stamps(given, 4), stamps(given, 6), stamps(given, 7)
    for begin in range(0, symbols if slots else 0, 64):
        end = min(begin + 64, symbols)
        for symbol in range(begin, end):
            block = moved(sheaf, symbol * _BLOCK)
            cursors[symbol] = _first_from(stamps(block, 1), block[0], stamped[0])
        for slot in range(0, slots, 32):
            for symbol in range(begin, end):
                _scattered(given, symbol, slot, min(slot + 32, slots))


@inlined
def _scattered(given: Any, symbol: int, slot: int, until: int) -> None:
    """The bars of a symbol for some windows of a panel; its cursor is moved on."""
    capacity, kept, row, cursors = given[2], given[3], stamps(given, 5)[symbol], stamps(given, 6)
    stamped, values, present, shares = stamps(given, 7), floats(given, 8), flags(given, 9), floats(given, 10)
    block, i = moved(stamps(given, 4), symbol * _BLOCK), cursors[symbol]
    bars, ts, opens, highs, lows = block[0], stamps(block, 1), floats(block, 2), floats(block, 3), floats(block, 4)
    closes, volumes = floats(block, 5), floats(block, 6)
    for at in range(slot, until):
        while i < bars and ts[i] < stamped[at]:
            i += 1
        if i < bars and ts[i] == stamped[at]:
            bar = moved(values, at * 5 * capacity + row)
            bar[0], bar[capacity], bar[2 * capacity] = opens[i], highs[i], lows[i]
            bar[3 * capacity], bar[4 * capacity] = closes[i], volumes[i]
            present[at * capacity + row] = 1
            if kept:
                shares[at * capacity + row] = 1.0
            i += 1
    cursors[symbol] = i


def mark(where: int) -> None:
    """Set the flag of each of some ascending stamps that is among others."""
    given = listed(where)
    bars, slots, place = given[0], given[1], given[2]
    ts, stamped, present = stamps(given, 3), stamps(given, 4), flags(given, 5)
    for i in range(bars):
        while place < slots and stamped[place] < ts[i]:
            place += 1
        if place < slots and stamped[place] == ts[i]:
            present[place] = 1


def place(where: int) -> None:
    """Where each of some ascending stamps is among others, -1 for those that are not."""
    given = listed(where)
    bars, slots, at = given[0], given[1], given[2]
    ts, stamped, out = stamps(given, 3), stamps(given, 4), stamps(given, 5)
    for i in range(bars):
        while at < slots and stamped[at] < ts[i]:
            at += 1
        out[i] = at if at < slots and stamped[at] == ts[i] else -1
