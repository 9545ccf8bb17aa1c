"""Columns of whole numbers in little space: differences, zigzag, one plane a byte, then the file's deflate.

Neighbouring coordinates differ little, so three of the four planes are nearly all zero.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def packed(values: ArrayLike, units: int) -> NDArray[np.uint8]:
    """Return uint8[4, n] that holds ``round(values × units)``, which must fit 31 bits; values are one column."""
    whole = np.rint(np.asarray(values, dtype=np.float64) * units).astype(np.int64)
    steps = np.diff(whole, prepend=0)
    zigzag = ((steps << 1) ^ (steps >> 63)).astype("<u4")
    return np.ascontiguousarray(zigzag.view(np.uint8).reshape(-1, 4).T)


def unpacked(planes: NDArray[np.uint8], units: int) -> NDArray[np.float64]:
    """Return the column that ``packed`` was given, to within half a unit."""
    zigzag = np.ascontiguousarray(planes.T).view("<u4")[:, 0].astype(np.int64)
    steps = (zigzag >> 1) ^ -(zigzag & 1)
    return np.cumsum(steps) / units
