import statistics

import pytest

from geolocdesk.geodesy import Position
from geolocdesk.practice.climate import Climate, climate_at
from geolocdesk.practice.geography import load_geography

# City: latitude, longitude, mean temperature in January and in July in °C (national weather services' normals).
NORMALS = {
    "London": (51.5, -0.3, 6, 19), "Berlin": (52.5, 13.4, 1, 20), "Moscow": (55.7, 37.6, -6, 20),
    "Rome": (41.9, 12.7, 8, 25), "Cairo": (30.0, 31.3, 14, 29), "Delhi": (28.6, 77.2, 14, 31),
    "Beijing": (39.9, 116.4, -3, 27), "Tokyo": (35.7, 139.6, 5, 26), "Bangkok": (14.0, 100.6, 27, 30),
    "Manaus": (-3.1, -60.0, 26, 27), "Nairobi": (-1.3, 36.8, 20, 17), "Johannesburg": (-26.2, 28.0, 20, 11),
    "Sydney": (-33.8, 150.9, 23, 12), "Winnipeg": (49.9, -97.1, -16, 20), "Chicago": (41.9, -87.8, -4, 24),
    "Houston": (29.8, -95.5, 12, 29), "Lagos": (6.7, 3.4, 27, 26), "Riyadh": (24.7, 46.7, 14, 36),
    "Novosibirsk": (55.0, 82.9, -17, 19), "Buenos Aires": (-34.7, -58.7, 25, 11),
}  # fmt: skip


def climate(latitude: float, longitude: float, month: int) -> Climate:
    return climate_at(Position(latitude, longitude), month, load_geography())


def test_it_is_near_published_normals() -> None:
    errors = []
    for latitude, longitude, january, july in NORMALS.values():
        errors.append(abs(climate(latitude, longitude, 1).month_mean_c - january))
        errors.append(abs(climate(latitude, longitude, 7).month_mean_c - july))
    assert statistics.median(errors) < 4.0
    assert max(errors) < 11.0


@pytest.mark.parametrize(
    "desert", [(24.0, 10.0), (23.0, 46.0), (-24.5, -69.8), (-25.0, 129.0), (40.0, 84.0), (33.5, -114.5)]
)
def test_deserts_are_bare(desert: tuple[float, float]) -> None:
    assert climate(*desert, 6).moisture < 0.15
    assert climate(*desert, 6).greenness < 0.1


@pytest.mark.parametrize("forest", [(-4.0, -63.0), (0.5, 22.0), (1.0, 113.0), (47.5, -122.5), (30.0, 112.0)])
def test_rain_makes_green_summers(forest: tuple[float, float]) -> None:
    assert climate(*forest, 7).moisture > 0.55
    assert climate(*forest, 7).greenness > 0.6


def test_snow_lies_in_the_northern_winter_and_not_in_summer() -> None:
    assert climate(55.7, 37.6, 1).snow > 0.9
    assert climate(55.7, 37.6, 7).snow == 0
    assert climate(1.5, 103.0, 1).snow == 0


def test_the_southern_summer_is_in_january() -> None:
    assert climate(-34.7, -58.7, 1).month_mean_c > climate(-34.7, -58.7, 7).month_mean_c + 5
