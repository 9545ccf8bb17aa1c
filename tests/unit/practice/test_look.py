from datetime import datetime

import numpy as np
import pytest

from geolocdesk.geodesy import Position
from geolocdesk.practice.geography import load_geography
from geolocdesk.practice.look import Look, Place, look_at
from geolocdesk.practice.places import choose_places
from geolocdesk.practice.regions import drives_on_left
from geolocdesk.practice.scene import plan_scene


def look(latitude: float, longitude: float, month: int = 6, hour: int = 12, seed: int = 5) -> Look:
    moment = datetime(2024, month, 21, hour)  # noqa: DTZ001 - solar time
    return look_at(Place("x", Position(latitude, longitude), moment, 0.0, 30.0, seed, seed), load_geography())


@pytest.mark.parametrize(
    ("latitude", "longitude", "month", "elevation_deg"),
    [
        (52.0, 19.5, 6, 90 - 52 + 23.4),
        (52.0, 19.5, 12, 90 - 52 - 23.4),
        (0.5, 37.5, 3, 89.5),
        (-25.0, 134.0, 12, 88.5),
    ],
)
def test_the_sun_stands_as_high_at_noon_as_the_almanac_says(
    latitude: float, longitude: float, month: int, elevation_deg: float
) -> None:
    assert look(latitude, longitude, month).sky.sun_elevation_deg == pytest.approx(elevation_deg, abs=1.2)


def test_the_sun_is_east_in_the_morning_south_or_north_at_noon() -> None:
    assert 45 < look(52.0, 19.5, 6, hour=8).sky.sun_azimuth_deg < 135
    assert look(52.0, 19.5, 6).sky.sun_azimuth_deg == pytest.approx(180, abs=2)
    assert look(-25.0, 134.0, 6).sky.sun_azimuth_deg % 360 == pytest.approx(0, abs=2)


def test_a_place_at_sea_is_refused() -> None:
    with pytest.raises(ValueError, match="at sea"):
        look(0.0, -30.0)


def test_traffic_keeps_to_its_country_s_side() -> None:
    """Cars that drive away, and the photographer in his lane, are on the driving side."""
    driving_sides = set()
    for place in choose_places(load_geography(), count=60, seed=3):
        here = look_at(place, load_geography())
        side = -1.0 if drives_on_left(here.country) else 1.0
        driving_sides.add(side)
        scene = plan_scene(here)
        assert np.sign(scene.camera_across_m) == side
        for car in scene.cars:
            lane = car.across - here.road.bend_per_m * car.along**2
            assert np.sign(lane) == (side if car.away else -side)
    assert driving_sides == {-1.0, 1.0}


def test_centre_lines_follow_the_country() -> None:
    yellow = next(
        line for seed in range(20) if (line := look(39.5, -98.5, seed=seed).road.centre_line) is not None
    )
    white = next(
        line for seed in range(20) if (line := look(47.0, 2.5, seed=seed).road.centre_line) is not None
    )
    assert yellow[2] < 0.4 < white[2]


def test_the_look_changes_smoothly_over_the_ground() -> None:
    """A place 5 km away has the grass of its neighbour, one on another continent has not."""
    here, near, far = look(50.5, 10.0), look(50.54, 10.0), look(-11.0, -52.0)
    assert np.abs(here.ground.grass - near.ground.grass).max() < 0.1 * 0.5
    assert np.abs(here.foliage - far.foliage).max() > np.abs(here.foliage - near.foliage).max()
    assert [kind for kind, _ in here.plants][:2] == [kind for kind, _ in near.plants][:2]
    assert {kind for kind, _ in here.plants} != {kind for kind, _ in far.plants}


@pytest.mark.parametrize(
    ("position", "month", "kind"),
    [
        ((62.0, 25.0), 7, "conifer"),
        ((-4.0, -63.0), 7, "rainforest"),
        ((32.5, -112.5), 4, "cactus"),
        ((24.5, 46.0), 4, "date_palm"),
        ((-33.0, 148.0), 12, "eucalyptus"),
        ((50.5, 10.0), 7, "broadleaf"),
        ((50.5, 10.0), 1, "bare"),
        ((-2.5, 34.8), 7, "acacia"),
    ],
)
def test_plants_grow_where_they_grow(position: tuple[float, float], month: int, kind: str) -> None:
    assert kind in {name for name, _ in look(*position, month).plants}
