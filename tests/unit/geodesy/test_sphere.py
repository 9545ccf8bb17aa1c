"""The sphere's distances and bearings against geographiclib, an independent implementation."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.geodesy import (
    EARTH_RADIUS_KM,
    HALF_CIRCUMFERENCE_KM,
    Position,
    angle_rad,
    destination,
    great_circle_km,
    initial_bearing_deg,
    normalise_longitude,
    positions_of,
    unit_vectors,
)

SPHERE = Geodesic(EARTH_RADIUS_KM * 1000.0, 0.0)
MILLIMETRE_KM = 1e-6

latitudes = st.floats(-90.0, 90.0)
longitudes = st.floats(-180.0, 180.0)

EXTREME_PAIRS = [
    (0.0, 0.0, 0.0, 180.0),
    (90.0, 0.0, -90.0, 0.0),
    (90.0, 0.0, 90.0, 123.0),
    (0.0, 179.9999, 0.0, -179.9999),
    (45.0, 10.0, -45.0, -170.0),
    (45.0, 10.0, -44.999999, -169.999999),
    (52.0, 4.0, 52.0, 4.0),
    (52.0, 4.0, 52.00000001, 4.00000001),
    (89.99999999, 0.0, 89.99999999, 180.0),
    (-90.0, 7.0, -89.9999, 100.0),
    (0.0, 0.0, 1e-12, 0.0),
]


def random_pairs(count: int) -> list[tuple[float, float, float, float]]:
    random = np.random.default_rng(7)
    positions = [*positions_of(random.normal(size=(count, 3))), *positions_of(random.normal(size=(count, 3)))]
    return [tuple(row) for row in np.column_stack(positions).tolist()]


@pytest.mark.parametrize("pair", EXTREME_PAIRS)
def test_distance_of_extreme_pairs_equals_geographiclib(pair: tuple[float, float, float, float]) -> None:
    expected_km = SPHERE.Inverse(*pair)["s12"] / 1000.0
    assert float(great_circle_km(*pair)) == pytest.approx(expected_km, abs=MILLIMETRE_KM)


def test_distance_of_random_pairs_equals_geographiclib_to_the_millimetre() -> None:
    pairs = random_pairs(500)
    expected_km = np.array([SPHERE.Inverse(*pair)["s12"] for pair in pairs]) / 1000.0
    assert np.abs(great_circle_km(*np.array(pairs).T) - expected_km).max() < MILLIMETRE_KM


def test_a_metre_is_measured_to_a_micrometre() -> None:
    north = 60.0 + math.degrees(0.001 / EARTH_RADIUS_KM)
    assert float(great_circle_km(60.0, 20.0, north, 20.0)) == pytest.approx(0.001, rel=1e-6)


def test_distance_differs_from_the_ellipsoid_by_at_most_six_in_a_thousand() -> None:
    for pair in random_pairs(300):
        ellipsoid_km = Geodesic.WGS84.Inverse(*pair)["s12"] / 1000.0
        assert float(great_circle_km(*pair)) == pytest.approx(ellipsoid_km, rel=0.006)


def test_distances_broadcast() -> None:
    distances = great_circle_km(np.array([[0.0], [10.0]]), 0.0, np.array([0.0, 10.0, 20.0]), 0.0)
    assert distances.shape == (2, 3)
    assert distances[1, 1] == 0.0


def test_bearing_and_destination_equal_geographiclib() -> None:
    for latitude_1, longitude_1, latitude_2, longitude_2 in random_pairs(300):
        expected = SPHERE.Inverse(latitude_1, longitude_1, latitude_2, longitude_2)
        bearing = float(initial_bearing_deg(latitude_1, longitude_1, latitude_2, longitude_2))
        assert bearing == pytest.approx(expected["azi1"] % 360.0, abs=1e-7)
        reached = destination(latitude_1, longitude_1, bearing, expected["s12"] / 1000.0)
        assert float(great_circle_km(*reached, latitude_2, longitude_2)) < MILLIMETRE_KM


def test_destination_leaves_a_pole_along_the_meridian_of_its_longitude() -> None:
    latitude, longitude = destination(90.0, 30.0, 180.0, 1000.0)
    assert float(longitude) == pytest.approx(30.0)
    assert float(great_circle_km(90.0, 0.0, latitude, longitude)) == pytest.approx(1000.0)


@given(latitudes, longitudes, st.floats(0.0, 360.0), st.floats(0.0, HALF_CIRCUMFERENCE_KM))
def test_a_destination_lies_at_its_distance(
    latitude: float, longitude: float, bearing_deg: float, distance_km: float
) -> None:
    reached = destination(latitude, longitude, bearing_deg, distance_km)
    assert float(great_circle_km(latitude, longitude, *reached)) == pytest.approx(distance_km, abs=1e-8)


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_is_symmetric_and_agrees_with_the_angle(
    latitude_1: float, longitude_1: float, latitude_2: float, longitude_2: float
) -> None:
    there = float(great_circle_km(latitude_1, longitude_1, latitude_2, longitude_2))
    back = float(great_circle_km(latitude_2, longitude_2, latitude_1, longitude_1))
    angle = float(angle_rad(unit_vectors(latitude_1, longitude_1), unit_vectors(latitude_2, longitude_2)))
    assert there == pytest.approx(back, abs=1e-9)
    assert there == pytest.approx(angle * EARTH_RADIUS_KM, abs=1e-8)


@given(latitudes, longitudes)
def test_positions_survive_the_way_through_unit_vectors(latitude: float, longitude: float) -> None:
    found = positions_of(unit_vectors(latitude, longitude))
    assert float(great_circle_km(latitude, longitude, *found)) < 1e-8


@given(st.floats(-1e5, 1e5))
def test_normalised_longitude_is_the_same_meridian(longitude: float) -> None:
    normal = float(normalise_longitude(longitude))
    assert -180.0 <= normal <= 180.0
    turns = (longitude - normal) / 360.0
    assert turns == pytest.approx(round(turns), abs=1e-9)


@pytest.mark.parametrize("longitude", [-180.0, 180.0, 179.99999999999997, 0.0, -1e-300])
def test_a_longitude_in_range_is_kept_exactly(longitude: float) -> None:
    assert float(normalise_longitude(longitude)) == longitude


@pytest.mark.parametrize("position", [(91.0, 0.0), (0.0, 180.1), (float("nan"), 0.0), (0.0, float("nan"))])
def test_a_position_outside_the_globe_is_refused(position: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="not a position"):
        Position(*position)
