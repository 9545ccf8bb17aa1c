"""A sheet of paper with a map on it: the projection, the scale, and geometry cut and thinned to what it shows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from geolocdesk.cartography.azimuthal import Azimuthal, Plane
from geolocdesk.cartography.drawing import Line
from geolocdesk.geodesy import EARTH_RADIUS_KM, Position

if TYPE_CHECKING:
    from shapely import Geometry

_TOLERANCE_PT = 0.2
"""Finer than any printer's dot that one could tell apart."""
_SMALLEST_AREA_PT2 = 0.15
_DECIMALS = 2
"""Finer than a printer's dot, coarser than what another processor's rounding could change."""
_MARGIN_PT = 4.0
"""Lines are cut this far outside the sheet, so that cut edges are never seen."""


@dataclass(frozen=True, slots=True)
class MapSheet:
    """A rectangle in points that shows the surroundings of a centre."""

    centre: Position
    width: float
    height: float
    half_height_km: float

    @property
    def projection(self) -> Azimuthal:
        """Return the projection round the sheet's centre."""
        return Azimuthal(self.centre)

    @property
    def points_per_km(self) -> float:
        """Return the scale along lines through the centre."""
        return self.height / 2.0 / self.half_height_km

    @property
    def reach_rad(self) -> float:
        """Return how far the corners are from the centre, at most half round the globe."""
        corner_km = math.hypot(self.width, self.height) / 2.0 / self.points_per_km
        return min(corner_km / EARTH_RADIUS_KM, math.pi)

    def place(self, plane: Plane) -> Plane:
        """Return points of the plane (km) on the sheet (points)."""
        return plane * self.points_per_km + (self.width / 2.0, self.height / 2.0)

    def spots(self, latitude: ArrayLike, longitude: ArrayLike) -> Plane:
        """Return where positions in degrees lie on the sheet, or beside it."""
        return self.place(self.projection.points(latitude, longitude))

    def spot(self, position: Position) -> tuple[float, float]:
        """Return where a position lies on the sheet, or beside it."""
        x, y = self.spots([position.latitude], [position.longitude])[0]
        return float(x), float(y)

    def holds(self, x: float, y: float) -> bool:
        """Return whether a spot lies on the sheet."""
        return 0.0 <= x <= self.width and 0.0 <= y <= self.height

    def shows(self, position: Position) -> bool:
        """Return whether a position lies on the sheet."""
        return self.holds(*self.spot(position))

    def polygons(self, geometries: "Sequence[Geometry] | Geometry") -> tuple[Line, ...]:
        """Return the rings of areas given in points, cut to the sheet and thinned."""
        import shapely

        thin = self.cut(geometries)
        parts = [part for part in shapely.get_parts(shapely.get_parts(thin)) if part.geom_type == "Polygon"]
        kept = np.array([part for part in parts if shapely.area(part) > _SMALLEST_AREA_PT2], dtype=object)
        if len(kept) == 0:
            return ()
        return tuple(_line(shapely.get_coordinates(ring)) for ring in shapely.get_rings(kept))

    def cut(self, geometries: "Sequence[Geometry] | Geometry") -> Any:  # noqa: ANN401 - shapely's own array
        """Return areas given in points, cut to the sheet and thinned, as an array of geometries."""
        import shapely

        return shapely.simplify(shapely.clip_by_rect(_valid(geometries), *self._box()), _TOLERANCE_PT)

    def lines(self, geometries: "Sequence[Geometry]") -> tuple[Line, ...]:
        """Return lines given in points, cut to the sheet and thinned."""
        import shapely

        cut = shapely.clip_by_rect(np.asarray(geometries, dtype=object), *self._box())
        thin = shapely.simplify(cut, _TOLERANCE_PT)
        parts = shapely.get_parts(shapely.get_parts(thin))
        found = [shapely.get_coordinates(part) for part in parts if part.geom_type == "LineString"]
        return tuple(_line(points) for points in found if len(points) > 1)

    def outline(self, plane: Plane) -> tuple[Line, ...]:
        """Return one line of the plane (km), cut to the sheet."""
        import shapely

        return self.lines([shapely.LineString(self.place(plane))])

    def _box(self) -> tuple[float, float, float, float]:
        return -_MARGIN_PT, -_MARGIN_PT, self.width + _MARGIN_PT, self.height + _MARGIN_PT


def _valid(geometries: "Sequence[Geometry] | Geometry") -> Any:  # noqa: ANN401 - shapely's own array
    import shapely

    array = np.atleast_1d(np.asarray(geometries, dtype=object))
    broken = ~shapely.is_valid(array)
    if broken.any():
        array = array.copy()
        array[broken] = shapely.make_valid(array[broken])
    return array


def _line(points: Plane) -> Line:
    line = np.round(points, _DECIMALS).astype(np.float32)
    line.flags.writeable = False
    return line
