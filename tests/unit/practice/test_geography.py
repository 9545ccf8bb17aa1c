import numpy as np
import pytest

from geolocdesk.geodesy import Position
from geolocdesk.practice.geography import load_geography

INLAND = {
    "GB": (52.5, -1.9), "FR": (47.0, 2.5), "DE": (50.5, 10.0), "PL": (52.0, 19.5), "ES": (40.4, -3.7),
    "RU": (55.7, 37.6), "KZ": (48.0, 67.0), "MN": (47.0, 104.0), "CN": (34.3, 108.9), "IN": (23.0, 79.0),
    "TH": (15.5, 102.5), "JP": (36.2, 138.0), "IR": (33.0, 54.0), "SA": (24.0, 45.0), "TR": (39.0, 34.0),
    "EG": (26.0, 30.0), "DZ": (28.0, 2.0), "ML": (17.0, -2.0), "NG": (9.5, 8.0), "CD": (-2.0, 23.0),
    "KE": (0.5, 37.5), "ZA": (-29.5, 25.0), "MG": (-19.0, 46.8), "US": (39.5, -98.5), "CA": (52.0, -106.0),
    "MX": (23.0, -102.0), "BR": (-11.0, -52.0), "PE": (-12.0, -73.5), "AR": (-35.0, -65.0), "AU": (-25.0, 134.0),
    "NZ": (-44.7, 169.9), "LS": (-29.6, 28.3), "MR": (20.0, -10.0), "IS": (64.9, -18.5), "GL": (72.0, -40.0),
}  # fmt: skip
OCEAN = [(0.0, -30.0), (30.0, -50.0), (0.0, 80.0), (-40.0, 180.0), (40.0, -180.0), (85.0, 0.0), (25.0, -90.0),
         (35.0, 18.0), (57.0, 3.0), (-60.0, -150.0)]  # fmt: skip


@pytest.mark.parametrize(("country", "position"), INLAND.items())
def test_inland_points_lie_in_their_country(country: str, position: tuple[float, float]) -> None:
    geography = load_geography()
    assert geography.country_at(Position(*position)) == country
    assert geography.coast_distance_km(Position(*position)) > 0


@pytest.mark.parametrize("position", OCEAN)
def test_the_open_sea_belongs_to_nobody(position: tuple[float, float]) -> None:
    geography = load_geography()
    assert geography.country_at(Position(*position)) is None
    assert geography.coast_distance_km(Position(*position)) < 0


def test_a_land_share_of_about_29_percent() -> None:
    geography = load_geography()
    for land in (geography.land, geography.coast_km > 0):
        rows = land.shape[0]
        weight = np.cos(np.radians(90 - (np.arange(rows) + 0.5) * 180 / rows))
        assert float(land.mean(axis=1) @ weight / weight.sum()) == pytest.approx(0.292, abs=0.004)


@pytest.mark.parametrize(
    ("land", "sea"),
    [
        ((50.10, 1.90), (50.10, 1.20)),  # Picardy
        ((47.10, 37.00), (46.20, 36.60)),  # the Sea of Azov
        ((-34.9, 138.8), (-34.9, 138.1)),  # Adelaide and its gulf
        ((35.75, 139.6), (35.35, 139.75)),  # Tokyo and its bay
    ],
)
def test_gulfs_and_bays_are_sea(land: tuple[float, float], sea: tuple[float, float]) -> None:
    geography = load_geography()
    assert geography.is_land(Position(*land), margin_cells=1)
    assert not geography.is_land(Position(*sea))


def test_the_pole_of_inaccessibility_is_the_farthest_from_the_sea() -> None:
    """Eurasia's lies near 46.28 N 86.67 E, 2,510 to 2,645 km from the coast."""
    geography = load_geography()
    row, column = np.unravel_index(int(geography.coast_km.argmax()), geography.coast_km.shape)
    assert 90 - row / 2 == pytest.approx(46, abs=3)
    assert column / 2 - 180 == pytest.approx(86, abs=4)
    assert float(geography.coast_km.max()) == pytest.approx(2550, abs=150)


@pytest.mark.parametrize(
    ("position", "bearing_deg"),
    [((39.5, -9.0), 270), ((43.6, 4.4), 180), ((-33.5, -71.3), 270), ((54.3, 17.5), 0), ((13.0, 80.0), 90)],
)
def test_the_sea_lies_where_the_map_shows_it(position: tuple[float, float], bearing_deg: float) -> None:
    bearing = load_geography().sea_bearing_deg(Position(*position))
    assert abs((bearing - bearing_deg + 180) % 360 - 180) < 60


def test_the_raster_closes_at_the_date_line_and_the_poles() -> None:
    geography = load_geography()
    for latitude in (66.5, -17.0, 0.0, 90.0, -90.0):
        west = geography.coast_distance_km(Position(latitude, -180.0))
        assert geography.coast_distance_km(Position(latitude, 180.0)) == pytest.approx(west, abs=1e-6)
    assert geography.country_at(Position(-89.9, 180.0)) == "AQ"


def test_towns_are_where_towns_are() -> None:
    geography = load_geography()
    crowded = [
        geography.density_at(Position(*town))
        for town in ((51.5, -0.3), (28.6, 77.2), (35.7, 139.6), (19.4, -99.1))
    ]
    empty = [geography.density_at(Position(*wild)) for wild in ((23.0, 10.0), (-25.0, 130.0), (68.0, 110.0))]
    assert min(crowded) > 300
    assert max(empty) < 1


def test_its_arrays_are_read_only() -> None:
    geography = load_geography()
    for grid in (geography.land, geography.country_index, geography.coast_km, geography.town_density):
        with pytest.raises(ValueError, match="read-only"):
            grid[0, 0] = 1
