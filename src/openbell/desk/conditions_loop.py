"""The compiled loop of `openbell.desk.conditions`; imported only to be compiled."""

from typing import Any

from openbell.desk.conditions import EACH, HEAD
from openbell.machine.borrow import flags, floats, listed, moved

_SLOT, _ROWS, _COUNT, _MET = range(len(HEAD))
_MORE, _MORE_STEP, _LESS, _LESS_STEP, _OR_EQUAL = range(len(EACH))
_FIRST, _WIDTH = len(HEAD), len(EACH)


def compare(where: Any) -> None:
    """Note of which rows every comparison is true."""
    given = listed(where)
    slot, rows, met = given[_SLOT], given[_ROWS], flags(given, _MET)
    for row in range(rows):
        met[row] = 1
    for number in range(given[_COUNT]):
        one = moved(given, _FIRST + number * _WIDTH)
        more = moved(floats(one, _MORE), slot * one[_MORE_STEP])
        less = moved(floats(one, _LESS), slot * one[_LESS_STEP])
        if one[_OR_EQUAL] != 0:
            for row in range(rows):
                met[row] &= more[row] >= less[row]
        else:
            for row in range(rows):
                met[row] &= more[row] > less[row]
