"""What is compiled of `openbell.bars.folding`; importing this module imports numba, and nothing imports it but that.

Every loop gets the address of a list of numbers, see `openbell.machine.kept`.
"""

from openbell.machine.borrow import counts, flags, floats, listed, number, stamps


def fold_columns(where: int) -> None:
    """Fold the columns of one symbol; leaves the number of bars in front."""
    given = listed(where)
    bars, windows, room = given[0], given[1], given[2]
    ts, open_, high, low = stamps(given, 3), floats(given, 4), floats(given, 5), floats(given, 6)
    close, volume = floats(given, 7), floats(given, 8)
    begins, ends, stamped, expected = stamps(given, 9), stamps(given, 10), stamps(given, 11), counts(given, 12)
    completeness, out_ts, out = number(given, 13), stamps(given, 14), floats(given, 15)
    n, i = 0, 0
    # The first window that ends after the first bar.
    window, past = 0, windows
    while bars and window < past:
        middle = (window + past) // 2
        if ends[middle] <= ts[0]:
            window = middle + 1
        else:
            past = middle
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
            out[n], out[room + n], out[2 * room + n], out[3 * room + n] = open_[first], top, bottom, close[i - 1]
            out[4 * room + n], out[5 * room + n] = total, share
            n += 1
        window += 1
    given[0] = n


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
