import math

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.estimation.cell_outlines import outline_of
from geolocdesk.estimation.cells import (
    CellDensity,
    answer_cell_levels,
    cell_modes,
    cell_regions,
    masses_in_discs,
    most_probable_position,
    overlaps_km2,
    shown_cells,
)
from geolocdesk.geodesy import (
    EARTH_RADIUS_KM,
    SPHERE_AREA_KM2,
    contains,
    great_circle_km,
    ring_area_km2,
)
from geolocdesk.training.partition import PartitionRule, partition_earth


def random_density(seed: int = 1, most: int = 60, split: str = "even") -> CellDensity:
    generator = np.random.default_rng(seed)
    positions = np.column_stack(
        [np.clip(generator.normal(20, 40, 2000), -90, 90), generator.uniform(-180, 180, 2000)]
    )
    partition = partition_earth(positions, PartitionRule(most, 0.0, split, seed))  # type: ignore[arg-type]
    scores = generator.exponential(1.0, len(partition)) ** 3
    return CellDensity(partition.bounds, scores / scores.sum())


def points_on_earth(count: int, seed: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    latitudes = np.degrees(np.arcsin(generator.uniform(-1, 1, count)))
    return np.column_stack([latitudes, generator.uniform(-180, 180, count)])


@pytest.mark.parametrize("radius_km", [25.0, 200.0, 750.0, 2500.0, 9000.0])
def test_the_shares_of_all_cells_make_up_the_disc(radius_km: float) -> None:
    density = random_density()
    centres = np.array([[0.0, 0.0], [51.5, -0.1], [89.9, 10.0], [-90.0, 0.0], [10.0, 180.0], [-45.0, -179.0]])
    disc = 2.0 * math.pi * EARTH_RADIUS_KM**2 * (1.0 - math.cos(radius_km / EARTH_RADIUS_KM))
    np.testing.assert_allclose(overlaps_km2(density.bounds, centres, radius_km).sum(axis=1), disc, rtol=4e-3)


def test_masses_in_discs_are_those_of_many_points() -> None:
    density = random_density()
    points = points_on_earth(400_000, 3)
    south, north, west, east = density.bounds.T
    for centre in ([48.0, 2.0], [-30.0, 178.0], [80.0, -60.0]):
        near = great_circle_km(centre[0], centre[1], points[:, 0], points[:, 1]) <= 2500.0
        inside = points[near]
        cell = [
            int(np.flatnonzero((south <= lat) & (lat < north) & (west <= lon) & (lon < east))[0])
            for lat, lon in inside.tolist()
        ]
        expected = density.densities[cell].sum() * SPHERE_AREA_KM2 / len(points)
        found = masses_in_discs(density, np.array([centre]), 2500.0)[0]
        assert found == pytest.approx(expected, rel=0.05, abs=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_disc_of_a_brute_force_search_holds_much_more(seed: int) -> None:
    density = random_density(seed)
    answers = answer_cell_levels(density)
    assert [answer.probability for answer in answers] == sorted(answer.probability for answer in answers)
    for answer in answers:
        position = np.array([[answer.position.latitude, answer.position.longitude]])
        assert answer.probability >= masses_in_discs(density, position, answer.level.radius_km)[0] - 1e-9
        tried = np.concatenate([points_on_earth(800, 9), density.middles()])
        best = masses_in_discs(density, tried, answer.level.radius_km).max()
        assert answer.probability >= 0.9 * best


def test_a_single_probable_cell_is_the_answer_everywhere() -> None:
    density = random_density()
    probabilities = np.full(len(density.bounds), 1e-9)
    probabilities[17] = 1.0
    sure = CellDensity(density.bounds, probabilities / probabilities.sum())
    middle = density.middles()[17]
    position = most_probable_position(sure)
    assert [position.latitude, position.longitude] == pytest.approx(middle.tolist())
    assert cell_modes(sure)[0].position == position
    shown = shown_cells(sure)
    assert shown.bounds.tolist() == density.bounds[17:18].tolist()
    assert shown.cells == len(density.bounds)
    continent = answer_cell_levels(sure)[-1]
    assert (
        great_circle_km(middle[0], middle[1], continent.position.latitude, continent.position.longitude)
        < 2500.0
    )


@pytest.mark.parametrize(("seed", "split"), [(1, "even"), (2, "random"), (3, "even"), (4, "random")])
def test_regions_are_the_densest_cells_and_their_outline_holds_just_them(seed: int, split: str) -> None:
    density = random_density(seed, split=split)
    middles = density.middles()
    for region in cell_regions(density, (0.3, 0.5, 0.9)):
        order = np.argsort(-density.densities)
        needed = int(np.searchsorted(np.cumsum(density.probabilities[order]), region.mass)) + 1
        chosen = set(order[:needed].tolist())
        assert region.area_km2 == pytest.approx(density.areas_km2[order[:needed]].sum())
        outlined = sum(
            ring_area_km2(part.exterior) - sum(SPHERE_AREA_KM2 - ring_area_km2(hole) for hole in part.holes)
            for part in region.parts
        )
        assert outlined == pytest.approx(region.area_km2, rel=2e-3)
        for number, middle in enumerate(middles.tolist()):
            held = any(
                contains(part.exterior, *middle) and all(contains(hole, *middle) for hole in part.holes)
                for part in region.parts
            )
            assert held == (number in chosen)


def test_cells_round_a_pole_and_across_the_date_line_are_one_part() -> None:
    polar = np.array([[60.0, 90.0, west, west + 45.0] for west in range(-180, 180, 45)], np.float64)
    vertices, lengths = outline_of(polar)
    assert len(lengths) == 1
    np.testing.assert_allclose(np.degrees(np.arcsin(vertices[:, 2])), 60.0, atol=1e-9)
    across = np.array([[0.0, 10.0, 170.0, 180.0], [0.0, 10.0, -180.0, -170.0]])
    assert len(outline_of(across)[1]) == 1
    corner = np.array([[0.0, 10.0, 0.0, 10.0], [10.0, 20.0, 10.0, 20.0]])
    assert len(outline_of(corner)[1]) == 2
    ring = np.array([[0.0, 10.0, west, west + 30.0] for west in range(-180, 180, 30)], np.float64)
    assert len(outline_of(ring)[1]) == 2


def test_the_whole_earth_has_no_outline() -> None:
    vertices, lengths = outline_of(random_density().bounds)
    assert (len(vertices), len(lengths)) == (0, 0)
    everywhere = cell_regions(random_density(), (1.0,))[0]
    assert everywhere.parts == ()
    assert everywhere.area_km2 == pytest.approx(SPHERE_AREA_KM2)


def test_hemispheres_are_walked_the_right_way_round() -> None:
    west = np.array([[-90.0, 90.0, -180.0, 0.0]])
    density = CellDensity(np.array([*west, [-90.0, 90.0, 0.0, 180.0]]), np.array([0.75, 0.25]))
    region = cell_regions(density, (0.5,))[0]
    assert sum(ring_area_km2(part.exterior) for part in region.parts) == pytest.approx(SPHERE_AREA_KM2 / 2)
    north = np.array([[0.0, 90.0, -180.0, 0.0]])
    vertices, lengths = outline_of(north)
    assert len(lengths) == 1
    assert vertices[:, 2].min() >= -1e-12
