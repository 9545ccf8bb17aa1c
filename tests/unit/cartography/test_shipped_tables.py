"""The tables that are shipped: complete, in their right columns, and what the notices say they are."""

import re

import numpy as np
import pytest
import shapely

from geolocdesk.atlas.world import load_world
from geolocdesk.cartography.gazetteer import load_gazetteer
from geolocdesk.geodesy import great_circle_km
from geolocdesk.paths import resource


@pytest.mark.parametrize(
    ("name", "code", "latitude", "longitude", "least_people"),
    [
        ("London", "GB", 51.507, -0.128, 7_000_000),
        ("Zagreb", "HR", 45.813, 15.978, 600_000),
        ("Suva", "FJ", -18.142, 178.441, 70_000),
        ("Punta Arenas", "CL", -53.163, -70.908, 100_000),
    ],
)
def test_towns_are_where_they_are(
    name: str, code: str, latitude: float, longitude: float, least_people: int
) -> None:
    gazetteer = load_gazetteer()
    rows = [
        row
        for row, found in enumerate(gazetteer.names)
        if found == name and gazetteer.country_codes[gazetteer.country[row]] == code
    ]
    row = max(rows, key=lambda row: int(gazetteer.population[row]))
    apart = great_circle_km(gazetteer.latitude[row], gazetteer.longitude[row], latitude, longitude)
    assert float(apart) < 2.0
    assert gazetteer.population[row] >= least_people


def test_the_gazetteer_is_as_large_as_the_notices_say() -> None:
    gazetteer = load_gazetteer()
    stated = re.search(r"What: ([\d,]+) places of 1000", resource("NOTICES.md").read_text("utf-8"))
    assert stated is not None
    assert len(gazetteer) == int(stated[1].replace(",", ""))
    columns = (
        gazetteer.latitude,
        gazetteer.longitude,
        gazetteer.population,
        gazetteer.country,
        gazetteer.region,
    )
    assert {len(column) for column in columns} == {len(gazetteer)}
    assert gazetteer.country.max() == len(gazetteer.country_codes) - 1
    assert gazetteer.region.max() == len(gazetteer.region_names) - 1
    assert not gazetteer.latitude.flags.writeable


def test_capitals_are_known() -> None:
    gazetteer = load_gazetteer()
    capitals = {gazetteer.names[row] for row in np.flatnonzero(gazetteer.is_capital)}
    assert {"Paris", "Zagreb", "Ottawa", "Canberra", "Nairobi", "Suva", "Brasília"} <= capitals
    assert "Sydney" not in capitals


@pytest.mark.parametrize(
    ("name", "area_km2"),
    [
        ("France", 643_800),
        ("Croatia", 56_600),
        ("Australia", 7_692_000),
        ("Kenya", 580_000),
        ("Mongolia", 1_564_000),
    ],
)
def test_countries_have_their_size(name: str, area_km2: float) -> None:
    """Areas by an equal-area projection, against the figures in common reference works."""
    world = load_world()
    row = next(index for index, country in enumerate(world.countries) if country.name == name)
    parts = world.country_parts[world.country_of_part == row]

    def equal_area(points: np.ndarray) -> np.ndarray:
        x = 6371.007 * np.radians(points[:, 0])
        return np.column_stack([x, 6371.007 * np.sin(np.radians(points[:, 1]))])

    area = shapely.area(shapely.transform(parts, equal_area)).sum()
    assert area == pytest.approx(area_km2, rel=0.04)


def test_disputed_lines_are_told_apart() -> None:
    world = load_world()
    assert 0 < np.count_nonzero(world.border_disputed) < 0.2 * len(world.borders)
    assert len(world.border_disputed) == len(world.borders)
    kashmir = shapely.box(73.0, 33.0, 78.0, 36.0)
    crossing = shapely.intersects(world.borders, kashmir)
    assert np.any(world.border_disputed[crossing])
    rhine = shapely.box(7.5, 47.6, 8.2, 49.0)
    assert not np.any(world.border_disputed[shapely.intersects(world.borders, rhine)])


def test_great_lakes_are_there() -> None:
    lakes = load_world().lakes
    for longitude, latitude in [(-87.0, 44.0), (33.0, -1.0), (108.0, 53.5)]:
        assert np.any(shapely.contains(lakes, shapely.Point(longitude, latitude)))
