"""Which of many positions lie inside an area, for millions of positions at once."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from shapely import Geometry

_BLOCK = 1 << 20
_CELLS = 128
"""Cells each way over the area's box; only positions in cells that its edge crosses are looked at one by one."""
_FEW = 2000


def are_inside(area: "Geometry", positions: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return bool[n]: which positions float64[n, 2] (latitude, longitude) lie in the area or on its edge.

    The area is a polygon or several in (longitude, latitude) on the plane, as GeoJSON means them.
    """
    import shapely

    shapely.prepare(area)
    inside = np.zeros(len(positions), np.bool_)
    for start in range(0, len(positions), _BLOCK):
        block = np.asarray(positions[start : start + _BLOCK])
        inside[start : start + len(block)] = _are_inside(area, block[:, 1], block[:, 0])
    return inside


def _are_inside(
    area: "Geometry", longitudes: NDArray[np.float64], latitudes: NDArray[np.float64]
) -> NDArray[np.bool_]:
    import shapely

    west, south, east, north = shapely.bounds(area)
    in_box: NDArray[np.bool_] = (
        (longitudes >= west) & (longitudes <= east) & (latitudes >= south) & (latitudes <= north)
    )
    rows = np.flatnonzero(in_box)
    x, y = longitudes[rows], latitudes[rows]
    if len(rows) <= _FEW:
        in_box[rows] = shapely.intersects_xy(area, x, y)
        return in_box
    edges_x, edges_y = np.linspace(west, east, _CELLS + 1), np.linspace(south, north, _CELLS + 1)
    column = np.clip(np.searchsorted(edges_x, x, side="right") - 1, 0, _CELLS - 1)
    line = np.clip(np.searchsorted(edges_y, y, side="right") - 1, 0, _CELLS - 1)
    held, cell = np.unique(line * _CELLS + column, return_inverse=True)
    lines, columns = np.divmod(held, _CELLS)
    boxes = shapely.box(edges_x[columns], edges_y[lines], edges_x[columns + 1], edges_y[lines + 1])
    whole = shapely.covers(area, boxes)
    in_box[rows] = whole[cell]
    crossed = np.flatnonzero((shapely.intersects(area, boxes) & ~whole)[cell])
    in_box[rows[crossed]] = shapely.intersects_xy(area, x[crossed], y[crossed])
    return in_box
