"""The compiled loops that hash columns; importing this module imports numba."""

import numba
import numpy as np
import numpy.typing as npt
from numba import types

from openbell.bars.block import Floats
from openbell.bars.grid import Stamps
from openbell.bars.panel import Flags

Bits = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]

COLUMNS = 7
"""Stamps, open, high, low, close, volume, completeness: each has a chain of its own, so that they run side by side."""

_A, _B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT, _TURN = np.uint64(29), np.uint64(35)
_NAN = np.uint64(0x7FF8000000000000)
_SIGNLESS_INFINITY = np.uint64(0xFFE0000000000000)
_READ_ONLY = types.Array(types.uint64, 1, "C", readonly=True)
_STAMPS = types.Array(types.int64, 1, "C", readonly=True)


@numba.njit(inline="always")
def _link(chain: np.uint64, value: np.uint64) -> np.uint64:
    """One value more; every NaN counts as the same one."""
    if (value << np.uint64(1)) > _SIGNLESS_INFINITY:
        value = _NAN
    chain = (chain ^ value) * _A
    return chain ^ (chain >> _SHIFT)


@numba.njit(inline="always")
def _close(chains: Bits, out: Bits) -> None:
    """Seven chains into 128 bits."""
    one, two = _A, _B
    for k in range(COLUMNS):
        one = _link(one, chains[k])
        two = (((two << _SHIFT) | (two >> _TURN)) ^ (chains[k] * _B)) * _A + _B
    out[0], out[1] = one, two


@numba.njit([types.int64(_STAMPS, *[_READ_ONLY] * 6, _STAMPS, types.uint64[:, ::1])], cache=True, nogil=True)
def mix(
    ts: Stamps,
    open_: Bits,
    high: Bits,
    low: Bits,
    close: Bits,
    volume: Bits,
    shares: Bits,
    begins: Stamps,
    out: Bits,
) -> int:
    """Mix the columns of a block, session by session; returns how many sessions have bars.

    Parameters
    ----------
    ts
        Stamps, ascending.
    open_, high, low, close, volume, shares
        The bits of each column.
    begins
        The instants at which sessions begin, from the one of the first bar to that of the last.
    out
        uint64 (sessions, 4), written from the front: begin, number of bars, and two hashes.
    """
    chains = np.empty(COLUMNS, np.uint64)
    filled, i, bars = 0, 0, len(ts)
    for session in range(len(begins)):
        first = i
        a = b = c = d = e = f = g = _B
        while i < bars and (session + 1 == len(begins) or ts[i] < begins[session + 1]):
            a, b, c = _link(a, np.uint64(ts[i])), _link(b, open_[i]), _link(c, high[i])
            d, e, f = _link(d, low[i]), _link(e, close[i]), _link(f, volume[i])
            g = _link(g, shares[i])
            i += 1
        if i > first:
            chains[0], chains[1], chains[2], chains[3] = a, b, c, d
            chains[4], chains[5], chains[6] = e, f, g
            out[filled, 0], out[filled, 1] = np.uint64(begins[session]), np.uint64(i - first)
            _close(chains, out[filled, 2:])
            filled += 1
    return filled


@numba.njit(
    [
        types.void(
            types.Array(types.uint64, 1, "C", readonly=True),
            types.uint64[:, :, ::1],
            types.boolean[:, ::1],
            types.uint64[:, ::1],
            types.int64,
            types.int64[::1],
            types.int64[::1],
            types.uint64[:, ::1],
        )
    ],
    cache=True,
    nogil=True,
)
def mix_rows(
    stamps: Bits, values: Bits, present: Flags, shares: Bits, ended: int, rows: Rows, counts: Rows, out: Bits
) -> None:
    """What `mix` makes of the present bars of some rows of a panel, each as one part.

    Parameters
    ----------
    stamps, values, present, shares
        The panel: bits (slots,), bits (slots, 5, capacity), bool (slots, capacity), bits (slots, capacity) or (0, 0).
    ended
        How many slots count.
    rows
        int64, which rows.
    counts, out
        int64 (rows,) and uint64 (rows, 2), written.
    """
    # Slot by slot, so that memory is read as it lies.
    chains = np.full((len(rows), COLUMNS), _B, np.uint64)
    whole = np.uint64(0x3FF0000000000000)
    for slot in range(ended):
        for k in range(len(rows)):
            row = rows[k]
            if not present[slot, row]:
                continue
            counts[k] += 1
            chains[k, 0] = _link(chains[k, 0], stamps[slot])
            for field in range(5):
                chains[k, field + 1] = _link(chains[k, field + 1], values[slot, field, row])
            chains[k, 6] = _link(chains[k, 6], shares[slot, row] if len(shares) else whole)
    for k in range(len(rows)):
        _close(chains[k], out[k])


def bits_of(column: Floats | Stamps) -> Bits:
    """The bits of a column's numbers, in one piece."""
    return np.ascontiguousarray(column).view(np.uint64)
