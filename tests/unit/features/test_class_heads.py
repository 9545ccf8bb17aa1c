from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.class_heads import ClassHead, ClassHeads, refine
from geolocdesk.features.descriptor import unit_rows
from geolocdesk.training.partition import Partition, PartitionRule, partition_earth

DIMENSION = 7


def random_positions(count: int = 300, seed: int = 3) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    return np.column_stack([generator.uniform(-90, 90, count), generator.uniform(-180, 180, count)])


def random_heads(partitions: list[Partition], positions: NDArray[np.float64], seed: int = 4) -> ClassHeads:
    generator = np.random.default_rng(seed)
    heads = tuple(
        ClassHead(
            partition.bounds,
            partition.counts,
            generator.standard_normal((len(partition), DIMENSION), np.float32),
            generator.standard_normal(len(partition), np.float32),
        )
        for partition in partitions
    )
    cells = np.column_stack([partition.cells_of(positions) for partition in partitions])
    return ClassHeads(heads, refine(tuple(head.bounds for head in heads), cells))


def partitions(split: str = "even") -> list[Partition]:
    rules = [PartitionRule(most, 0.0, split, seed=most) for most in (200, 60, 20)]  # type: ignore[arg-type]
    return sorted((partition_earth(random_positions(), rule) for rule in rules), key=len)


def test_probabilities_are_those_of_torch() -> None:
    import torch

    heads = random_heads(partitions(), random_positions())
    vectors = unit_rows(np.random.default_rng(8).standard_normal((5, DIMENSION)))
    for head in heads.heads:
        linear = torch.nn.Linear(DIMENSION, len(head)).double()
        linear.weight.data = torch.from_numpy(head.weight.astype(np.float64))
        linear.bias.data = torch.from_numpy(head.bias.astype(np.float64))
        expected = torch.softmax(linear(torch.from_numpy(vectors.astype(np.float64))), 1).detach().numpy()
        np.testing.assert_allclose(head.probabilities(vectors), expected, atol=1e-12)
        np.testing.assert_allclose(head.probabilities(vectors).sum(axis=1), 1.0, atol=1e-12)


def test_huge_scores_stay_probabilities() -> None:
    head = ClassHead(
        np.array([[-90.0, 90.0, -180.0, 0.0], [-90.0, 90.0, 0.0, 180.0]]),
        np.array([1, 1]),
        np.array([[1e5], [-1e5]], np.float32),
        np.zeros(2, np.float32),
    )
    assert head.probabilities(np.ones((1, 1), np.float32)).tolist() == [[1.0, 0.0]]


def test_even_partitions_refine_to_the_finest() -> None:
    parts = partitions()
    refinement = random_heads(parts, random_positions()).refinement
    assert len(refinement.bounds) == len(parts[-1])
    assert sorted(refinement.bounds.tolist()) == sorted(parts[-1].bounds.tolist())


def test_a_refinement_covers_the_earth_once_and_counts_every_photo() -> None:
    parts, positions = partitions("random"), random_positions()
    refinement = random_heads(parts, positions).refinement
    assert len(refinement.bounds) > len(parts[-1])
    assert refinement.photos.sum() == len(positions)
    for position in random_positions(50, seed=99):
        latitude, longitude = position
        south, north, west, east = refinement.bounds.T
        (inside,) = np.nonzero(
            (south <= latitude) & (latitude < north) & (west <= longitude) & (longitude < east)
        )
        assert len(inside) == 1
        expected = [int(partition.cells_of(position[None])[0]) for partition in parts]
        assert refinement.cells[inside[0]].tolist() == expected


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    heads = random_heads(partitions(), random_positions())
    heads.save(tmp_path / "classes")
    again = ClassHeads.load(tmp_path / "classes")
    assert again.sha256 == heads.sha256
    assert again.dimension == DIMENSION
    vectors = unit_rows(np.random.default_rng(8).standard_normal((5, DIMENSION)))
    for one, other in zip(heads.heads, again.heads, strict=True):
        assert one.probabilities(vectors).tobytes() == other.probabilities(vectors).tobytes()


def test_the_hash_covers_the_numbers() -> None:
    first = random_heads(partitions(), random_positions())
    assert random_heads(partitions(), random_positions(), seed=5).sha256 != first.sha256
    assert random_heads(partitions(), random_positions()).sha256 == first.sha256


@pytest.mark.parametrize(
    "fault", ["no file", "no tensors", "a head missing", "not finite", "cells upside down", "unknown cells"]
)
def test_a_damaged_file_is_refused(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "classes"
    random_heads(partitions(), random_positions()).save(path)
    tensors = safetensors.numpy.load(path.read_bytes())
    match fault:
        case "no file":
            path.unlink()
        case "no tensors":
            path.write_bytes(b"rubbish")
        case "a head missing":
            del tensors["head.1.bias"]
        case "not finite":
            tensors["head.0.weight"][0, 0] = np.inf
        case "cells upside down":
            tensors["head.0.bounds"] = tensors["head.0.bounds"][:, [1, 0, 2, 3]].copy()
        case "unknown cells":
            tensors["refinement.cells"] += 1
    if path.exists() and fault != "no tensors":
        path.write_bytes(safetensors.numpy.save(tensors))
    with pytest.raises(ModelError, match=r"damaged|cannot be read"):
        ClassHeads.load(path)
