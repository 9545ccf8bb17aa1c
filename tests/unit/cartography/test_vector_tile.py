"""Tiles are read back with Mapbox's format as another library understands it."""

from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geolocdesk.cartography.vector_tile import EXTENT, GeometryKind, PropertyValue, TileFeature, encode_tile

coordinates = st.integers(-500, EXTENT + 500)


def decoded(features: list[TileFeature]) -> list[dict[str, Any]]:
    tile = mapbox_vector_tile.decode(encode_tile({"layer": features}), default_options={"y_coord_down": True})
    found: list[dict[str, Any]] = tile["layer"]["features"]
    assert tile["layer"]["version"] == 2
    assert tile["layer"]["extent"] == EXTENT
    return found


@given(st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=20, unique=True))
@settings(deadline=None)
def test_points_come_back(points: list[tuple[int, int]]) -> None:
    feature = TileFeature(GeometryKind.POINT, [np.array([point]) for point in points], {})
    [found] = decoded([feature])
    expected = [list(point) for point in points]
    assert found["geometry"]["coordinates"] == (expected if len(points) > 1 else expected[0])


@given(st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=40, unique=True))
@settings(deadline=None)
def test_line_comes_back(points: list[tuple[int, int]]) -> None:
    [found] = decoded([TileFeature(GeometryKind.LINE, [np.array(points)], {})])
    assert found["geometry"] == {"type": "LineString", "coordinates": [list(point) for point in points]}


def test_polygon_with_hole_comes_back() -> None:
    exterior = np.array([[0, 0], [100, 0], [100, 100], [0, 100]])
    hole = np.array([[10, 10], [10, 20], [20, 20], [20, 10]])
    [found] = decoded([TileFeature(GeometryKind.POLYGON, [exterior, hole], {})])
    assert found["geometry"]["type"] == "Polygon"
    rings = found["geometry"]["coordinates"]
    assert [ring[:-1] for ring in rings] == [exterior.tolist(), hole.tolist()]


@pytest.mark.parametrize("value", ["Zürich", "", 0, -7, 2**40, 1, True, False, 1.5, -1e300], ids=repr)
def test_property_keeps_value_and_type(value: PropertyValue) -> None:
    feature = TileFeature(GeometryKind.POINT, [np.array([[1, 2]])], {"value": value, "other": 1})
    [found] = decoded([feature])
    assert found["properties"] == {"value": value, "other": 1}
    assert type(found["properties"]["value"]) is type(value)


def test_what_has_shrunk_to_nothing_is_left_out() -> None:
    dot = np.array([[5, 5], [5, 5], [5, 5]])
    line = TileFeature(GeometryKind.LINE, [dot], {})
    polygon = TileFeature(GeometryKind.POLYGON, [dot], {})
    assert encode_tile({"lines": [line], "areas": [polygon]}) == b""


def test_repeated_vertices_are_dropped() -> None:
    [found] = decoded([TileFeature(GeometryKind.LINE, [np.array([[1, 1], [1, 1], [2, 2], [2, 2]])], {})])
    assert found["geometry"]["coordinates"] == [[1, 1], [2, 2]]
