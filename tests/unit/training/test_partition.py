"""Adaptive cells."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geolocdesk.errors import SourceError, UsageError
from geolocdesk.geodesy import EARTH_RADIUS_KM
from geolocdesk.training.cells_file import read_cells, write_cells
from geolocdesk.training.partition import PartitionRule, partition_earth

EARTH_AREA_KM2 = 4.0 * np.pi * EARTH_RADIUS_KM**2


def clustered(count: int, seed: int = 0) -> NDArray[np.float64]:
    """Return positions as uneven as photos are: a few towns hold most of them."""
    generator = np.random.default_rng(seed)
    towns = generator.uniform([-55, -180], [70, 180], (200, 2))
    positions = towns[generator.zipf(1.4, count) % 200] + generator.normal(0, 0.5, (count, 2))
    positions[:, 0] = positions[:, 0].clip(-90, 90)
    positions[:, 1] = (positions[:, 1] + 180) % 360 - 180
    return positions


@pytest.mark.parametrize("split", ["even", "random"])
@pytest.mark.parametrize("max_images", [3, 40, 700])
def test_cells_cover_the_earth_once_and_count_right(split: str, max_images: int) -> None:
    positions = clustered(5000)
    rule = PartitionRule(max_images, 1.0, "even" if split == "even" else "random", seed=7)
    partition = partition_earth(positions, rule)
    assert partition.areas_km2().sum() == pytest.approx(EARTH_AREA_KM2)
    assert partition.counts.sum() == 5000
    cells = partition.cells_of(positions)
    np.testing.assert_array_equal(np.bincount(cells, minlength=len(partition)), partition.counts)
    south, north, west, east = partition.bounds[cells].T
    latitude, longitude = positions.T
    assert np.all((south <= latitude) & (latitude <= north) & (west <= longitude) & (longitude <= east))


def test_every_cell_keeps_to_the_rule() -> None:
    partition = partition_earth(clustered(5000), PartitionRule(20, 500.0))
    small_enough = (partition.counts < 20) | (partition.areas_km2() < 500.0)
    assert small_enough.all()


def test_no_cell_is_split_without_need() -> None:
    partition = partition_earth(clustered(5000), PartitionRule(20, 500.0))
    for children in partition.children[partition.axis >= 0]:
        if np.all(partition.axis[children] == -1):
            cells = partition.children[children, 0]
            assert partition.counts[cells].sum() >= 20
            assert partition.areas_km2()[cells].sum() >= 500.0


def test_few_photos_leave_the_world_whole() -> None:
    partition = partition_earth(np.array([[1.0, 2.0]]), PartitionRule(2))
    assert partition.bounds.tolist() == [[-90.0, 90.0, -180.0, 180.0]]
    assert partition.centres().tolist() == [[0.0, 0.0]]


def test_the_longer_side_is_split_in_kilometres() -> None:
    # the whole world is wider than tall, so the first split is the Greenwich meridian; each half is as
    # tall as wide at the equator (180° by 180°), and then the tie goes to longitude
    partition = partition_earth(clustered(1000), PartitionRule(501))
    assert partition.axis[0] == 1
    assert partition.threshold[0] == 0.0
    # a cell from 60° to 90° N and 60° wide is 30° tall but only 15.5° wide at its middle
    north = np.column_stack([np.full(100, 65.0), np.full(100, 10.0)])
    bounds = partition_earth(north, PartitionRule(100, 1e6)).bounds
    tall = bounds[(bounds[:, 0] <= 65) & (bounds[:, 1] > 65) & (bounds[:, 2] <= 10) & (bounds[:, 3] > 10)][0]
    height = tall[1] - tall[0]
    width = (tall[3] - tall[2]) * np.cos(np.radians((tall[0] + tall[1]) / 2))
    assert 0.5 <= height / width <= 2.0


def test_photos_on_one_spot_end_the_splitting() -> None:
    partition = partition_earth(np.full((50, 2), 12.345), PartitionRule(2))
    assert partition.counts.max() == 50
    assert len(partition) < 200


def test_the_date_line_is_one_meridian() -> None:
    positions = np.array([[0.0, 180.0], [0.0, -180.0], [10.0, 180.0]])
    partition = partition_earth(positions, PartitionRule(2, 1e7))
    cells = partition.cells_of(positions)
    assert cells[0] == cells[1]
    assert partition.counts[cells[0]] >= 2


def test_poles_lie_in_a_cell() -> None:
    partition = partition_earth(clustered(2000), PartitionRule(10))
    cells = partition.cells_of(np.array([[90.0, 0.0], [-90.0, 0.0]]))
    assert partition.bounds[cells[0], 1] == 90.0
    assert partition.bounds[cells[1], 0] == -90.0


def test_the_same_seed_gives_the_same_cells_in_any_order_of_photos() -> None:
    positions = clustered(3000)
    rule = PartitionRule(50, split="random", seed=3)
    first = partition_earth(positions, rule)
    shuffled = partition_earth(np.random.default_rng(1).permutation(positions), rule)
    np.testing.assert_array_equal(first.bounds, shuffled.bounds)
    other = partition_earth(positions, PartitionRule(50, split="random", seed=4))
    assert len(other) != len(first) or not np.array_equal(other.bounds, first.bounds)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=60),
    st.integers(1, 20),
    st.floats(0, 1e6),
)
def test_any_positions_give_a_partition(
    positions: list[tuple[float, float]], max_images: int, area: float
) -> None:
    given_positions = np.array(positions)
    partition = partition_earth(given_positions, PartitionRule(max_images, area))
    assert partition.counts.sum() == len(positions)
    assert partition.areas_km2().sum() == pytest.approx(EARTH_AREA_KM2)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"max_images": 0}, "at least one"),
        ({"max_images": 5, "min_area_km2": -1.0}, "makes no sense"),
        ({"max_images": 5, "min_area_km2": float("nan")}, "makes no sense"),
    ],
)
def test_a_senseless_rule_is_wrong_usage(wanted: dict[str, float], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        PartitionRule(**wanted)  # type: ignore[arg-type]


def test_cells_survive_the_disk(tmp_path: Path) -> None:
    positions = clustered(2000)
    partition = partition_earth(positions, PartitionRule(30, 10.0, "random", 5))
    write_cells(tmp_path / "cells.geojson", partition)
    again = read_cells(tmp_path / "cells.geojson")
    assert again.rule == partition.rule
    np.testing.assert_array_equal(again.bounds, partition.bounds)
    np.testing.assert_array_equal(again.cells_of(positions), partition.cells_of(positions))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "geolocdesk cells", "format_version": 9}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.geojson").write_text(text)
    with pytest.raises(SourceError, match="holds no cells"):
        read_cells(tmp_path / "x.geojson")
