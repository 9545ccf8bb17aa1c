from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import save

from geolocdesk.errors import ModelError
from geolocdesk.features.projection import Projection, fit_projection


def skewed(count: int = 400, width: int = 30, seed: int = 3) -> NDArray[np.float32]:
    """Return descriptors whose directions differ much in variance, off the origin and turned."""
    generator = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(generator.normal(size=(width, width)))
    values = generator.normal(size=(count, width)) * np.geomspace(1.0, 0.01, width)
    return np.asarray(values @ turned + generator.normal(size=width), np.float32)


def test_components_are_those_of_a_singular_value_decomposition() -> None:
    """Principal components by another road: numpy's SVD of the centred data instead of a covariance."""
    data = skewed()
    projection = fit_projection(data, 10)
    centred = data.astype(np.float64) - data.astype(np.float64).mean(axis=0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    variances = singular[:10] ** 2 / (len(data) - 1)
    expected = directions[:10].T / variances**0.25
    aligned = np.sign((expected * projection.matrix).sum(axis=0))
    np.testing.assert_allclose(projection.matrix, expected * aligned, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(projection.mean, data.mean(axis=0), rtol=1e-5)


def test_half_whitening_leaves_each_component_the_root_of_its_deviation() -> None:
    data = skewed(4000)
    projection = fit_projection(data, 10)
    components = (data - projection.mean) @ projection.matrix
    before = np.linalg.eigvalsh(np.cov(data.astype(np.float64).T))[::-1][:10]
    np.testing.assert_allclose(components.var(axis=0, ddof=1), np.sqrt(before), rtol=1e-3)
    correlation = np.corrcoef(components.T) - np.eye(10)
    assert np.abs(correlation).max() < 1e-3


def test_results_are_of_unit_length_and_the_same_bits_whatever_the_block() -> None:
    data = skewed()
    projection = fit_projection(data, 12)
    together = projection.apply(data)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-6)
    one_by_one = np.concatenate([projection.apply(row[None]) for row in data[:20]])
    assert one_by_one.tobytes() == together[:20].tobytes()


def test_the_same_descriptors_give_the_same_projection() -> None:
    first, again = fit_projection(skewed(), 8), fit_projection(skewed(), 8)
    assert first.sha256 == again.sha256
    assert first.photos == 400


def test_signs_do_not_depend_on_the_decomposition() -> None:
    matrix = fit_projection(skewed(), 8).matrix
    largest = matrix[np.abs(matrix).argmax(axis=0), np.arange(8)]
    assert (largest > 0).all()


def test_more_photos_than_one_block_are_all_counted() -> None:
    data = skewed(5000)
    projection = fit_projection(data, 5)
    np.testing.assert_allclose(projection.mean, data.astype(np.float64).mean(axis=0), rtol=1e-5)
    assert projection.photos == 5000


def test_fewer_components_are_kept_where_photos_span_fewer() -> None:
    flat = skewed(300, 4) @ np.random.default_rng(0).normal(size=(4, 20)).astype(np.float32)
    projection = fit_projection(flat, 16)
    assert 4 <= projection.dimension < 16
    assert np.isfinite(projection.apply(flat)).all()


def test_copies_of_one_photo_cannot_be_projected() -> None:
    with pytest.raises(ModelError, match="look the same"):
        fit_projection(np.ones((1000, 6), np.float32), 4)


def test_saving_and_loading_keeps_every_bit(tmp_path: Path) -> None:
    projection = fit_projection(skewed(), 8)
    path = tmp_path / "projection.safetensors"
    projection.save(path)
    again = Projection.load(path)
    assert again.sha256 == projection.sha256
    assert again.photos == projection.photos
    assert again.matrix.tobytes() == projection.matrix.tobytes()
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_the_hash_covers_the_numbers() -> None:
    projection = fit_projection(skewed(), 8)
    other = projection.matrix.copy()
    other[3, 3] = np.nextafter(other[3, 3], np.float32(1.0))
    assert Projection(projection.mean, other, projection.photos).sha256 != projection.sha256
    assert Projection(projection.mean, projection.matrix, 1).sha256 == projection.sha256


def test_arrays_are_read_only() -> None:
    projection = fit_projection(skewed(), 8)
    with pytest.raises(ValueError, match="read-only"):
        projection.matrix[0, 0] = 1.0


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"absent\.safetensors cannot be read"):
        Projection.load(tmp_path / "absent.safetensors")


@pytest.mark.parametrize(
    ("mean", "matrix"),
    [
        (np.zeros(3, np.float32), np.zeros((4, 2), np.float32)),
        (np.zeros(4, np.float64), np.zeros((4, 2), np.float64)),
        (np.zeros(4, np.float32), np.zeros((4, 0), np.float32)),
        (np.zeros(4, np.float32), np.full((4, 2), np.nan, np.float32)),
    ],
)
def test_files_that_hold_something_else_are_refused(
    tmp_path: Path, mean: NDArray[np.float32], matrix: NDArray[np.float32]
) -> None:
    path = tmp_path / "projection.safetensors"
    path.write_bytes(save({"mean": mean, "matrix": matrix, "photos": np.array([1])}))
    with pytest.raises(ModelError, match="damaged"):
        Projection.load(path)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    path = tmp_path_factory.mktemp("projection") / "projection.safetensors"
    fit_projection(skewed(60, 5), 3).save(path)
    return path.read_bytes(), path.with_name("damaged.safetensors")


@settings(max_examples=300, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), new=st.binary(min_size=1, max_size=8), cut=st.booleans())
def test_damage_is_refused_or_harmless(
    saved: tuple[bytes, Path], where: float, new: bytes, cut: bool
) -> None:
    content, path = saved
    at = int(where * len(content))
    path.write_bytes(content[:at] if cut else content[:at] + new + content[at + len(new) :])
    try:
        projection = Projection.load(path)
    except ModelError as error:
        assert "damaged" in error.message or "cannot be read" in error.message  # noqa: PT017
    else:
        assert projection.input_dimension == 5
