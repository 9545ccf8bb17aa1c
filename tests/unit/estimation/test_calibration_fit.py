"""Fits that choose probabilities, beside what scikit-learn and SciPy find."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, logit

from geolocdesk.errors import SourceError
from geolocdesk.estimation.calibration_fit import (
    Answered,
    Votes,
    compare_fits,
    fit_beta,
    fit_beta_with_distance,
    fit_isotonic,
    fit_logistic,
    fit_temperature,
    probabilities_of,
)
from geolocdesk.estimation.share_model import StepCurve, logistic_terms

LEVELS = 5


def photos(count: int = 800, seed: int = 0, power: float = 2.0) -> Answered:
    """Return photos whose answers are right with the power of the share, four photos a place."""
    random = np.random.default_rng(seed)
    shares = np.sort(random.uniform(0.01, 0.99, (count, LEVELS)), axis=1)
    right = random.uniform(0, 1, (count, 1)) < shares**power
    return Answered(shares, random.uniform(0.5, 1.2, count), right, np.arange(count) // 4)


def test_a_logistic_fit_is_the_likeliest_curve() -> None:
    answered = photos()
    terms = logistic_terms(answered.shares[:, 2], answered.nearest)[:, :2]
    right = answered.right[:, 2]
    slopes, intercept = fit_logistic(terms, right)
    hits = right.sum()
    target = np.where(right, (hits + 1) / (hits + 2), 1 / (len(right) - hits + 2))

    def loss(found: np.ndarray) -> float:
        score = terms @ found[:2] + found[2]
        return float((np.logaddexp(0, score) - target * score).sum())

    best = minimize(loss, np.zeros(3), bounds=[(0, None), (0, None), (None, None)])
    assert loss(np.array([*slopes, intercept])) == pytest.approx(best.fun, rel=2e-3)


def test_a_term_that_would_fall_is_left_out() -> None:
    random = np.random.default_rng(3)
    terms = random.normal(size=(500, 2))
    slopes, _ = fit_logistic(terms, random.uniform(0, 1, 500) < expit(2 * terms[:, 0] - 2 * terms[:, 1]))
    assert slopes[0] > 1.0
    assert slopes[1] == 0.0


@pytest.mark.parametrize("success", [True, False])
def test_a_level_that_is_always_right_or_wrong_has_a_finite_curve(success: bool) -> None:
    random = np.random.default_rng(4)
    slopes, intercept = fit_logistic(random.normal(size=(100, 2)), np.full(100, success))
    found = expit(intercept)
    assert np.isfinite(slopes).all()
    assert found == pytest.approx(101 / 102 if success else 1 / 102, abs=1e-3)


def test_isotonic_steps_follow_scipys_isotonic_regression() -> None:
    answered = photos(count=4000)
    curve = fit_isotonic(answered).curves[1]
    assert isinstance(curve, StepCurve)
    order = np.argsort(answered.shares[:, 1], kind="stable")
    scipys = isotonic_regression(answered.right[order, 1].astype(float)).x
    ours = curve.values(answered.shares[order, 1], answered.nearest)
    assert np.abs(ours - scipys).mean() < 0.02
    assert (np.diff(ours) >= 0).all()


@pytest.mark.parametrize("fit", [fit_isotonic, fit_beta, fit_beta_with_distance])
def test_fitted_probabilities_are_those_of_what_happens(fit: object) -> None:
    assert callable(fit)
    model = fit(photos(seed=1, count=2000))
    other = photos(seed=2, count=4000)
    found = probabilities_of(model, other)
    wanted = np.maximum.accumulate(other.shares**2.0, axis=1)
    assert np.abs(found - wanted).mean() < 0.03
    assert found.min() >= 1 / 502
    assert found.max() <= 1 - 1 / 502


def test_the_temperature_that_made_the_shares_is_found_again() -> None:
    random = np.random.default_rng(5)
    count, k = 1500, 12
    weights = random.dirichlet(np.full(k, 0.4), count)
    truly = weights**0.5 / (weights**0.5).sum(axis=1, keepdims=True)
    held = (random.uniform(0, 1, (count, LEVELS, k)) < np.linspace(0.1, 0.6, LEVELS)[:, None]).astype(
        np.float32
    )
    held = np.maximum.accumulate(held, axis=1)
    chances = np.einsum("nlk,nk->nl", held, truly)
    answered = Answered(
        shares=np.einsum("nlk,nk->nl", held, weights),
        nearest=np.full(count, 0.8),
        right=random.uniform(0, 1, (count, 1)) < chances,
        groups=np.arange(count),
        votes=Votes(held, weights),
    )
    model = fit_temperature(answered)
    assert model.temperature == pytest.approx(0.5, rel=0.15)
    assert np.abs(probabilities_of(model, answered) - chances).mean() < 0.02


def test_the_best_way_of_fitting_comes_first_and_beats_leaving_the_shares() -> None:
    answered = photos(count=1200, power=3.0)
    candidates = compare_fits(answered)
    losses = [candidate.loss for candidate in candidates]
    assert losses == sorted(losses)
    right = answered.right
    unchanged = -np.where(right, np.log(answered.shares), np.log1p(-answered.shares)).mean()
    assert losses[0] < unchanged - 0.02
    assert [c.loss for c in compare_fits(answered)] == losses


def test_a_photo_is_never_judged_by_a_fit_on_its_own_place() -> None:
    """Places decide at random and their photos agree: a fit that saw them would look better than chance."""
    random = np.random.default_rng(6)
    places = 60
    shares = np.repeat(random.uniform(0.2, 0.8, (places, LEVELS)), 20, axis=0)
    right = np.repeat(random.uniform(0, 1, (places, 1)) < 0.5, 20, axis=0) & np.ones(LEVELS, dtype=bool)
    answered = Answered(
        np.sort(shares, axis=1), np.full(len(shares), 0.9), right, np.arange(len(shares)) // 20
    )
    assert min(candidate.loss for candidate in compare_fits(answered)) > np.log(2) - 0.02


def test_too_few_places_are_refused() -> None:
    with pytest.raises(SourceError, match="10 places"):
        compare_fits(photos(count=40))


def test_few_photos_never_claim_certainty() -> None:
    answered = photos(count=100)
    sure = Answered(answered.shares, answered.nearest, np.ones_like(answered.right), answered.groups)
    for candidate in compare_fits(sure):
        assert candidate.model.highest == pytest.approx(1 - 1 / 27)
        assert probabilities_of(candidate.model, sure).max() <= 1 - 1 / 27
    assert logit(0.5) == 0.0
