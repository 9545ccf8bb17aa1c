"""The printed maps' projection, checked with geographiclib on a sphere and against areas on it."""

import math

import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic
from hypothesis import example, given
from hypothesis import strategies as st

from geolocdesk.cartography.azimuthal import WORLD_RADIUS_KM, Azimuthal, round_the_rim
from geolocdesk.estimation.location import SphericalPolygon
from geolocdesk.geodesy import EARTH_RADIUS_KM, Position, geodesic_circle

SPHERE = Geodesic(EARTH_RADIUS_KM, 0.0)

positions = st.builds(Position, st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))


@given(positions, positions)
@example(Position(0.0, 0.0), Position(0.0, 180.0))
@example(Position(-40.0, -170.0), Position(40.0, 10.0))
def test_distance_and_direction_from_the_centre_are_true(centre: Position, position: Position) -> None:
    line = SPHERE.Inverse(centre.latitude, centre.longitude, position.latitude, position.longitude)
    x, y = Azimuthal(centre).point(position)

    assert math.hypot(x, y) == pytest.approx(line["s12"], abs=1e-6)
    if 1.0 < line["s12"] < WORLD_RADIUS_KM - 1.0 and abs(centre.latitude) < 89.99:
        turn = math.degrees(math.atan2(x, y)) - line["azi1"]
        assert math.remainder(turn, 360.0) == pytest.approx(0.0, abs=1e-5)


def test_the_centre_is_the_origin() -> None:
    x, y = Azimuthal(Position(45.0, 16.0)).point(Position(45.0, 16.0))
    assert math.hypot(x, y) < 1e-9


@pytest.mark.parametrize(
    ("centre", "antipode"),
    [
        (Position(10.0, 20.0), Position(-10.0, -160.0)),
        (Position(-40.0, -170.0), Position(40.0, 10.0)),
        (Position(0.0, 0.0), Position(0.0, -180.0)),
        (Position(0.0, 180.0), Position(0.0, 0.0)),
    ],
)
def test_the_antipode_is_opposite(centre: Position, antipode: Position) -> None:
    assert Azimuthal(centre).antipode == antipode


@pytest.mark.parametrize("centre", [Position(0.0, 179.9), Position(90.0, 0.0), Position(-45.0, 60.0)])
def test_a_circle_round_the_centre_is_a_circle(centre: Position) -> None:
    area = Azimuthal(centre).area([SphericalPolygon(geodesic_circle(centre, 3000.0))])

    assert shapely.is_valid(area)
    assert shapely.area(area) == pytest.approx(math.pi * 3000.0**2, rel=1e-3)


def test_an_area_with_a_hole_leaves_the_hole_out() -> None:
    centre = Position(17.0, 179.0)
    hole = geodesic_circle(centre, 500.0)[::-1]
    area = Azimuthal(centre).area([SphericalPolygon(geodesic_circle(centre, 2000.0), (hole,))])

    assert not shapely.contains(area, shapely.Point(0.0, 0.0))
    assert shapely.contains(area, shapely.Point(1000.0, 0.0))


def test_an_area_that_holds_the_antipode_fills_the_rim() -> None:
    centre = Position(20.0, 30.0)
    projection = Azimuthal(centre)
    # everything but a cap round the centre
    area = projection.area([SphericalPolygon(geodesic_circle(centre, 4000.0)[::-1])])

    assert not shapely.contains(area, shapely.Point(0.0, 0.0))
    assert shapely.contains(area, shapely.Point(0.0, 5000.0))
    assert shapely.contains(area, shapely.Point(0.0, -19_000.0))


def test_a_line_past_the_antipode_goes_round_the_rim() -> None:
    bearings = np.radians([10.0, 170.0])
    points = 19_900.0 * np.column_stack([np.cos(bearings), np.sin(bearings)])

    bent = round_the_rim(points)

    assert np.hypot(bent[:, 0], bent[:, 1]).min() > 19_000.0
    assert (bent[0] == points[0]).all()
    assert (bent[-1] == points[-1]).all()
