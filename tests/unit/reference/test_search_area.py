"""Polygons that a search is limited to."""

import json
from pathlib import Path

import numpy as np
import pytest

from geolocdesk.errors import UsageError
from geolocdesk.reference.search_area import read_search_area

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}
ACROSS_THE_DATE_LINE = {
    "type": "MultiPolygon",
    "coordinates": [
        [[[170, -20], [180, -20], [180, -10], [170, -10], [170, -20]]],
        [[[-180, -20], [-170, -20], [-170, -10], [-180, -10], [-180, -20]]],
    ],
}


def area_file(folder: Path, value: object) -> Path:
    path = folder / "area.geojson"
    path.write_text(json.dumps(value))
    return path


@pytest.mark.parametrize(
    "value",
    [
        SQUARE,
        {"type": "Feature", "properties": {}, "geometry": SQUARE},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": SQUARE}]},
        {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [50, 50]}, SQUARE]},
    ],
)
def test_every_wrapping_of_a_polygon_is_understood(tmp_path: Path, value: object) -> None:
    area = read_search_area(area_file(tmp_path, value))
    positions = np.array([[5.0, 5.0], [5.0, 10.5], [10.0, 10.0], [-1.0, 5.0]])
    assert area.contains(positions).tolist() == [True, False, True, False]


def test_latitude_and_longitude_are_not_mixed_up(tmp_path: Path) -> None:
    wide = {"type": "Polygon", "coordinates": [[[0, 0], [100, 0], [100, 5], [0, 5], [0, 0]]]}
    area = read_search_area(area_file(tmp_path, wide))
    assert area.contains(np.array([[2.0, 90.0], [80.0, 2.0]])).tolist() == [True, False]


def test_an_area_across_the_date_line(tmp_path: Path) -> None:
    area = read_search_area(area_file(tmp_path, ACROSS_THE_DATE_LINE))
    positions = np.array([[-15.0, 179.0], [-15.0, -179.0], [-15.0, 0.0], [-15.0, 180.0]])
    assert area.contains(positions).tolist() == [True, True, False, True]


def test_a_hole_is_outside(tmp_path: Path) -> None:
    hole = [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]
    value = {"type": "Polygon", "coordinates": [*SQUARE["coordinates"], hole]}
    area = read_search_area(area_file(tmp_path, value))
    assert area.contains(np.array([[5.0, 5.0], [2.0, 2.0]])).tolist() == [False, True]


def test_the_hash_does_not_depend_on_spelling(tmp_path: Path) -> None:
    first = read_search_area(area_file(tmp_path, SQUARE)).sha256
    (tmp_path / "area.geojson").write_text(json.dumps(dict(reversed(SQUARE.items())), indent=4))
    assert read_search_area(tmp_path / "area.geojson").sha256 == first


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "cannot be read"),
        ('{"type": "Point", "coordinates": [1, 2]}', "holds no Polygon"),
        ("[1, 2]", "holds no Polygon"),
        (
            '{"type": "Polygon", "coordinates": [[[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]]}',
            "Self-intersection",
        ),
        ('{"type": "Polygon", "coordinates": "north"}', "not valid"),
    ],
)
def test_what_is_no_area_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "area.geojson"
    path.write_text(text)
    with pytest.raises(UsageError, match=reason):
        read_search_area(path)
