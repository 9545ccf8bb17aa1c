import numpy as np
import pytest

from geolocdesk.geodesy import Position
from geolocdesk.practice.relief import elevations_m, ruggedness


@pytest.mark.parametrize(
    ("position", "low_m", "high_m"),
    [
        ((28.0, 86.9), 3500, 6000),  # Everest
        ((46.5, 8.0), 1500, 3500),  # Bernese Alps
        ((-16.5, -68.2), 2000, 5000),  # La Paz
        ((39.5, -106.0), 1500, 4000),  # Colorado
        ((52.0, 5.0), 0, 200),  # the Netherlands
        ((-3.0, -60.0), 0, 200),  # Amazon
        ((60.0, 70.0), 0, 300),  # West Siberia
    ],
)
def test_mountains_are_high_and_plains_low(
    position: tuple[float, float], low_m: float, high_m: float
) -> None:
    height = float(elevations_m(np.array([position[0]]), np.array([position[1]]))[0])
    assert low_m <= height <= high_m


def test_plateaus_are_high_but_not_rugged() -> None:
    assert ruggedness(Position(46.5, 8.0)) > 1.5
    assert ruggedness(Position(52.0, 5.0)) < 0.1
    tibet, himalaya = Position(33.0, 88.0), Position(28.0, 86.0)
    assert ruggedness(tibet) < ruggedness(himalaya) / 2


def test_it_takes_the_short_way_over_the_date_line() -> None:
    heights = elevations_m(np.array([-17.0, -17.0]), np.array([-180.0, 180.0]))
    assert heights[0] == pytest.approx(heights[1])
