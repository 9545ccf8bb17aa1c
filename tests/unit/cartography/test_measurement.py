"""Distances measured by clicks."""

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from geolocdesk.cartography.measurement import length_text, measure

SPHERE = Geodesic(6_371_000.0, 0.0)
points = st.tuples(st.floats(-85, 85), st.floats(-500, 500))


@given(points, points)
@settings(deadline=None)
def test_length_agrees_with_geographiclib_on_a_sphere(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    measurement = measure([start, end])
    assert measurement is not None
    expected = SPHERE.Inverse(start[0], start[1], end[0], end[1])["s12"] / 1000
    assert measurement.total_km == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_legs_add_up_and_go_on_where_the_last_ended() -> None:
    clicked = [(45.8, 16.0), (48.2, 16.4), (52.5, 13.4)]
    measurement = measure(clicked)
    assert measurement is not None
    assert measurement.total_km == pytest.approx(sum(measurement.leg_km))
    assert np.allclose(measurement.legs[0][-1], measurement.legs[1][0])
    drawn = measurement.to_json()
    assert [point["text"] == "" for point in drawn["points"]] == [True, False, False]
    assert measurement.text == drawn["points"][-1]["text"]


def test_a_line_over_the_date_line_does_not_jump() -> None:
    measurement = measure([(0.0, 170.0), (0.0, 195.0), (10.0, -160.0)])
    assert measurement is not None
    longitudes = np.concatenate([leg[:, 0] for leg in measurement.legs])
    assert np.all(np.abs(np.diff(longitudes)) < 2.0)
    assert longitudes[-1] == pytest.approx(200.0)


def test_one_point_is_a_point_and_none_is_nothing() -> None:
    single = measure([(1.0, 2.0)])
    assert single is not None
    assert (single.text, single.total_km) == ("", 0)
    assert single.to_json()["points"] == [{"coordinates": [2.0, 1.0], "text": ""}]
    assert measure([]) is None


@pytest.mark.parametrize(
    ("distance_km", "text"),
    [(1.609344, "1.6 km · 1.0 mi"), (160.9344, "161 km · 100 mi"), (0.5, "500 m · 0.3 mi")],
)
def test_both_units(distance_km: float, text: str) -> None:
    assert length_text(distance_km).replace("\N{NO-BREAK SPACE}", " ") == text
