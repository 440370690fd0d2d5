"""What is compiled of `openbell.quality.score`; importing this module imports numba, and nothing imports it but that.

Every loop gets the address of a list of numbers, see `openbell.machine.kept`.
"""

from typing import Any

from openbell.machine.borrow import counts, flags, listed


def tally(where: Any) -> None:
    """Count what is present, and runs of what is not: all of them, whole sessions, single bars."""
    given = listed(where)
    slots, present, sessions = given[0], flags(given, 4), counts(given, 5)
    there = gaps = days = single = i = 0
    while i < slots:
        if present[i] != 0:
            there += 1
            i += 1
            continue
        begin, session = i, sessions[i]
        while i < slots and present[i] == 0 and sessions[i] == session:
            i += 1
        gaps += 1
        if (begin == 0 or sessions[begin - 1] != session) and (i == slots or sessions[i] != session):
            days += 1
        elif i - begin == 1:
            single += 1
    given[0], given[1], given[2], given[3] = there, gaps, days, single
