"""What is compiled of `openbell.session.mixing`; importing this module imports numba, and nothing imports it but that.

Every loop gets the address of a list of numbers, see `openbell.machine.kept`.
"""

import numpy as np
from numba.extending import register_jitable

from openbell.machine.borrow import flags, listed, moved, stamps, words

# Each column has a chain of its own, so that they run side by side.
A, B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
SHIFT, TURN = np.uint64(29), np.uint64(35)
NAN = np.uint64(0x7FF8000000000000)
SIGNLESS_INFINITY = np.uint64(0xFFE0000000000000)
WHOLE = np.uint64(0x3FF0000000000000)


@register_jitable(forceinline=True)
def link(chain: np.uint64, value: np.uint64) -> np.uint64:
    """One value more; every NaN counts as the same one."""
    if (value << np.uint64(1)) > SIGNLESS_INFINITY:
        value = NAN
    chain = (chain ^ value) * A
    return chain ^ (chain >> SHIFT)


@register_jitable(forceinline=True)
def turned(two: np.uint64, chain: np.uint64) -> np.uint64:
    """The second half of a hash with one chain more."""
    return (((two << SHIFT) | (two >> TURN)) ^ (chain * B)) * A + B


@register_jitable(forceinline=True)
def closed(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64, e: np.uint64, f: np.uint64, g: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Seven chains as 128 bits."""
    one = link(link(link(link(link(link(link(A, a), b), c), d), e), f), g)
    two = turned(turned(turned(turned(turned(turned(turned(B, a), b), c), d), e), f), g)
    return one, two


def mix(where: int) -> None:
    """Mix the columns of some bars, run by run."""
    given = listed(where)
    runs, edges, out = given[0], stamps(given, 1), words(given, 2)
    ts, open_, high, low = words(given, 3), words(given, 4), words(given, 5), words(given, 6)
    close, volume, shares = words(given, 7), words(given, 8), words(given, 9)
    for run in range(runs):
        a = b = c = d = e = f = g = B
        for i in range(edges[run], edges[run + 1]):
            a, b, c = link(a, ts[i]), link(b, open_[i]), link(c, high[i])
            d, e, f = link(d, low[i]), link(e, close[i]), link(f, volume[i])
            g = link(g, shares[i])
        out[2 * run], out[2 * run + 1] = closed(a, b, c, d, e, f, g)


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
