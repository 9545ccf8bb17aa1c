"""The only mathematics of the sphere: degrees, kilometres, unit vectors, polygons and the date line.

The Earth is a sphere of radius 6371 km, as in the authors' released program, so every distance here
differs from the WGS 84 ellipsoid's by at most 0.6 %.

Conventions: positions are degrees; unit vectors are float64[..., 3] with x towards 0° N 0° E and z towards
the north pole; a ring is float64[n, 2] of (latitude, longitude), first vertex repeated last, whose vertices
are joined by the shorter great circle and whose inside is on the left. A ring may cross the date line, go
round a pole or hold more than half the globe.
"""

from geolocdesk.geodesy.plane import PlanePolygon, plane_polygons
from geolocdesk.geodesy.polygon import (
    SPHERE_AREA_KM2,
    closed_line_areas_km2,
    contains,
    densify,
    geodesic_circle,
    great_circles,
    rectangle_areas_km2,
    ring_area_km2,
    ring_areas_km2,
)
from geolocdesk.geodesy.sphere import (
    EARTH_RADIUS_KM,
    HALF_CIRCUMFERENCE_KM,
    KM_PER_DEGREE,
    Position,
    angle_rad,
    cross,
    destination,
    great_circle_km,
    initial_bearing_deg,
    normalise_longitude,
    positions_of,
    solid_angles,
    unit_vectors,
)

__all__ = [
    "EARTH_RADIUS_KM",
    "HALF_CIRCUMFERENCE_KM",
    "KM_PER_DEGREE",
    "SPHERE_AREA_KM2",
    "PlanePolygon",
    "Position",
    "angle_rad",
    "closed_line_areas_km2",
    "contains",
    "cross",
    "densify",
    "destination",
    "geodesic_circle",
    "great_circle_km",
    "great_circles",
    "initial_bearing_deg",
    "normalise_longitude",
    "plane_polygons",
    "positions_of",
    "rectangle_areas_km2",
    "ring_area_km2",
    "ring_areas_km2",
    "solid_angles",
    "unit_vectors",
]
