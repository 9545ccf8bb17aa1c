"""The coarse world the practice photos stand on: land, coast, country and where people live."""

import json
import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from geolocdesk import paths
from geolocdesk.geodesy import Position, normalise_longitude

CELLS_PER_DEGREE = 2
_LAND_CELLS_PER_DEGREE = 16


@dataclass(frozen=True, slots=True)
class Geography:
    """Rasters of the world, half a degree a cell unless said otherwise: row 0 at 90° N, column 0 at 180° W."""

    land: NDArray[np.bool_]
    """[2880, 5760]: a sixteenth of a degree a cell."""
    country_index: NDArray[np.uint8]
    """[360, 720]: 0 for sea, else 1 + index into ``country_codes``."""
    coast_km: NDArray[np.float32]
    """[360, 720]: distance to the nearest coast at the cell's centre, negative at sea."""
    town_density: NDArray[np.float32]
    """[360, 720]: people per km² who live in towns."""
    country_codes: tuple[str, ...]
    """ISO 3166-1 alpha-2."""

    def country_at(self, position: Position) -> str | None:
        """Return the country's code, or None at sea."""
        if not self.is_land(position):
            return None
        row, column = _cell(position, CELLS_PER_DEGREE)
        index = int(self.country_index[row, column])
        return self.country_codes[index - 1] if index else None

    def is_land(self, position: Position, margin_cells: int = 0) -> bool:
        """Return whether the position is on land, and all cells up to ``margin_cells`` (7 km at most) away too."""
        row, column = _cell(position, _LAND_CELLS_PER_DEGREE)
        around = np.arange(-margin_cells, margin_cells + 1)
        rows = np.clip(row + around, 0, self.land.shape[0] - 1)
        return bool(self.land[np.ix_(rows, (column + around) % self.land.shape[1])].all())

    def coast_distance_km(self, position: Position) -> float:
        """Return the distance to the coast, negative at sea, interpolated between cell centres."""
        return self._interpolate(self.coast_km, position)

    def density_at(self, position: Position) -> float:
        """Return town dwellers per km²."""
        return self._interpolate(self.town_density, position)

    def sea_bearing_deg(self, position: Position) -> float:
        """Return the compass direction in which the coast comes nearer fastest."""
        step = 0.5
        north, south = min(position.latitude + step, 90.0), max(position.latitude - step, -90.0)
        east, west = (float(normalise_longitude(position.longitude + side * step)) for side in (1, -1))
        northward = self._interpolate(self.coast_km, Position(south, position.longitude))
        northward -= self._interpolate(self.coast_km, Position(north, position.longitude))
        eastward = self._interpolate(self.coast_km, Position(position.latitude, west))
        eastward -= self._interpolate(self.coast_km, Position(position.latitude, east))
        shrink = max(math.cos(math.radians(position.latitude)), 0.05)
        return math.degrees(math.atan2(eastward / shrink, northward)) % 360

    def _interpolate(self, grid: NDArray[np.float32], position: Position) -> float:
        rows, columns = grid.shape
        y = min(max((90 - position.latitude) * CELLS_PER_DEGREE - 0.5, 0.0), rows - 1.0)
        x = (position.longitude + 180) * CELLS_PER_DEGREE - 0.5
        row, column = int(np.floor(y)), int(np.floor(x))
        dy, dx = y - row, x - column
        below = min(row + 1, rows - 1)
        left, right = column % columns, (column + 1) % columns
        upper = grid[row, left] * (1 - dx) + grid[row, right] * dx
        lower = grid[below, left] * (1 - dx) + grid[below, right] * dx
        return float(upper * (1 - dy) + lower * dy)


def _cell(position: Position, cells_per_degree: int) -> tuple[int, int]:
    row = min(int((90 - position.latitude) * cells_per_degree), 180 * cells_per_degree - 1)
    column = int((position.longitude + 180) * cells_per_degree) % (360 * cells_per_degree)
    return row, column


@cache
def load_geography() -> Geography:
    """Return the world that ``packaging/prepare_geography.py`` prepared; it says how each channel is coded."""
    with Image.open(paths.resource("geography", "world.png")) as picture:
        channels = np.asarray(picture.convert("RGB"))
    with Image.open(paths.resource("geography", "land.png")) as picture:
        land = np.asarray(picture)
    description = json.loads(paths.resource("geography", "world.json").read_text(encoding="utf-8"))
    signed = (channels[:, :, 1].astype(np.float32) - 128) / np.float32(2.5)
    grids = (
        land.copy(),
        channels[:, :, 0].copy(),
        np.sign(signed) * signed**2,
        np.power(np.float32(10), channels[:, :, 2].astype(np.float32) / 40) - 1,
    )
    for grid in grids:
        grid.setflags(write=False)
    return Geography(*grids, country_codes=tuple(description["countries"]))
