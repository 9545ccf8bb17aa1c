"""The graticule of a view."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geolocdesk.cartography.graticule import STEPS_DEG, View, graticule

EUROPE = View(-10.0, 35.0, 30.0, 60.0, 900.0, 700.0)


def labels(view: View, kind: str) -> list[str]:
    found = [
        entry["properties"] for entry in graticule(view)["features"] if entry["geometry"]["type"] == "Point"
    ]
    return [entry["text"] for entry in found if entry["kind"] == kind]


def test_labels_say_which_side() -> None:
    assert labels(EUROPE, "meridian") == ["0°", "10° E", "20° E"]
    assert labels(EUROPE, "parallel") == ["40° N", "50° N"]


def test_longitudes_past_the_date_line_are_written_as_usual() -> None:
    view = View(160.0, -30.0, 200.0, 0.0, 900.0, 700.0)
    assert labels(view, "meridian") == ["170° E", "180°", "170° W"]


def test_small_views_have_decimals() -> None:
    view = View(15.95, 45.79, 16.0, 45.82, 900.0, 700.0)
    assert labels(view, "meridian") == ["15.96° E", "15.97° E", "15.98° E", "15.99° E"]


@given(
    st.floats(-400, 400), st.floats(1e-3, 360), st.floats(-85, 84), st.floats(0.1, 10), st.floats(100, 4000)
)
@settings(deadline=None)
def test_lines_are_neither_crowded_nor_many(
    west: float, width: float, south: float, shape: float, pixels: float
) -> None:
    view = View(west, south, west + width, min(south + shape * width, 85.0), pixels, pixels)
    features = graticule(view)["features"]
    meridians = [
        entry["geometry"]["coordinates"][0][0]
        for entry in features
        if entry["geometry"]["type"] == "LineString"
        and entry["geometry"]["coordinates"][0][0] == entry["geometry"]["coordinates"][1][0]
    ]
    assert all(west - 1e-6 <= longitude <= west + width + 1e-6 for longitude in meridians)
    if len(meridians) > 1:
        step = min(later - earlier for earlier, later in pairwise(meridians))
        assert step == pytest.approx(min(STEPS_DEG, key=lambda known: abs(known - step)), rel=1e-3)
        assert step / width * pixels >= 129.0 or step == pytest.approx(30.0)


def test_nothing_lies_beyond_the_map() -> None:
    for entry in graticule(View(-180.0, -89.0, 180.0, 89.0, 900.0, 700.0))["features"]:
        coordinates = entry["geometry"]["coordinates"]
        points = [coordinates] if entry["geometry"]["type"] == "Point" else coordinates
        assert all(abs(latitude) <= 85.0 for _, latitude in points)
