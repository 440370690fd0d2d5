"""The compiled loops that hash columns; importing this module imports numba."""

import numba
import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats
from openbell.bars.grid import Stamps

Bits = npt.NDArray[np.uint64]
Bounds = npt.NDArray[np.int64]

_A, _B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT, _TURN = np.uint64(29), np.uint64(35)
_NAN = np.uint64(0x7FF8000000000000)


@numba.njit(cache=True, nogil=True)
def mix(
    ts: Stamps,
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
    shares: Floats,
    bounds: Bounds,
    out: Bits,
) -> None:
    """Mix the columns of a block into two hashes per part; every NaN counts as the same one.

    Parameters
    ----------
    bounds
        Where parts begin, and where the last one ends, int64.
    out
        uint64 (parts, 2), read and written.
    """
    # Written out: numba cannot go through columns of which some are read-only.
    _column(ts.view(np.uint64), bounds, out)
    _column(open_.view(np.uint64), bounds, out)
    _column(high.view(np.uint64), bounds, out)
    _column(low.view(np.uint64), bounds, out)
    _column(close.view(np.uint64), bounds, out)
    _column(volume.view(np.uint64), bounds, out)
    _column(shares.view(np.uint64), bounds, out)


@numba.njit(cache=True, nogil=True)
def _column(bits: Bits, bounds: Bounds, out: Bits) -> None:
    for part in range(len(bounds) - 1):
        one, two = out[part, 0], out[part, 1]
        for i in range(bounds[part], bounds[part + 1]):
            value = bits[i]
            if (value << np.uint64(1)) > np.uint64(0xFFE0000000000000):
                value = _NAN
            one = (one ^ value) * _A
            one ^= one >> _SHIFT
            two = ((two << _SHIFT) | (two >> _TURN)) ^ (value * _B)
            two = two * _A + _B
        out[part, 0], out[part, 1] = one, two
