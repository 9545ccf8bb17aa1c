"""Rings on the sphere: areas against geographiclib, containment against distances."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.geodesy import (
    EARTH_RADIUS_KM,
    HALF_CIRCUMFERENCE_KM,
    SPHERE_AREA_KM2,
    Position,
    contains,
    densify,
    destination,
    geodesic_circle,
    great_circle_km,
    great_circles,
    positions_of,
    ring_area_km2,
    ring_areas_km2,
    unit_vectors,
)
from geolocdesk.geodesy.polygon import Ring

SPHERE = Geodesic(EARTH_RADIUS_KM * 1000.0, 0.0)


def cap_area_km2(radius_km: float) -> float:
    return SPHERE_AREA_KM2 * math.sin(radius_km / EARTH_RADIUS_KM / 2.0) ** 2


def geographiclib_area_km2(ring: Ring) -> float:
    polygon = SPHERE.Polygon()
    for latitude, longitude in ring[:-1]:
        polygon.AddPoint(float(latitude), float(longitude))
    _, _, area_m2 = polygon.Compute(False, False)
    return float(area_m2) / 1e6


def star(random: np.random.Generator, centre: tuple[float, float], size_deg: float) -> Ring:
    """Return a jagged simple ring round a position, counter-clockwise."""
    bearings = np.sort(random.uniform(0.0, 360.0, 40))[::-1]
    radii_km = np.radians(size_deg) * EARTH_RADIUS_KM * random.uniform(0.3, 1.0, 40)
    corners = [
        SPHERE.Direct(*centre, bearing, radius * 1000.0)
        for bearing, radius in zip(bearings, radii_km, strict=True)
    ]
    points = np.array([(corner["lat2"], corner["lon2"]) for corner in corners])
    return np.concatenate([points, points[:1]])


CENTRES = [(0.0, 0.0), (48.0, 11.0), (10.0, 180.0), (-60.0, -179.5), (90.0, 0.0), (-89.0, 50.0)]


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize("size_deg", [0.001, 1.0, 30.0, 85.0, 140.0])
def test_area_equals_geographiclib(centre: tuple[float, float], size_deg: float) -> None:
    ring = star(np.random.default_rng(3), centre, size_deg)
    expected = geographiclib_area_km2(ring)
    rounding_km2 = 1e-7  # geographiclib carries the whole sphere in square metres
    assert ring_area_km2(ring) == pytest.approx(expected, rel=1e-7, abs=rounding_km2)
    assert ring_area_km2(ring[::-1]) == pytest.approx(SPHERE_AREA_KM2 - expected, rel=1e-7)


@pytest.mark.parametrize("radius_km", [0.001, 1.0, 750.0, 2500.0, 10007.5, 15000.0, 20000.0])
@pytest.mark.parametrize("centre", CENTRES)
def test_a_circle_has_the_area_of_its_cap(centre: tuple[float, float], radius_km: float) -> None:
    circle = geodesic_circle(Position(*centre), radius_km, vertices=2000)
    beyond = cap_area_km2(HALF_CIRCUMFERENCE_KM - radius_km)
    error = abs(ring_area_km2(circle) - cap_area_km2(radius_km))
    assert error < 1e-5 * min(cap_area_km2(radius_km), beyond)


def test_a_great_circle_halves_the_sphere() -> None:
    for latitude, longitude in CENTRES:
        circle = geodesic_circle(Position(latitude, longitude), HALF_CIRCUMFERENCE_KM / 2.0)
        assert ring_area_km2(circle) == pytest.approx(SPHERE_AREA_KM2 / 2.0, rel=1e-9)


def test_areas_of_many_rings_are_the_areas_of_each() -> None:
    random = np.random.default_rng(2)
    rings = [star(random, centre, size_deg) for centre in CENTRES for size_deg in (0.5, 20.0, 100.0)]
    assert ring_areas_km2(rings).tolist() == pytest.approx([ring_area_km2(ring) for ring in rings])
    assert ring_areas_km2([]).shape == (0,)


def test_an_octant_is_an_eighth_of_the_sphere() -> None:
    octant = np.array([(0.0, 0.0), (0.0, 90.0), (90.0, 0.0), (0.0, 0.0)])
    assert ring_area_km2(octant) == pytest.approx(SPHERE_AREA_KM2 / 8.0)


@pytest.mark.parametrize("radius_km", [0.0, -1.0, HALF_CIRCUMFERENCE_KM, math.inf, math.nan])
def test_a_circle_that_is_none_is_refused(radius_km: float) -> None:
    with pytest.raises(ValueError, match="not a circle"):
        geodesic_circle(Position(0.0, 0.0), radius_km)


@given(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.floats(1e-3, 20000.0), st.integers(3, 60))
def test_every_point_of_a_circle_lies_at_its_radius(
    latitude: float, longitude: float, radius_km: float, vertices: int
) -> None:
    circle = geodesic_circle(Position(latitude, longitude), radius_km, vertices)
    assert circle.shape == (vertices + 1, 2)
    assert (circle[0] == circle[-1]).all()
    assert np.allclose(great_circle_km(latitude, longitude, circle[:, 0], circle[:, 1]), radius_km, atol=1e-8)


@given(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.floats(0.01, 19900.0), st.integers(0, 2**32))
def test_a_circle_contains_what_lies_within_its_radius(
    latitude: float, longitude: float, radius_km: float, seed: int
) -> None:
    circle = geodesic_circle(Position(latitude, longitude), radius_km, vertices=720)
    random = np.random.default_rng(seed)
    latitudes, longitudes = positions_of(random.normal(size=(200, 3)))
    distances = great_circle_km(latitude, longitude, latitudes, longitudes)
    clear = np.abs(distances - radius_km) > 1e-4 * min(radius_km, HALF_CIRCUMFERENCE_KM - radius_km)
    inside = contains(circle, latitudes, longitudes)
    assert (inside == (distances < radius_km))[clear].all()
    assert contains(circle, latitude, longitude)
    assert not contains(circle[::-1], latitude, longitude)


def test_a_tiny_ring_does_not_contain_the_far_side() -> None:
    circle = geodesic_circle(Position(10.0, 20.0), 0.0005)
    assert contains(circle, 10.0, 20.0)
    assert not contains(circle, np.array([-10.0, 10.1, -89.0]), np.array([-160.0, 20.0, 0.0])).any()


@pytest.mark.parametrize("radius_km", [0.01, 1.0, 100.0])
def test_small_circles_tell_inside_from_outside_close_to_their_rims(radius_km: float) -> None:
    circle = geodesic_circle(Position(20.0, 30.0), radius_km, vertices=720)
    bearings = np.linspace(0.0, 360.0, 1001)
    for share, expected in ((0.999, True), (1.001, False), (5.0, False), (0.01, True)):
        reached = destination(20.0, 30.0, bearings, share * radius_km)
        assert (contains(circle, *reached) == expected).all()
        assert (contains(circle[::-1], *reached) == (not expected)).all()


def test_a_jagged_ring_round_the_pole_and_over_the_date_line_contains_its_share_of_the_sphere() -> None:
    ring = star(np.random.default_rng(11), (80.0, 179.0), 60.0)
    latitudes, longitudes = positions_of(np.random.default_rng(5).normal(size=(20000, 3)))
    share = float(contains(ring, latitudes, longitudes).mean())
    assert share == pytest.approx(geographiclib_area_km2(ring) / SPHERE_AREA_KM2, abs=0.01)


def test_densifying_adds_points_on_the_great_circles_and_keeps_the_corners() -> None:
    ring = np.array([(0.0, 170.0), (50.0, -120.0), (80.0, 100.0), (0.0, 170.0)])
    dense = densify(ring, step_deg=2.0)
    assert {tuple(point) for point in ring.tolist()} <= {tuple(point) for point in dense.tolist()}
    vectors = unit_vectors(dense[:, 0], dense[:, 1])
    steps = np.degrees(np.arccos(np.einsum("ij,ij->i", vectors[:-1], vectors[1:])))
    assert steps.max() <= 2.0 + 1e-9
    assert ring_area_km2(dense) == pytest.approx(ring_area_km2(ring), rel=1e-12)


def test_great_circles_are_those_of_geographiclib() -> None:
    starts = np.array([(10.0, 170.0), (60.0, 24.0), (89.0, 0.0), (5.0, 5.0)])
    ends = np.array([(-20.0, -150.0), (60.0, -100.0), (80.0, 170.0), (5.0, 5.0)])
    lines = great_circles(starts, ends, step_deg=2.0)
    for line, start, end in zip(lines, starts, ends, strict=True):
        assert line[[0, -1]].tolist() == [start.tolist(), end.tolist()]
        true = SPHERE.InverseLine(*start, *end)
        for latitude, longitude in line:
            at = SPHERE.Inverse(*start, latitude, longitude)["s12"]
            expected = true.Position(at)
            off = SPHERE.Inverse(latitude, longitude, expected["lat2"], expected["lon2"])["s12"]
            assert off < 1e-3


def test_densifying_a_fine_ring_changes_nothing() -> None:
    ring = geodesic_circle(Position(5.0, 5.0), 100.0)
    assert densify(ring) is ring
