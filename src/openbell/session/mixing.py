"""The compiled loop that hashes columns; importing it imports numba."""

import numba
import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]
Bounds = npt.NDArray[np.int64]


@numba.njit(cache=True, nogil=True)
def mix(column: Bits, bounds: Bounds, out: Bits) -> None:
    """Mix a column into two hashes per part.

    Parameters
    ----------
    column
        The bits of each value.
    bounds
        Where parts begin, and where the last one ends.
    out
        uint64 (parts, 2), read and written: columns are mixed one after the other.
    """
    a, b = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
    shift, turn = np.uint64(29), np.uint64(35)
    for part in range(len(bounds) - 1):
        one, two = out[part, 0], out[part, 1]
        for i in range(bounds[part], bounds[part + 1]):
            one = (one ^ column[i]) * a
            one ^= one >> shift
            two = ((two << shift) | (two >> turn)) ^ (column[i] * b)
            two = two * a + b
        out[part, 0], out[part, 1] = one, two
