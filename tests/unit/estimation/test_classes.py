import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.estimation.classes import classify
from geolocdesk.estimation.estimate import estimate_location
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.features.class_heads import ClassHead, ClassHeads, refine
from geolocdesk.geodesy import Position
from geolocdesk.reference.neighbours import Neighbour, Neighbours, ReferencePhoto
from geolocdesk.training.partition import Partition, PartitionRule, partition_earth

DIMENSION = 5
VECTOR = np.array([0.6, -0.8, 0.0, 0.0, 0.0], np.float32)


def random_positions() -> NDArray[np.float64]:
    generator = np.random.default_rng(11)
    return np.column_stack([generator.normal(10, 30, 200).clip(-89, 89), generator.uniform(-180, 180, 200)])


def partitions(*most: int) -> list[Partition]:
    rules = [PartitionRule(count, 0.0, "random", seed=count) for count in most]
    return sorted((partition_earth(random_positions(), rule) for rule in rules), key=len)


def heads_of(parts: list[Partition]) -> ClassHeads:
    generator = np.random.default_rng(2)
    heads = tuple(
        ClassHead(
            part.bounds,
            part.counts,
            3.0 * generator.standard_normal((len(part), DIMENSION), np.float32),
            generator.standard_normal(len(part), np.float32),
        )
        for part in parts
    )
    cells = np.column_stack([part.cells_of(random_positions()) for part in parts])
    return ClassHeads(heads, refine(tuple(head.bounds for head in heads), cells))


def neighbours() -> Neighbours:
    photos = [ReferencePhoto(row, str(row), Position(float(row), 0.0), f"{row}.jpg") for row in range(3)]
    items = tuple(Neighbour(rank, 0.1 * rank, photo) for rank, photo in enumerate(photos, start=1))
    return Neighbours(items=items, pack_id="0" * 64)


def test_one_head_says_what_it_says() -> None:
    heads = heads_of(partitions(60))
    density = classify(heads, VECTOR)
    assert density.bounds is heads.heads[0].bounds
    assert density.probabilities.tolist() == heads.heads[0].probabilities(VECTOR[None])[0].tolist()


def test_heads_combined_are_the_average_of_their_logarithms_cell_by_cell() -> None:
    parts = partitions(90, 40)
    heads = heads_of(parts)
    density = classify(heads, VECTOR)
    assert density.probabilities.sum() == pytest.approx(1.0)
    expected = {}
    for cells in itertools.product(*(range(len(part)) for part in parts)):
        low = np.max([part.bounds[cell, [0, 2]] for part, cell in zip(parts, cells, strict=True)], axis=0)
        high = np.min([part.bounds[cell, [1, 3]] for part, cell in zip(parts, cells, strict=True)], axis=0)
        if (low >= high).any():
            continue
        bounds = (low[0], high[0], low[1], high[1])
        inside = [_photos_in(bounds), *(_photos_in(p.bounds[c]) for p, c in zip(parts, cells, strict=True))]
        area = [_area(bounds), *(_area(p.bounds[c]) for p, c in zip(parts, cells, strict=True))]
        value = 1.0
        for number, (head, cell) in enumerate(zip(heads.heads, cells, strict=True), start=1):
            share = (inside[0] + area[0] / area[number]) / (inside[number] + 1.0)
            value *= float(head.probabilities(VECTOR[None])[0][cell]) * share
        expected[bounds] = value ** (1.0 / len(parts))
    total = sum(expected.values())
    assert len(expected) == len(density.bounds)
    for bounds, probability in zip(density.bounds.tolist(), density.probabilities.tolist(), strict=True):
        assert probability == pytest.approx(expected[tuple(bounds)] / total)


def _photos_in(bounds: "NDArray[np.float64] | tuple[float, ...]") -> int:
    south, north, west, east = bounds
    latitudes, longitudes = random_positions().T
    inside = (latitudes >= south) & (latitudes < north) & (longitudes >= west) & (longitudes < east)
    return int(inside.sum())


def _area(bounds: "NDArray[np.float64] | tuple[float, ...]") -> float:
    south, north, west, east = np.radians(bounds)
    return float((np.sin(north) - np.sin(south)) * (east - west))


def test_an_estimate_from_classes_is_complete() -> None:
    heads = heads_of(partitions(60, 20))
    parameters = EstimationParameters(estimator="classes")
    found = estimate_location(neighbours(), parameters, vector=VECTOR, heads=heads)
    density = classify(heads, VECTOR)
    middle = density.middles()[density.probabilities.argmax()]
    assert [found.position.latitude, found.position.longitude] == middle.tolist()
    assert len(found.levels) == 5
    assert [region.mass for region in found.regions] == [0.5, 0.9]
    assert found.regions[0].area_km2 < found.regions[1].area_km2
    assert found.modes[0].density_per_km2 == pytest.approx(density.densities.max())
    assert len(found.weights) == 3
    assert found.cells is not None
    assert found.cells.probabilities[0] == density.probabilities.max()
    assert (np.diff(found.cells.probabilities) <= 0.0).all()


def test_one_head_of_several_can_be_chosen() -> None:
    heads = heads_of(partitions(60, 20))
    for head in heads.heads:
        parameters = EstimationParameters(estimator="classes", cells=len(head))
        found = estimate_location(neighbours(), parameters, vector=VECTOR, heads=heads)
        assert found.cells is not None
        assert found.cells.cells == len(head)
    with pytest.raises(UsageError, match="no head of 9999 cells"):
        estimate_location(
            neighbours(), EstimationParameters(estimator="classes", cells=9999), vector=VECTOR, heads=heads
        )


def test_classes_need_a_model_with_classes() -> None:
    with pytest.raises(UsageError, match="trained on classes"):
        estimate_location(neighbours(), EstimationParameters(estimator="classes"), vector=VECTOR)
    with pytest.raises(UsageError, match="chosen for the estimator classes"):
        estimate_location(neighbours(), EstimationParameters(cells=7), vector=VECTOR)


def test_fused_weighs_each_neighbour_by_the_root_of_its_cells_probability() -> None:
    heads = heads_of(partitions(60, 20))
    parameters = EstimationParameters(estimator="fused")
    found = estimate_location(neighbours(), parameters, vector=VECTOR, heads=heads)
    plain = estimate_location(neighbours(), EstimationParameters(), vector=VECTOR, heads=heads)
    density = classify(heads, VECTOR)
    expected = []
    for item, weight in zip(neighbours().items, plain.weights.tolist(), strict=True):
        latitude, longitude = item.reference.position.latitude, item.reference.position.longitude
        for number, (south, north, west, east) in enumerate(density.bounds.tolist()):
            if south <= latitude < north and west <= longitude < east:
                share = density.probabilities[number] / (heads.refinement.photos[number] + 1.0)
                expected.append(weight * share**0.5)
    np.testing.assert_allclose(found.weights, np.array(expected) / sum(expected), rtol=1e-9)
    assert len(found.levels) == 5
    assert found.cells is None
    without = estimate_location(neighbours(), parameters, vector=VECTOR, heads=heads, with_regions=False)
    assert without.regions == ()
    assert without.levels == found.levels
    with pytest.raises(UsageError, match="fused needs a model trained"):
        estimate_location(neighbours(), parameters, vector=VECTOR)
