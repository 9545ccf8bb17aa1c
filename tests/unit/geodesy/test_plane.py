"""Flat-map polygons, checked with shapely and against containment on the sphere."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.geodesy import (
    SPHERE_AREA_KM2,
    PlanePolygon,
    Position,
    contains,
    destination,
    geodesic_circle,
    great_circle_km,
    plane_polygons,
    positions_of,
    ring_area_km2,
)
from geolocdesk.geodesy.polygon import Ring

LATITUDES, LONGITUDES = positions_of(np.random.default_rng(1).normal(size=(1500, 3)))


def shapes(polygons: list[PlanePolygon]) -> list[shapely.Polygon]:
    return [shapely.Polygon(polygon.exterior, polygon.holes) for polygon in polygons]


def plane_area_km2(polygons: list[PlanePolygon]) -> float:
    """Return the area on the sphere of plane polygons, by Green's theorem along fine straight lines."""
    total = 0.0
    for shape in shapes(polygons):
        for ring in (shape.exterior, *shape.interiors):
            line = np.radians(np.asarray(shapely.segmentize(ring, 0.05).coords))
            sine = (np.sin(line[:-1, 1]) + np.sin(line[1:, 1])) / 2.0
            total -= float(np.sum(np.diff(line[:, 0]) * sine))
    return total / (4.0 * np.pi) * SPHERE_AREA_KM2


def assert_faithful(polygons: list[PlanePolygon], exterior: Ring, holes: tuple[Ring, ...] = ()) -> None:
    """Check validity, winding, the frame, the area, and 1,500 points against the sphere."""
    for polygon, shape in zip(polygons, shapes(polygons), strict=True):
        assert shapely.is_valid(shape), shapely.is_valid_reason(shape)
        assert shape.exterior.is_ccw
        assert not any(hole.is_ccw for hole in shape.interiors)
        for ring in (polygon.exterior, *polygon.holes):
            assert (ring[0] == ring[-1]).all()
            assert (np.abs(ring) <= (180.0, 90.0)).all()
    rings = (exterior, *holes)
    expected = sum(ring_area_km2(ring) for ring in rings) - SPHERE_AREA_KM2 * len(holes)
    assert plane_area_km2(polygons) == pytest.approx(expected, rel=2e-3, abs=1e-4 * SPHERE_AREA_KM2)
    whole = shapely.union_all(shapes(polygons))
    inside = np.logical_and.reduce([contains(ring, LATITUDES, LONGITUDES) for ring in rings])
    on_map = shapely.contains_xy(whole, LONGITUDES, LATITUDES)
    near = shapely.distance(shapely.boundary(whole), shapely.points(LONGITUDES, LATITUDES)) < 0.5
    assert (on_map == inside)[~near].all()


CENTRES = [
    (0.0, 0.0),
    (20.0, 179.5),
    (-20.0, -180.0),
    (90.0, 0.0),
    (-90.0, 12.0),
    (88.0, 180.0),
    (60.0, -90.0),
]
RADII_KM = [50.0, 750.0, 2500.0, 9000.0, 10007.543398, 12000.0, 19000.0]


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize("radius_km", RADII_KM)
def test_circles_are_the_same_on_the_flat_map(centre: tuple[float, float], radius_km: float) -> None:
    circle = geodesic_circle(Position(*centre), radius_km)
    assert_faithful(plane_polygons(circle), circle)
    assert_faithful(plane_polygons(circle[::-1]), circle[::-1])


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize("radius_km", RADII_KM)
def test_circles_with_a_hole_round_their_centre(centre: tuple[float, float], radius_km: float) -> None:
    exterior = geodesic_circle(Position(*centre), radius_km)
    hole = geodesic_circle(Position(*centre), radius_km / 2.0)[::-1]
    assert_faithful(plane_polygons(exterior, [hole]), exterior, (hole,))


@pytest.mark.parametrize("centre", CENTRES)
def test_circles_with_two_holes_off_their_centre(centre: tuple[float, float]) -> None:
    exterior = geodesic_circle(Position(*centre), 6000.0)
    holes = []
    for bearing in (40.0, 220.0):
        latitude, longitude = destination(*centre, bearing, 2500.0)
        holes.append(geodesic_circle(Position(float(latitude), float(longitude)), 2000.0)[::-1])
    assert_faithful(plane_polygons(exterior, holes), exterior, tuple(holes))


@given(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.floats(20.0, 19900.0), st.integers(3, 90))
def test_any_circle_keeps_its_area_and_points(
    latitude: float, longitude: float, radius_km: float, vertices: int
) -> None:
    circle = geodesic_circle(Position(latitude, longitude), radius_km, vertices)
    assert_faithful(plane_polygons(circle), circle)


def test_a_polygon_away_from_the_date_line_is_left_as_it_is() -> None:
    circle = geodesic_circle(Position(48.0, 11.0), 100.0)
    (polygon,) = plane_polygons(circle)
    assert (polygon.exterior == circle[:, ::-1]).all()
    assert polygon.holes == ()


def test_a_circle_over_the_date_line_becomes_two_halves_that_meet_there() -> None:
    circle = geodesic_circle(Position(0.0, 180.0), 500.0)
    west, east = sorted(plane_polygons(circle), key=lambda polygon: float(polygon.exterior[:, 0].min()))
    assert float(west.exterior[:, 0].min()) == -180.0
    assert float(east.exterior[:, 0].max()) == 180.0
    touching_west = np.sort(west.exterior[west.exterior[:, 0] == -180.0, 1])
    touching_east = np.sort(east.exterior[east.exterior[:, 0] == 180.0, 1])
    assert np.unique(touching_west) == pytest.approx(np.unique(touching_east))


def test_a_circle_round_the_north_pole_is_closed_along_the_upper_edge() -> None:
    (polygon,) = plane_polygons(geodesic_circle(Position(90.0, 0.0), 2500.0))
    assert shapely.Polygon(polygon.exterior).bounds == pytest.approx(
        (-180.0, 90.0 - np.degrees(2500.0 / 6371.0), 180.0, 90.0)
    )


def test_everything_but_a_small_circle_is_the_frame_with_a_hole() -> None:
    (polygon,) = plane_polygons(geodesic_circle(Position(10.0, 20.0), 300.0)[::-1])
    assert shapely.Polygon(polygon.exterior).bounds == (-180.0, -90.0, 180.0, 90.0)
    assert len(polygon.holes) == 1


TOUCHING = [
    [(0.0, 170.0), (5.0, 180.0), (10.0, 170.0)],
    [(0.0, 170.0), (5.0, -180.0), (10.0, 170.0)],
    [(0.0, -170.0), (10.0, -170.0), (5.0, 180.0)],
    [(0.0, 170.0), (0.0, 180.0), (10.0, 180.0), (10.0, 170.0)],
    [(0.0, 170.0), (0.0, 180.0), (10.0, -180.0), (10.0, -170.0), (20.0, 179.0)],
    [(60.0, 0.0), (60.0, 90.0), (90.0, 0.0)],
    [(60.0, 0.0), (60.0, 120.0), (60.0, -120.0)],
    [(70.0, 10.0), (70.0, 100.0), (70.0, -170.0)],
    [(-60.0, 100.0), (-90.0, 0.0), (-60.0, -100.0), (-60.0, 180.0)],
]


@pytest.mark.parametrize("points", TOUCHING)
def test_vertices_on_the_date_line_and_at_the_poles(points: list[tuple[float, float]]) -> None:
    ring = np.array([*points, points[0]])
    if ring_area_km2(ring) > SPHERE_AREA_KM2 / 2.0:
        ring = ring[::-1]
    assert_faithful(plane_polygons(ring), ring)
    assert_faithful(plane_polygons(ring[::-1]), ring[::-1])


def test_a_hole_goes_to_the_half_that_holds_it() -> None:
    exterior = geodesic_circle(Position(0.0, 180.0), 3000.0)
    latitude, longitude = 0.0, -170.0
    hole = geodesic_circle(Position(latitude, longitude), 200.0)[::-1]
    polygons = plane_polygons(exterior, [hole])
    assert sorted(len(polygon.holes) for polygon in polygons) == [0, 1]
    (owner,) = [polygon for polygon in polygons if polygon.holes]
    assert float(owner.exterior[:, 0].max()) < 0.0
    rim_longitude, rim_latitude = owner.holes[0][0]
    assert float(great_circle_km(rim_latitude, rim_longitude, latitude, longitude)) == pytest.approx(200.0)
