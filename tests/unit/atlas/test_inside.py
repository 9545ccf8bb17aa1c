"""Many positions at once against shapely, one by one."""

import numpy as np
import pytest
import shapely

from geolocdesk.atlas import inside as inside_module
from geolocdesk.atlas.countries import are_in_countries, outlined_countries
from geolocdesk.atlas.inside import are_inside
from geolocdesk.cartography.gazetteer import load_gazetteer


def random_positions(count: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.column_stack([generator.uniform(40, 50, count), generator.uniform(10, 25, count)])


def star(points: int, seed: int) -> shapely.Geometry:
    generator = np.random.default_rng(seed)
    angles = np.sort(generator.uniform(0, 2 * np.pi, points))
    reach = generator.uniform(0.5, 5.0, points)
    ring = np.column_stack([17 + reach * np.cos(angles), 45 + reach * np.sin(angles)])
    return shapely.make_valid(shapely.Polygon(ring))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", [50, 20_000])
def test_the_answer_is_shapelys_for_each_position(seed: int, count: int) -> None:
    hole = shapely.Point(17.2, 45.1).buffer(0.7)
    area = shapely.union_all([shapely.difference(star(40, seed), hole), shapely.box(22, 41, 24, 42)])
    positions = random_positions(count, seed)
    wanted = shapely.intersects(area, shapely.points(positions[:, ::-1]))
    assert 0 < wanted.sum() < count
    np.testing.assert_array_equal(are_inside(area, positions), wanted)


def test_edges_and_corners_of_cells_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside_module, "_FEW", 0)
    monkeypatch.setattr(inside_module, "_BLOCK", 100)
    grid = np.linspace(40, 50, 41)
    positions = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    area = shapely.box(42, 44, 46, 47)
    wanted = shapely.intersects(area, shapely.points(positions[:, ::-1]))
    np.testing.assert_array_equal(are_inside(area, positions), wanted)
    assert not are_inside(area, np.array([[0.0, 0.0]])).any()


def test_towns_lie_in_the_country_that_geonames_lists_them_under() -> None:
    towns = load_gazetteer()
    positions = np.column_stack([towns.latitude, towns.longitude])
    codes = np.array(towns.country_codes)[towns.country]
    for code in ("HR", "SI", "NO", "JP", "CL", "FJ"):
        assert code in outlined_countries()
        in_country = are_in_countries({code}, positions)
        listed = codes == code
        assert in_country[listed].mean() > 0.97, code
        # those of neighbours: within the 1.2 km by which the outlines may be off
        assert (in_country & ~listed).sum() < 0.08 * listed.sum() + 3, code
    both = are_in_countries({"HR", "SI"}, positions)
    np.testing.assert_array_equal(
        both, are_in_countries({"HR"}, positions) | are_in_countries({"SI"}, positions)
    )


def test_an_unknown_country_holds_nothing() -> None:
    assert not are_in_countries({"ZZ"}, np.array([[45.0, 16.0], [0.0, 0.0]])).any()
