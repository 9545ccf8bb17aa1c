"""Shapes on the sphere as GeoJSON, in a strip of 360° of longitude that is cut where one chooses.

RFC 7946 cuts at ±180°: the strip round longitude 0. A map that shows an answer near the date line needs the
answer whole, so it takes the strip round the answer's own longitude; longitudes then run past ±180°, which
Leaflet understands as the next copy of the world. Either way the cut is made here and not in the page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geolocdesk.estimation.location import SphericalPolygon
from geolocdesk.geodesy import PlanePolygon, Position, densify, normalise_longitude, plane_polygons

GeoJson = dict[str, Any]
"""One GeoJSON object as plain JSON values."""

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees; longitudes lie in the frame and may pass ±180°."""

_DECIMALS = 6
"""A tenth of a metre."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The strip of longitudes from 180° west of a meridian to 180° east of it."""

    centre_longitude: float = 0.0

    def longitudes(self, longitude: ArrayLike) -> NDArray[np.float64]:
        """Return longitudes brought into the strip."""
        return normalise_longitude(np.subtract(longitude, self.centre_longitude)) + self.centre_longitude

    def point(self, position: Position) -> list[float]:
        """Return the GeoJSON coordinates of a position."""
        return _rounded(np.array([self.longitudes(position.longitude), position.latitude]))

    def polygons(self, polygons: Iterable[SphericalPolygon], step_deg: float = 1.0) -> GeoJson:
        """Return a MultiPolygon of the areas, cut at the strip's edge and closed along it and the poles."""
        coordinates = [
            [_rounded(ring) for ring in (part.exterior, *part.holes)]
            for polygon in polygons
            for part in self._plane_polygons(polygon, step_deg)
        ]
        return {"type": "MultiPolygon", "coordinates": coordinates}

    def outlines(self, polygons: Iterable[SphericalPolygon], step_deg: float = 1.0) -> GeoJson:
        """Return a MultiLineString of the areas' true edges, without the edges that cutting adds."""
        rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.holes)]
        return self.lines(rings, step_deg)

    def lines(self, lines: Iterable[NDArray[np.float64]], step_deg: float = 1.0) -> GeoJson:
        """Return a MultiLineString of lines float64[n, 2] of (latitude, longitude), along great circles."""
        coordinates = [_rounded(part) for line in lines for part in self._cut(densify(line, step_deg))]
        return {"type": "MultiLineString", "coordinates": coordinates}

    def bounds(self, polygons: Iterable[SphericalPolygon]) -> Bounds:
        """Return the box that holds the areas; round a pole it is as wide as the strip.

        Raises ValueError where there are no areas.
        """
        parts = [part.exterior for polygon in polygons for part in self._plane_polygons(polygon, 1.0)]
        points = np.concatenate(parts)
        west, south = points.min(axis=0)
        east, north = points.max(axis=0)
        return float(west), float(south), float(east), float(north)

    def _plane_polygons(self, polygon: SphericalPolygon, step_deg: float) -> list[PlanePolygon]:
        shift = np.array([0.0, self.centre_longitude])
        parts = plane_polygons(
            polygon.exterior - shift, [hole - shift for hole in polygon.holes], step_deg=step_deg
        )
        return [
            PlanePolygon(part.exterior + shift[::-1], tuple(hole + shift[::-1] for hole in part.holes))
            for part in parts
        ]

    def _cut(self, line: NDArray[np.float64]) -> Sequence[NDArray[np.float64]]:
        """Return the pieces of a dense line of (latitude, longitude) between its crossings of the edge."""
        relative = normalise_longitude(line[:, 1] - self.centre_longitude)
        origin = np.array([self.centre_longitude, 0.0])
        jumps = np.flatnonzero(np.abs(np.diff(relative)) > 180.0)
        points = np.column_stack([relative, line[:, 0]])
        if len(jumps) == 0:
            return [points + origin]
        edges = [_edge_points(points[index], points[index + 1]) for index in jumps]
        starts = [0, *(jumps + 1)]
        ends = [*(jumps + 1), len(points)]
        pieces = []
        for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
            before = [edges[index - 1][1]] if index > 0 else []
            after = [edges[index][0]] if index < len(edges) else []
            pieces.append(np.array([*before, *points[start:end], *after]) + origin)
        return pieces


def feature(geometry: GeoJson, **properties: Any) -> GeoJson:  # noqa: ANN401 - whatever JSON can hold
    """Return a GeoJSON Feature."""
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def point_geometry(coordinates: Sequence[float]) -> GeoJson:
    """Return a GeoJSON Point."""
    return {"type": "Point", "coordinates": list(coordinates)}


def collection(features: Iterable[GeoJson]) -> GeoJson:
    """Return a GeoJSON FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


def joined_bounds(boxes: Iterable[Bounds]) -> Bounds:
    """Return the box round boxes of one frame. Raises ValueError where there are none."""
    wests, souths, easts, norths = zip(*boxes, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


def _edge_points(
    before: NDArray[np.float64], after: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where a short step leaves the strip and where it comes back in, on the other side."""
    side = np.sign(before[0])
    whole = np.array([after[0] + side * 360.0, after[1]])
    share = (side * 180.0 - before[0]) / (whole[0] - before[0])
    latitude = before[1] + share * (after[1] - before[1])
    return np.array([side * 180.0, latitude]), np.array([-side * 180.0, latitude])


def _rounded(coordinates: NDArray[np.float64]) -> list[Any]:
    values: list[Any] = np.round(coordinates, _DECIMALS).tolist()
    return values
