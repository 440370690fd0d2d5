"""The compiled loop that warms many symbols up; imported only to be compiled."""

from typing import Any

from openbell.machine.borrow import called, flags, floats, inlined, listed, moved, stamps

# Numbers per block of a sheaf.
_BLOCK = 8


def march(where: int) -> None:
    """Lay one bar of each symbol side by side, feed every link with it, and go on to the next bar.

    The first number becomes which link has raised, counted from 1; 0 for none.
    """
    given = listed(where)
    symbols, steps, column_count, link_count, deep = given[1], given[2], given[3], given[4], given[5]
    sheaf, last, columns, links = stamps(given, 6), stamps(given, 7), stamps(given, 8), stamps(given, 9)
    bars, present, ahead = floats(given, 10), flags(given, 11), floats(given, 12)
    for symbol in range(symbols):
        block = moved(sheaf, symbol * _BLOCK)
        if block[0]:
            last[symbol] = stamps(block, 1)[block[0] - 1]
    row = deep
    for step in range(steps):
        left = steps - step
        if row == deep:
            row = 0
            for number in range(column_count):
                _read(sheaf, symbols, columns[number], left, deep, moved(ahead, number * deep * symbols))
        for symbol in range(symbols):
            present[symbol] = 1 if sheaf[symbol * _BLOCK] >= left else 0
        for number in range(column_count):
            now, side = moved(ahead, (number * deep + row) * symbols), moved(bars, columns[number] * symbols)
            for symbol in range(symbols):
                side[symbol] = now[symbol]
        row += 1
        for number in range(link_count):
            link = moved(links, number * 3)
            if step >= link[0] and called(link[1], link[2]) != 0:
                given[0] = number + 1
                return


@inlined
def _read(sheaf: Any, symbols: int, field: int, left: int, deep: int, coming: Any) -> None:
    """The next steps of a column, a row each; what is there of a symbol that has no bar yet is not looked at."""
    for symbol in range(symbols):
        block = moved(sheaf, symbol * _BLOCK)
        column, first = floats(block, 2 + field), block[0] - left
        begin = -first if first < 0 else 0
        end = deep if deep < left else left
        for step in range(begin, end):
            coming[step * symbols + symbol] = column[first + step]
