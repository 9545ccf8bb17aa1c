"""Curves from shares to probabilities, and the order of the levels."""

import json

import numpy as np
import pytest
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from geolocdesk.estimation.share_model import (
    UNCHANGED,
    LogisticCurve,
    ShareModel,
    StepCurve,
    never_falling,
)

NEAREST = np.full(5, 0.7)
SHARES = np.array([1e-6, 0.01, 0.3, 0.8, 0.999])


def test_the_unchanged_curve_is_the_share_itself() -> None:
    np.testing.assert_allclose(UNCHANGED.values(SHARES, NEAREST), SHARES, rtol=1e-9)


def test_a_logistic_curve_is_what_its_formula_says() -> None:
    curve = LogisticCurve(0.8, 0.3, 2.0, -0.5)
    wanted = expit(0.8 * np.log(SHARES) - 0.3 * np.log(1 - SHARES) - 2.0 * np.log(NEAREST) - 0.5)
    np.testing.assert_allclose(curve.values(SHARES, NEAREST), wanted, rtol=1e-9)


def test_shares_of_nothing_and_of_everything_stay_finite() -> None:
    ends = np.array([0.0, 1.0])
    for curve in (UNCHANGED, LogisticCurve(1.0, 1.0, 3.0, 0.0), StepCurve((-1.0, 1.0), (0.2, 0.9))):
        values = curve.values(ends, np.zeros(2))
        assert np.isfinite(values).all()
        assert ((values >= 0.0) & (values <= 1.0)).all()


def test_a_step_curve_is_straight_between_its_scores_and_level_beyond() -> None:
    curve = StepCurve((-2.0, 2.0), (0.1, 0.5))
    found = curve.values(expit(np.array([-9.0, -2.0, 0.0, 2.0, 9.0])), NEAREST)
    np.testing.assert_allclose(found, [0.1, 0.1, 0.3, 0.5, 0.5])


def test_pooling_is_scipys_isotonic_regression() -> None:
    rows = np.random.default_rng(4).uniform(0, 1, (200, 5))
    wanted = [isotonic_regression(row).x for row in rows]
    np.testing.assert_allclose(never_falling(rows), wanted, atol=1e-12)


def test_probabilities_keep_within_bounds_and_never_fall_with_the_level() -> None:
    random = np.random.default_rng(5)
    slopes = random.uniform(0, 2, (5, 3)).tolist()
    curves = tuple(LogisticCurve(a, b, d, random.normal()) for a, b, d in slopes)
    model = ShareModel("some method", 1.0, curves, 0.02, 0.97)
    found = model.probabilities(random.uniform(0, 1, (300, 5)), random.uniform(0, 1.4, 300))
    assert (np.diff(found, axis=1) >= -1e-12).all()
    assert found.min() >= 0.02
    assert found.max() <= 0.97


@pytest.mark.parametrize("curve", [UNCHANGED, StepCurve((float(logit(0.2)), 1.0), (0.1, 0.9))])
def test_a_model_comes_back_from_json_to_the_last_bit(curve: LogisticCurve | StepCurve) -> None:
    model = ShareModel("some method", 0.37, (curve,) * 5, 0.01, 0.99)
    assert ShareModel.from_json(json.loads(json.dumps(model.to_json()))) == model
