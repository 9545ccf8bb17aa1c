"""Poolings against formulas written out plainly in numpy, loop by loop."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.architecture import Pooling
from geolocdesk.features.networks.pooling import pooler, rmac_regions

Floats = NDArray[np.float64]


def pooled(part: Pooling, values: Floats, prefix_tokens: int = 0, **tensors: Floats) -> Floats:
    import torch

    named = {
        f"pooling.netvlad.{name}": torch.from_numpy(values.astype(np.float32))
        for name, values in tensors.items()
    }
    pool = pooler(part, named, prefix_tokens=prefix_tokens, channels=values.shape[1])
    return pool(torch.from_numpy(values.astype(np.float32))).double().numpy()


def feature_maps(height: int = 7, width: int = 7, channels: int = 5) -> Floats:
    return np.random.default_rng(height * 31 + width).normal(size=(3, channels, height, width))


def unit(vector: Floats) -> Floats:
    return vector / np.linalg.norm(vector)


def test_gem_is_the_generalised_mean() -> None:
    values = np.abs(feature_maps())
    for exponent in (1.0, 3.0, 5.5):
        expected = [
            [(sum(v**exponent for v in channel.ravel()) / channel.size) ** (1 / exponent) for channel in one]
            for one in values
        ]
        np.testing.assert_allclose(pooled(Pooling("f", "gem", exponent), values), expected, rtol=1e-5)


def test_gem_lies_between_mean_and_maximum() -> None:
    values = np.abs(feature_maps())
    mean, most = pooled(Pooling("f", "mean"), values), pooled(Pooling("f", "max"), values)
    np.testing.assert_allclose(pooled(Pooling("f", "gem", 1.0), values), mean, rtol=1e-5)
    np.testing.assert_allclose(pooled(Pooling("f", "gem", 100.0), values), most, rtol=0.05)


def regions_by_the_paper(side: int, scales: int) -> list[tuple[int, int, int]]:
    """Return R-MAC's regions of a square map, from the paper's words: width 2w/(l+1), l × l of them, evenly."""
    found = []
    for scale in range(1, scales + 1):
        width = math.floor(2 * side / (scale + 1))
        starts = [0] if scale == 1 else [math.floor(i * (side - width) / (scale - 1)) for i in range(scale)]
        found += [(top, left, width) for top in starts for left in starts]
    return found


@pytest.mark.parametrize(("side", "scales"), [(7, 3), (14, 3), (16, 4), (9, 1), (2, 3)])
def test_rmac_takes_the_papers_regions(side: int, scales: int) -> None:
    assert list(rmac_regions(side, side, scales)) == regions_by_the_paper(side, scales)


def test_rmac_is_the_sum_of_the_regions_unit_maxima() -> None:
    values = feature_maps(14, 14)
    expected = np.zeros((3, 5))
    for top, left, side in regions_by_the_paper(14, 3):
        for number, one in enumerate(values):
            best = np.full(5, -np.inf)
            for row in range(top, top + side):
                for column in range(left, left + side):
                    best = np.maximum(best, one[:, row, column])
            expected[number] += unit(best)
    np.testing.assert_allclose(pooled(Pooling("f", "rmac", 3), values), expected, rtol=1e-5)


def test_rmac_on_a_wide_map_covers_it_with_regions_that_overlap() -> None:
    regions = list(rmac_regions(14, 21, 1))
    assert regions == [(0, 0, 14), (0, 7, 14)]
    assert list(rmac_regions(21, 14, 1)) == [(0, 0, 14), (7, 0, 14)]


def test_netvlad_sums_residuals_with_soft_assignment() -> None:
    random = np.random.default_rng(4)
    values = feature_maps(4, 5)
    centroids, assignment, bias = (
        random.normal(size=(3, 5)),
        random.normal(size=(3, 5)),
        random.normal(size=3),
    )
    expected = []
    for one in values:
        sums = np.zeros((3, 5))
        for row in range(4):
            for column in range(5):
                local = unit(one[:, row, column])
                scores = np.exp(assignment @ local + bias)
                for cluster in range(3):
                    sums[cluster] += scores[cluster] / scores.sum() * (local - centroids[cluster])
        expected.append(unit(np.concatenate([unit(cluster) for cluster in sums])))
    made = pooled(Pooling("f", "netvlad", 3), values, centroids=centroids, assignment=assignment, bias=bias)
    np.testing.assert_allclose(made, expected, atol=1e-5)


def test_netvlad_without_its_weights_is_refused() -> None:
    with pytest.raises(ModelError, match="NetVLAD layer is missing"):
        pooled(Pooling("f", "netvlad", 3), feature_maps())


def test_a_transformers_map_has_a_class_token_and_patches() -> None:
    tokens = np.random.default_rng(1).normal(size=(2, 1 + 4 + 9, 6))
    np.testing.assert_allclose(pooled_tokens(Pooling("f", "cls"), tokens, 5), tokens[:, 0], rtol=1e-6)
    np.testing.assert_allclose(
        pooled_tokens(Pooling("f", "mean"), tokens, 5), tokens[:, 5:].mean(axis=1), atol=1e-6
    )
    square = tokens[:, 5:].transpose(0, 2, 1).reshape(2, 6, 3, 3)
    part = Pooling("f", "rmac", 2)
    np.testing.assert_allclose(pooled_tokens(part, tokens, 5), pooled(part, square), atol=1e-6)


def pooled_tokens(part: Pooling, tokens: Floats, prefix_tokens: int) -> Floats:
    return pooled(part, tokens, prefix_tokens)


@pytest.mark.parametrize(
    ("statistic", "shape"),
    [("cls", (1, 2, 3, 3)), ("own", (1, 2, 3, 3)), ("mean", (1, 2)), ("cls", (1, 9, 2))],
)
def test_a_map_of_another_kind_is_refused(statistic: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="choose"):
        pooled(Pooling("f", statistic), np.zeros(shape))  # type: ignore[arg-type]  # as a file would say it
