"""The azimuthal equidistant projection round a centre: distances and directions from the centre are true.

It has no date line and no pole; only the centre's antipode, on the far side of the globe, becomes a circle.
Formulas after Snyder, "Map Projections: a Working Manual", USGS PP 1395, section 25.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geolocdesk.estimation.location import SphericalPolygon
from geolocdesk.geodesy import EARTH_RADIUS_KM, Position, contains, cross, densify, unit_vectors

if TYPE_CHECKING:
    from shapely import Geometry

Plane = NDArray[np.float64]
"""float64[n, 2]: kilometres to the east and to the north of the centre."""

WORLD_RADIUS_KM = math.pi * EARTH_RADIUS_KM
_LARGEST_TURN_RAD = math.radians(10.0)
_STEP_DEG = 1.0


@dataclass(frozen=True, slots=True)
class Azimuthal:
    """The projection round one centre."""

    centre: Position

    @property
    def antipode(self) -> Position:
        """Return the point opposite the centre, which no flat map of this kind can show."""
        longitude = self.centre.longitude
        return Position(-self.centre.latitude, longitude - math.copysign(180.0, longitude))

    def points(self, latitude: ArrayLike, longitude: ArrayLike) -> Plane:
        """Return positions in degrees on the plane."""
        return self.vectors(unit_vectors(latitude, longitude))

    def point(self, position: Position) -> tuple[float, float]:
        """Return one position on the plane."""
        x, y = self.points([position.latitude], [position.longitude])[0]
        return float(x), float(y)

    def vectors(self, vectors: NDArray[np.float64]) -> Plane:
        """Return unit vectors float64[n, 3] on the plane, the antipode itself at the northern rim."""
        up, east, north = _axes(self.centre)
        across, along = vectors @ east, vectors @ north
        aside = np.hypot(across, along)
        distance_km = EARTH_RADIUS_KM * np.arctan2(aside, vectors @ up)
        has_direction = aside > 1e-12  # neither the centre nor its antipode has one
        eastward = np.divide(across, aside, out=np.zeros_like(aside), where=has_direction)
        northward = np.divide(along, aside, out=np.ones_like(aside), where=has_direction)
        return np.column_stack([eastward * distance_km, northward * distance_km])

    def line(self, ring: NDArray[np.float64]) -> Plane:
        """Return a line float64[n, 2] of (latitude, longitude) along great circles, also past the antipode."""
        dense = densify(ring, _STEP_DEG)
        return round_the_rim(self.points(dense[:, 0], dense[:, 1]))

    def area(self, polygons: Sequence[SphericalPolygon]) -> "Geometry":
        """Return areas on the sphere as one plane geometry, right also where they hold the antipode."""
        import shapely

        pieces = []
        for polygon in polygons:
            rings = (polygon.exterior, *polygon.holes)
            flat = [self.line(ring) for ring in rings]
            holds = all(bool(contains(ring, *self._antipode_degrees())) for ring in rings)
            pieces.append(plane_area(flat, holds_antipode=holds))
        return shapely.union_all(pieces)

    def _antipode_degrees(self) -> tuple[float, float]:
        return self.antipode.latitude, self.antipode.longitude


def _axes(centre: Position) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    longitude = math.radians(centre.longitude)
    up = unit_vectors(centre.latitude, centre.longitude)
    east = np.array([-math.sin(longitude), math.cos(longitude), 0.0])
    return up, east, cross(up[None, :], east[None, :])[0]


def plane_area(rings: Sequence[Plane], *, holds_antipode: bool) -> "Geometry":
    """Return what closed rings on the plane bound; where it holds the antipode, all round up to the rim."""
    import shapely

    areas: list[Any] = [shapely.make_valid(shapely.Polygon(ring)) for ring in rings if len(ring) > 3]
    if holds_antipode:
        areas.append(shapely.Point(0.0, 0.0).buffer(WORLD_RADIUS_KM, quad_segs=64))
    total = shapely.Polygon()
    for area in areas:
        total = shapely.symmetric_difference(total, area)
    return total


def round_the_rim(points: Plane) -> Plane:
    """Return a line on the plane with points added where it passes close by the antipode.

    There a short way on the globe is a long way round the map's rim, and a straight line would cross the map.
    """
    radius, bearing = np.hypot(points[:, 0], points[:, 1]), np.arctan2(points[:, 1], points[:, 0])
    turn = np.diff(bearing)
    turn = np.mod(turn + math.pi, 2.0 * math.pi) - math.pi
    is_far = np.minimum(radius[:-1], radius[1:]) > WORLD_RADIUS_KM / 2.0
    pieces = np.where(is_far, np.ceil(np.abs(turn) / _LARGEST_TURN_RAD), 1.0).astype(np.int64)
    pieces = np.maximum(pieces, 1)
    if (pieces == 1).all():
        return points
    edge = np.repeat(np.arange(len(pieces)), pieces)
    share = (np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / pieces[edge]
    at_radius = radius[edge] + share * (radius[edge + 1] - radius[edge])
    at_bearing = bearing[edge] + share * turn[edge]
    bent = np.column_stack([at_radius * np.cos(at_bearing), at_radius * np.sin(at_bearing)])
    kept = share == 0.0
    bent[kept] = points[edge[kept]]
    return np.concatenate([bent, points[-1:]])
