"""What is compiled of `openbell.session.mixing`; importing this module imports numba, and nothing imports it but that.

Every loop gets the address of a list of numbers, see `openbell.machine.kept`.
"""

from typing import Any

import numpy as np

from openbell.machine.borrow import fetched, flags, inlined, listed, moved, stamps, words

# Each column has a chain of its own, so that they run side by side.
A, B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
SHIFT, TURN = np.uint64(29), np.uint64(35)
NAN = np.uint64(0x7FF8000000000000)
SIGNLESS_INFINITY = np.uint64(0xFFE0000000000000)
WHOLE = np.uint64(0x3FF0000000000000)


@inlined
def link(chain: np.uint64, value: np.uint64) -> np.uint64:
    """One value more; every NaN counts as the same one."""
    if (value << np.uint64(1)) > SIGNLESS_INFINITY:
        value = NAN
    chain = (chain ^ value) * A
    return chain ^ (chain >> SHIFT)


@inlined
def turned(two: np.uint64, chain: np.uint64) -> np.uint64:
    """The second half of a hash with one chain more."""
    return (((two << SHIFT) | (two >> TURN)) ^ (chain * B)) * A + B


@inlined
def closed(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64, e: np.uint64, f: np.uint64, g: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Seven chains as 128 bits."""
    one = link(link(link(link(link(link(link(A, a), b), c), d), e), f), g)
    two = turned(turned(turned(turned(turned(turned(turned(B, a), b), c), d), e), f), g)
    return one, two


@inlined
def kept_from(block: Any, old: Any) -> int:
    """The row of a former block that a block begins with, where all its columns lie; -1 where some lie elsewhere."""
    if (block[7] == 0) != (old[7] == 0):
        return -1
    bytes_on = block[1] - old[1]
    for column in range(2, 8):
        if block[column] - old[column] != bytes_on and block[column] != 0:
            return -1
    return bytes_on >> 3 if bytes_on % 8 == 0 else -1


@inlined
def session_of(begins: Any, days: int, stamp: Any) -> int:
    """The session that a stamp lies in; the first one for those before it."""
    low, high = 0, days
    while low + 1 < high:
        middle = (low + high) >> 1
        if begins[middle] <= stamp:
            low = middle
        else:
            high = middle
    return low


@inlined
def columns(block: Any) -> Any:
    """Stamps, open, high, low, close and volume of a block."""
    prices = words(block, 2), words(block, 3), words(block, 4), words(block, 5)
    return words(block, 1), *prices, words(block, 6)


@inlined
def hashed(block: Any, following: Any, first: Any, last: Any) -> tuple[np.uint64, np.uint64]:
    """The bars of a block from one row until before another.

    Meanwhile as many bars of the block that follows, its last ones, are brought near: they mostly are what comes next.
    """
    ts, open_, high, low, close, volume = columns(block)
    ts_on, open_on, high_on, low_on, close_on, volume_on = columns(following)
    distance = following[0] - last
    a = b = c = d = e = f = g = B
    at = first
    while at < last:
        # As many as lie in a line of memory.
        end, later = min(at + 8, last), at + distance
        fetched(ts_on, later)
        fetched(open_on, later)
        fetched(high_on, later)
        fetched(low_on, later)
        fetched(close_on, later)
        fetched(volume_on, later)
        for i in range(at, end):
            a, b, c = link(a, ts[i]), link(b, open_[i]), link(c, high[i])
            d, e, f = link(d, low[i]), link(e, close[i]), link(f, volume[i])
            g = link(g, WHOLE)
        at = end
    if block[7] != 0:
        g, shares = B, words(block, 7)
        for i in range(first, last):
            g = link(g, shares[i])
    return closed(a, b, c, d, e, f, g)


@inlined
def mixed_anew(block: Any, following: Any, begins: Any, days: Any, at: Any, size: Any, out: Any) -> Any:
    """Mix the sessions of a block from a row on, behind so many that are mixed already; how many that makes."""
    bars, ts = block[0], stamps(block, 1)
    day = session_of(begins, days, ts[at]) if at < bars else 0
    while at < bars:
        while day + 1 < days and begins[day + 1] <= ts[at]:
            day += 1
        end = at + 1
        while end < bars and (day + 1 == days or ts[end] < begins[day + 1]):
            end += 1
        out[size * 4], out[size * 4 + 1] = np.uint64(begins[day]), np.uint64(end - at)
        out[size * 4 + 2], out[size * 4 + 3] = hashed(block, following, at, end)
        at, size = end, size + 1
    return size


def span(where: int) -> None:
    """How many sessions lie from the first bar of each block to its last one, both included."""
    given = listed(where)
    many, days, begins, table, sizes = given[0], given[1], stamps(given, 2), stamps(given, 3), stamps(given, 4)
    for k in range(many):
        block = moved(table, k * 8)
        bars, ts = block[0], stamps(block, 1)
        sizes[k] = 0
        if bars > 0:
            sizes[k] = session_of(begins, days, ts[bars - 1]) - session_of(begins, days, ts[0]) + 1


def mix(where: int) -> None:
    """Mix blocks session by session; sessions that lie where they lay in a former block are taken from there."""
    given = listed(where)
    many, days, begins = given[0], given[1], stamps(given, 2)
    table, places, sizes, outs = stamps(given, 3), stamps(given, 4), stamps(given, 5), words(given, 6)
    formers, old_table, old_places = stamps(given, 7), stamps(given, 8), stamps(given, 9)
    old_sizes, old_outs = stamps(given, 10), words(given, 11)
    for k in range(many):
        block, out = moved(table, k * 8), moved(outs, places[k] * 4)
        bars, ts, former = block[0], stamps(block, 1), formers[k]
        at: Any = 0
        size: Any = 0
        row = -1 if former < 0 else kept_from(block, moved(old_table, former * 8))
        if row >= 0:
            old, olds = moved(old_outs, old_places[former] * 4), old_sizes[former]
            place: Any = 0
            edge: Any = 0
            while place < olds and edge < row:
                edge += np.int64(old[place * 4 + 1])
                place += 1
            while edge == row + at and place < olds:
                end: Any = at + np.int64(old[place * 4 + 1])
                if end > bars:
                    break
                if place == olds - 1 and end < bars:
                    # Of the last one there may be more now.
                    day = session_of(begins, days, np.int64(old[place * 4]))
                    if day + 1 == days or ts[end] < begins[day + 1]:
                        break
                for word in range(4):
                    out[size * 4 + word] = old[place * 4 + word]
                edge += end - at
                at, size, place = end, size + 1, place + 1
        sizes[k] = mixed_anew(block, moved(table, min(k + 1, many - 1) * 8), begins, days, at, size, out)


def mix_rows(where: int) -> None:
    """Mix the bars of some rows of a panel, slot by slot, so that memory is read as it lies."""
    given = listed(where)
    ended, many, width, shared = given[0], given[1], given[2], given[3]
    stamped, values, present, shares = words(given, 4), words(given, 5), flags(given, 6), words(given, 7)
    rows, counts, chains, out = stamps(given, 8), stamps(given, 9), words(given, 10), words(given, 11)
    for k in range(many * 7):
        chains[k] = B
    for slot in range(ended):
        there = moved(present, slot * width)
        for k in range(many):
            row = rows[k]
            if there[row] == 0:
                continue
            counts[k] += 1
            chain = moved(chains, k * 7)
            chain[0] = link(chain[0], stamped[slot])
            for field in range(5):
                chain[field + 1] = link(chain[field + 1], values[(slot * 5 + field) * width + row])
            chain[6] = link(chain[6], shares[slot * width + row] if shared else WHOLE)
    for k in range(many):
        c = moved(chains, k * 7)
        out[2 * k], out[2 * k + 1] = closed(c[0], c[1], c[2], c[3], c[4], c[5], c[6])
