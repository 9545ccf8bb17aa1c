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
_ROUNDING = 1e-9
"""By so many degrees cells overlap, so that none misses a position on its edge."""


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
    column, line = _cells_of(x, edges_x), _cells_of(y, edges_y)
    cell = line * _CELLS + column
    held = np.flatnonzero(np.bincount(cell, minlength=_CELLS * _CELLS))
    lines, columns = np.divmod(held, _CELLS)
    boxes = shapely.box(
        edges_x[columns] - _ROUNDING,
        edges_y[lines] - _ROUNDING,
        edges_x[columns + 1] + _ROUNDING,
        edges_y[lines + 1] + _ROUNDING,
    )
    whole, touched = (np.zeros(_CELLS * _CELLS, np.bool_) for _ in range(2))
    whole[held] = shapely.covers(area, boxes)
    touched[held] = shapely.intersects(area, boxes)
    in_box[rows] = whole[cell]
    crossed = np.flatnonzero((touched & ~whole)[cell])
    in_box[rows[crossed]] = shapely.intersects_xy(area, x[crossed], y[crossed])
    return in_box


def _cells_of(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return in which cell each value lies; one within rounding of an edge may be put on either side of it."""
    width = (edges[-1] - edges[0]) / _CELLS
    cells = ((values - edges[0]) / width if width else np.zeros_like(values)).astype(np.int64)
    return np.clip(cells, 0, _CELLS - 1)
