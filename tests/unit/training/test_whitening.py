import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.training.whitening import half_whitening, place_whitening

GENERATOR = np.random.default_rng(6)


def places(count: int = 400, views: int = 3) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return values in whose first directions photos of one place differ much, and the places' positions."""
    spread = np.array([9.0, 4.0, 1.0, 0.3, 0.1])
    own = np.repeat(GENERATOR.standard_normal((count, 5)), views, axis=0)
    positions = np.repeat(GENERATOR.uniform(-60, 60, (count, 2)), views, axis=0)
    return own + spread * GENERATOR.standard_normal((count * views, 5)), positions


def test_differences_within_places_become_alike_in_all_directions() -> None:
    values, positions = places()
    whitened = values @ place_whitening(values, positions)
    differences = whitened.reshape(-1, 3, 5) - whitened.reshape(-1, 3, 5).mean(axis=1, keepdims=True)
    within = np.cov(differences.reshape(-1, 5).T)
    np.testing.assert_allclose(within - np.diag(np.diag(within)), 0.0, atol=1e-9 * within.max())
    sizes = np.sort(np.diag(within))
    before = values.reshape(-1, 3, 5) - values.reshape(-1, 3, 5).mean(axis=1, keepdims=True)
    assert sizes[-1] / sizes[0] < 0.1 * np.linalg.cond(np.cov(before.reshape(-1, 5).T))


def test_the_nearest_photo_is_of_the_same_place_more_often() -> None:
    values, positions = places()
    whitened = values @ place_whitening(values, positions)

    def right(vectors: NDArray[np.float64]) -> float:
        apart = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
        np.fill_diagonal(apart, np.inf)
        return float((apart.argmin(axis=1) // 3 == np.arange(len(vectors)) // 3).mean())

    assert right(whitened) > 2.0 * right(values)


def test_places_with_one_photo_teach_nothing() -> None:
    values, positions = places(views=1)
    with pytest.raises(UsageError, match="within 110 m"):
        place_whitening(values, positions)


def test_half_whitening_is_the_projection_that_packs_are_fitted_with() -> None:
    descriptors = GENERATOR.standard_normal((300, 8)).astype(np.float32)
    mean, matrix = half_whitening(descriptors)
    covariance = np.cov(((descriptors - mean) @ matrix).T)
    variances = np.sort(np.linalg.eigvalsh(np.cov(descriptors.T)))[::-1]
    np.testing.assert_allclose(np.diag(covariance), np.sqrt(variances), rtol=1e-3)
