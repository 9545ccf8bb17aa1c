"""The density as the authors' released program computes it, step by step, to reproduce published figures.

Vo, Jacobs and Hays (2017); github.com/lugiavn/revisiting-im2gps, predict_gps.m. In short: a histogram of 1°
cells, blurred on the flat plane of latitude and longitude; round its highest cell a window of 0.1° cells,
blurred again; the first neighbour within 100 km of the highest of these is the answer.

What follows from that, and is kept:
- a cell stands for its northern and eastern edge, so places move north and east by up to a cell;
- latitude −90 and longitude −180 fall outside the histogram and are left out;
- the blur replicates the border cells outwards, so neighbours in them count more than once;
- the window keeps a distance from the border: neighbours north of 89° or beyond ±179° are outside every
  window, and where a window holds no neighbour at all, all its cells tie and the very first cell of the grid,
  89.9° S 179.9° W, is the mode;
- the highest cell is the first in MATLAB's order (column by column), where several tie.

What is not kept: the program works in single precision with squared distances to the power 10, so that a
neighbour closer than 0.0126 weighs infinitely, its whole block of cells ties, and the mode lands in a corner
8° away. Here the weights are those of ``neighbour_weights``: such a neighbour takes the answer, as it would at
any distance a little larger. Cells count as tied within 1e-12 of the highest, so that no rounding decides.
"""

import functools
import math

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.density import Density
from geolocdesk.geodesy import Position, great_circle_km

ROWS, COLUMNS = 180, 360
_FINE = 10
"""Fine cells in a coarse one."""

_HALF_WINDOW = 20
"""Coarse cells from the window's middle to its edge."""

_SNAP_KM = 100.0
_TIED = 1e-12


def find_vo2017_position(density: Density) -> Position:
    """Return the released program's answer from neighbours in rank order.

    Args:
        density: its places and weights are used, and its bandwidth as the blur's σ in coarse cells (4 in the
            paper). The weights must come from squared distances: w = (1/d²)^m.

    """
    coarse_row, coarse_column = _highest_coarse_cell(density)
    row, column = _highest_fine_cell(density, coarse_row, coarse_column)
    mode = ((row - _FINE * ROWS // 2) / _FINE, (column - _FINE * COLUMNS // 2) / _FINE)
    distances_km = great_circle_km(*mode, density.latitudes, density.longitudes)
    near = np.flatnonzero(distances_km < _SNAP_KM)
    if len(near) == 0:
        return Position(*mode)
    return Position(float(density.latitudes[near[0]]), float(density.longitudes[near[0]]))


def _cells(degrees: NDArray[np.float64], cells_per_degree: int, half: int) -> NDArray[np.int64]:
    """Return MATLAB's row or column numbers, from 1; 0 lies outside."""
    return np.ceil(degrees * cells_per_degree).astype(np.int64) + half * cells_per_degree


def _highest_coarse_cell(density: Density) -> tuple[int, int]:
    """Return the row and column, from 1, of the highest cell of the blurred 1° histogram."""
    rows = _cells(density.latitudes, 1, ROWS // 2)
    columns = _cells(density.longitudes, 1, COLUMNS // 2)
    inside = (rows >= 1) & (columns >= 1)
    blurred = _blurred(
        (rows[inside] - 1, columns[inside] - 1),
        density.weights[inside],
        (ROWS, COLUMNS),
        density.bandwidth_deg,
    )
    row, column = _first_highest(blurred)
    return row + 1, column + 1


def _highest_fine_cell(density: Density, coarse_row: int, coarse_column: int) -> tuple[int, int]:
    """Return the row and column, from 1, of the highest 0.1° cell in the window round a coarse cell."""
    reach, side = _HALF_WINDOW * _FINE, 2 * _HALF_WINDOW * _FINE + 1
    centre_row = min(max(coarse_row, _HALF_WINDOW + 1), ROWS - _HALF_WINDOW - 1) * _FINE
    centre_column = min(max(coarse_column, _HALF_WINDOW + 1), COLUMNS - _HALF_WINDOW - 1) * _FINE
    rows = _cells(density.latitudes, _FINE, ROWS // 2) - (centre_row - reach)
    columns = _cells(density.longitudes, _FINE, COLUMNS // 2) - (centre_column - reach)
    inside = (rows >= 0) & (rows < side) & (columns >= 0) & (columns < side)
    if not (density.weights[inside] > 0.0).any():
        return 1, 1
    blurred = _blurred(
        (rows[inside], columns[inside]),
        density.weights[inside],
        (side, side),
        density.bandwidth_deg * _FINE,
    )
    row, column = _first_highest(blurred)
    return row + centre_row - reach, column + centre_column - reach


def _blurred(
    cells: tuple[NDArray[np.int64], NDArray[np.int64]],
    weights: NDArray[np.float64],
    shape: tuple[int, int],
    sigma_cells: float,
) -> NDArray[np.float64]:
    """Return the blurred histogram transposed, [columns, rows]: only its few filled cells cost anything."""
    down = _blur_matrix(shape[0], sigma_cells)[cells[0]]
    across = _blur_matrix(shape[1], sigma_cells)[cells[1]]
    return np.asarray(across.T @ (weights[:, None] * down), dtype=np.float64)


@functools.lru_cache(maxsize=16)
def _blur_matrix(size: int, sigma_cells: float) -> NDArray[np.float64]:
    """Return what each cell spreads, float64[from, to]: a Gaussian cut at ±⌈2σ⌉, border cells replicated."""
    reach = math.ceil(2.0 * sigma_cells)
    offsets = np.arange(-reach, reach + 1)
    taps = np.exp(-0.5 * (offsets / sigma_cells) ** 2)
    taps /= taps.sum()
    matrix = np.zeros((size, size), dtype=np.float64)
    target = np.arange(size)[:, None]
    np.add.at(
        matrix, (np.clip(target + offsets, 0, size - 1), target), np.broadcast_to(taps, (size, len(taps)))
    )
    matrix.setflags(write=False)
    return matrix


def _first_highest(transposed: NDArray[np.float64]) -> tuple[int, int]:
    """Return the row and column, from 0, of the highest value, the first column by column where they tie."""
    tied = transposed >= transposed.max() * (1.0 - _TIED)
    column, row = np.unravel_index(int(np.argmax(tied)), transposed.shape)
    return int(row), int(column)
