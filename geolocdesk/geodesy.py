"""The only mathematics of the sphere: degrees, kilometres, unit vectors and the date line.

The Earth is a sphere of radius 6371 km, as in the authors' released program, so every distance here
differs from the WGS 84 ellipsoid's by at most 0.6 %.
"""

from dataclasses import dataclass

EARTH_RADIUS_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Position:
    """A place on Earth in WGS 84 degrees: −90 ≤ latitude ≤ 90, −180 ≤ longitude ≤ 180."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (-90.0 <= self.latitude <= 90.0 and -180.0 <= self.longitude <= 180.0):
            message = f"not a position in degrees: {self.latitude}, {self.longitude}"
            raise ValueError(message)
