"""Distances measured on the map: great circles between the points clicked."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geolocdesk.cartography.frame import GeoJson
from geolocdesk.geodesy import densify, great_circle_km
from geolocdesk.quantities import NO_BREAK, distance_text

KM_PER_MILE = 1.609344
_STEP_DEG = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """A line over the Earth's surface, leg by leg, and the lengths on a sphere of 6371 km."""

    start: NDArray[np.float64]
    """(longitude, latitude) as clicked."""
    legs: tuple[NDArray[np.float64], ...]
    """Dense lines float64[n, 2] of (longitude, latitude), each going on where the last one ended."""
    leg_km: tuple[float, ...]

    @property
    def total_km(self) -> float:
        """Return the length of all legs."""
        return sum(self.leg_km)

    @property
    def text(self) -> str:
        """Return the whole length in words, ``""`` before there is a second point."""
        return length_text(self.total_km) if self.legs else ""

    def to_json(self) -> GeoJson:
        """Return the line, and its points with the distance so far, for the page."""
        ends = [self.start, *(leg[-1] for leg in self.legs)]
        texts = ["", *(length_text(float(km)) for km in np.cumsum(self.leg_km))]
        return {
            "line": {"type": "MultiLineString", "coordinates": [leg.tolist() for leg in self.legs]},
            "points": [
                {"coordinates": end.tolist(), "text": text} for end, text in zip(ends, texts, strict=True)
            ],
        }


def measure(clicked: Sequence[tuple[float, float]]) -> Measurement | None:
    """Return the great circles along points (latitude, longitude), or None where there are no points.

    Longitudes may pass ±180°: the line then goes on in the copy of the world that was clicked in.
    """
    if not clicked:
        return None
    legs: list[NDArray[np.float64]] = []
    lengths: list[float] = []
    longitude = clicked[0][1]
    for start, end in pairwise(clicked):
        dense = densify(np.array([start, end], dtype=np.float64), _STEP_DEG)
        unwrapped = np.unwrap(dense[:, 1], period=360.0)
        legs.append(np.column_stack([unwrapped - unwrapped[0] + longitude, dense[:, 0]]))
        lengths.append(float(great_circle_km(*start, *end)))
        longitude = float(legs[-1][-1, 0])
    return Measurement(np.array([clicked[0][1], clicked[0][0]]), tuple(legs), tuple(lengths))


def length_text(distance_km: float) -> str:
    """Return a distance in kilometres and miles: ``412 km · 256 mi``."""
    miles = distance_km / KM_PER_MILE
    in_miles = f"{miles:,.0f}" if miles >= 9.95 else f"{miles:.1f}"
    return f"{distance_text(distance_km)} · {in_miles}{NO_BREAK}mi"
