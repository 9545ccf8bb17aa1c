"""Shapes are read back with shapely and checked against geodesy's own containment."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geolocdesk.cartography.frame import Frame, joined_bounds
from geolocdesk.estimation.location import SphericalPolygon
from geolocdesk.geodesy import Position, contains, geodesic_circle, great_circle_km

centres = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))
meridians = st.floats(-180, 180)
radii = st.floats(1, 9000)


def circle(centre: Position, radius_km: float) -> SphericalPolygon:
    return SphericalPolygon(geodesic_circle(centre, radius_km))


@given(centres, meridians)
@settings(deadline=None)
def test_points_keep_their_place(position: Position, meridian: float) -> None:
    frame = Frame(meridian)
    longitude, latitude = frame.point(position)
    assert meridian - 180.000001 <= longitude <= meridian + 180.000001
    turned = (longitude - position.longitude) % 360.0
    assert min(turned, 360.0 - turned) < 1e-5
    assert latitude == pytest.approx(position.latitude, abs=1e-6)


@given(centres, meridians, radii, st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_areas_hold_the_same_points_as_on_the_sphere(
    centre: Position, meridian: float, radius_km: float, seed: int
) -> None:
    frame = Frame(meridian)
    area = circle(centre, radius_km)
    shape = shapely.geometry.shape(frame.polygons([area], step_deg=0.25))
    random = np.random.default_rng(seed)
    latitudes = np.degrees(np.arcsin(random.uniform(-1, 1, 200)))
    longitudes = random.uniform(meridian - 180, meridian + 180, 200)
    inside = contains(area.exterior, latitudes, longitudes)
    apart = np.abs(great_circle_km(latitudes, longitudes, centre.latitude, centre.longitude) - radius_km)
    clear = (apart > 0.01 * radius_km + 5.0) & (np.abs(latitudes) < 89.9)
    drawn = shapely.contains_xy(shapely.make_valid(shape), longitudes, latitudes)
    assert np.array_equal(drawn[clear], inside[clear])


@given(centres, meridians, radii)
@settings(max_examples=60, deadline=None)
def test_outlines_are_the_circle_and_nothing_else(
    centre: Position, meridian: float, radius_km: float
) -> None:
    lines = Frame(meridian).outlines([circle(centre, radius_km)])["coordinates"]
    points = np.concatenate([np.array(line) for line in lines])
    apart = great_circle_km(points[:, 1], points[:, 0], centre.latitude, centre.longitude)
    # chords of a circle of 180 vertices come up to 0.02 % closer
    assert np.all(np.abs(apart - radius_km) < 0.005 * radius_km + 0.02 + 20.0 * (np.abs(points[:, 1]) > 89.5))
    for line in lines:
        assert np.all(np.abs(np.diff(np.array(line)[:, 0])) <= 180.0)


def test_rfc_7946_frame_cuts_at_the_date_line() -> None:
    area = circle(Position(0.0, 179.0), 500.0)
    coordinates = Frame().polygons([area])["coordinates"]
    assert len(coordinates) == 2
    points = np.concatenate([np.array(ring) for polygon in coordinates for ring in polygon])
    assert np.abs(points[:, 0]).max() == 180.0
    whole = Frame(179.0).polygons([area])["coordinates"]
    assert len(whole) == 1


def test_exteriors_run_counter_clockwise_and_holes_clockwise() -> None:
    ring = geodesic_circle(Position(10.0, 20.0), 800.0)
    hole = geodesic_circle(Position(10.0, 20.0), 100.0)[::-1]
    [polygon] = Frame(20.0).polygons([SphericalPolygon(ring, (hole,))])["coordinates"]
    exterior, inner = (shapely.LinearRing(part) for part in polygon)
    assert exterior.is_ccw
    assert not inner.is_ccw


def test_a_ring_round_a_pole_is_one_open_line() -> None:
    lines = Frame(0.0).outlines([circle(Position(88.0, 0.0), 700.0)])["coordinates"]
    longitudes = np.concatenate([np.array(line)[:, 0] for line in lines])
    assert longitudes.min() == -180.0
    assert longitudes.max() == 180.0


def test_bounds_pass_the_date_line_in_its_own_frame() -> None:
    west, south, east, north = Frame(179.97).bounds([circle(Position(-17.02, 179.97), 200.0)])
    assert 177.0 < west < 179.0
    assert 181.0 < east < 183.0
    assert south < -17.02 < north


def test_bounds_round_a_pole_are_as_wide_as_the_frame() -> None:
    assert Frame(10.0).bounds([circle(Position(89.0, 10.0), 300.0)])[::2] == (-170.0, 190.0)


def test_bounds_are_joined() -> None:
    assert joined_bounds([(0, 1, 2, 3), (-5, 2, 1, 9)]) == (-5, 1, 2, 9)


@given(centres, centres)
@settings(max_examples=60, deadline=None)
def test_lines_lie_on_the_great_circle(start: Position, end: Position) -> None:
    whole = float(great_circle_km(start.latitude, start.longitude, end.latitude, end.longitude))
    if whole > 19_900.0:
        return  # nearly antipodal: every way round is as short
    ends = np.array([[start.latitude, start.longitude], [end.latitude, end.longitude]])
    lines = Frame(start.longitude).lines([ends])["coordinates"]
    points = np.concatenate([np.array(line) for line in lines])
    detour = great_circle_km(points[:, 1], points[:, 0], start.latitude, start.longitude) + great_circle_km(
        points[:, 1], points[:, 0], end.latitude, end.longitude
    )
    assert np.all(detour - whole < max(0.002 * whole, 0.5))
