import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.practice.camera import NEAR_M, Camera


def camera(heading_deg: float = 0.0, road_bearing_deg: float = 0.0, across_m: float = 0.0) -> Camera:
    return Camera(480, 360, 356.0, 180.0, 2.0, across_m, heading_deg, road_bearing_deg)


def test_a_point_straight_ahead_lies_in_the_middle() -> None:
    x, y, depth = camera().project((10.0, 0.0, 2.0))
    assert (x, y, depth) == (240.0, 180.0, 10.0)


def test_size_falls_with_distance() -> None:
    _, near, _ = camera().project((10.0, 0.0, 0.0))
    _, far, _ = camera().project((20.0, 0.0, 0.0))
    assert near - 180 == pytest.approx(2 * (far - 180)) == pytest.approx(356.0 * 2.0 / 10.0)


def test_the_right_of_the_road_is_on_the_right_and_turns_with_the_heading() -> None:
    assert camera().project((10.0, 3.0, 2.0))[0] > 240
    # Looking to the right of the road, the way ahead along it is on the left hand.
    assert camera(heading_deg=90.0).project((3.0, 10.0, 2.0))[0] < 240
    assert camera(heading_deg=130.0, road_bearing_deg=40.0).project((3.0, 10.0, 2.0))[0] < 240


@given(
    heading=st.floats(0, 360),
    along=st.floats(-80, 80),
    across=st.floats(-80, 80),
)
def test_the_ground_under_a_pixel_is_where_its_point_is_drawn(
    heading: float, along: float, across: float
) -> None:
    view = camera(heading_deg=heading, road_bearing_deg=70.0, across_m=1.5)
    x, y, depth = view.project((along, across, 0.0))
    first, _, along_plan, across_plan = view.ground_plan()
    row, column = math.floor(y) - first, math.floor(x)
    if depth < NEAR_M or not (0 <= row < along_plan.shape[0] and 0 <= column < 480) or depth > 20:
        return
    assert math.hypot(along_plan[row, column] - along, across_plan[row, column] - across) < 0.06 * depth


def test_polygons_are_cut_where_they_pass_the_camera() -> None:
    floor = [(-5.0, -1.0, 0.0), (-5.0, 1.0, 0.0), (5.0, 1.0, 0.0), (5.0, -1.0, 0.0)]
    outline = camera().outline(floor)
    assert outline is not None
    lowest = max(y for _, y in outline)
    assert lowest == pytest.approx(180 + 356.0 * 2.0 / NEAR_M)
    assert camera().outline([(-5.0, -1.0, 0.0), (-5.0, 1.0, 0.0), (-2.0, 0.0, 0.0)]) is None


def test_lines_are_cut_where_they_pass_the_camera() -> None:
    whole = camera().segment((2.0, 1.0, 0.0), (9.0, 1.0, 0.0))
    cut = camera().segment((-7.0, 1.0, 0.0), (9.0, 1.0, 0.0))
    assert whole is not None
    assert cut is not None
    assert len(cut) == 2
    assert max(y for _, y in cut) == pytest.approx(180 + 356.0 * 2.0 / NEAR_M)
    assert camera().segment((-7.0, 1.0, 0.0), (-1.0, 1.0, 0.0)) is None


def test_a_larger_picture_shows_the_same_view() -> None:
    small, large = camera(30.0), camera(30.0).scaled(2)
    point = (20.0, 4.0, 1.0)
    assert np.allclose(np.array(small.project(point)[:2]) * 2, large.project(point)[:2])


def test_columns_face_their_compass_directions() -> None:
    azimuths = camera(heading_deg=90.0).column_azimuths_deg()
    assert azimuths[0] == pytest.approx(90 - math.degrees(math.atan(240 / 356)), abs=0.2)
    assert np.all(np.diff(azimuths) > 0)
