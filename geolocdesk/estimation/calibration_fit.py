"""Fitting probabilities on photos whose places are known, and choosing between ways of fitting by cross-validation.

Photos of one place are right or wrong together, so places, never photos, are split; and what so few places cannot
tell, no probability claims: the bounds are those of one success, or failure, more than was seen in as many places
(Laplace's rule of succession).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import SourceError
from geolocdesk.estimation.calibration import tempered
from geolocdesk.estimation.share_model import (
    UNCHANGED,
    Curve,
    Float64,
    LogisticCurve,
    ShareModel,
    StepCurve,
    logistic_terms,
    share_score,
)

FOLDS = 5
LEAST_PLACES = 20
"""Fewer places tell nothing about probabilities."""

_LEAST_IN_STEP = 10
"""Photos in each step of an isotonic curve."""

_RIDGE = 1e-3
_NEWTON_STEPS = 100
_TEMPERATURES = (0.05, 8.0)
_TRIED_AT_ONCE = 7
_TEMPERATURE_ROUNDS = 4
_SMALLEST = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """Photos of known places with what was answered, one row a photo."""

    shares: Float64
    """float64[n, levels]: the share of the evidence within each level's disc."""
    nearest: Float64
    """float64[n]: the distance of the nearest reference."""
    right: NDArray[np.bool_]
    """bool[n, levels]: whether the truth lay within the level's radius of the answer."""
    groups: NDArray[np.int64]
    """int64[n]: the number of the photo's place."""
    votes: "Votes | None" = None
    """Where shares come from neighbours: what they would be with other weights."""

    def __len__(self) -> int:
        """Return how many photos there are."""
        return len(self.shares)

    @property
    def places(self) -> int:
        """Return how many places the photos are of."""
        return len(np.unique(self.groups))

    def tempered_shares(self, temperature: float) -> Float64:
        """Return the shares with the weights raised to a power."""
        if temperature == 1.0 or self.votes is None:
            return self.shares
        weights = tempered(self.votes.weights, temperature)
        return np.asarray(np.einsum("nlk,nk->nl", self.votes.held, weights), dtype=np.float64)

    def part(self, chosen: NDArray[np.bool_]) -> "Answered":
        """Return some of the photos."""
        votes = self.votes and Votes(self.votes.held[chosen], self.votes.weights[chosen])
        return Answered(
            self.shares[chosen], self.nearest[chosen], self.right[chosen], self.groups[chosen], votes
        )


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """What the neighbours of each photo hold of its discs; a photo with fewer neighbours has weights of 0."""

    held: NDArray[np.float32]
    """float32[n, levels, k]: how much of each neighbour's kernel lies within each level's disc."""
    weights: Float64
    """float64[n, k]"""


Fit = Callable[[Answered], ShareModel]


def fit_isotonic(answered: Answered) -> ShareModel:
    """Return isotonic regression at each level, its steps of at least ten photos and drawn in from 0 and 1."""
    levels = range(answered.shares.shape[1])
    curves = [_steps(answered.shares[:, level], answered.right[:, level]) for level in levels]
    return _bounded("isotonic regression", curves, answered)


def fit_beta(answered: Answered) -> ShareModel:
    """Return beta calibration at each level."""
    return _bounded("beta calibration", _logistic_curves(answered, with_distance=False), answered)


def fit_beta_with_distance(answered: Answered) -> ShareModel:
    """Return beta calibration at each level with the distance of the nearest reference as a further term."""
    curves = _logistic_curves(answered, with_distance=True)
    return _bounded("beta calibration with the nearest distance", curves, answered)


def fit_temperature(answered: Answered) -> ShareModel:
    """Return the power of the neighbours' weights under which the shares of all levels are likeliest right."""
    bounds = _bounds(answered)

    def loss(temperature: float) -> float:
        shares = np.clip(answered.tempered_shares(temperature), *bounds)
        return log_loss(shares, answered.right)

    low, high = _TEMPERATURES
    best = 1.0
    for _ in range(_TEMPERATURE_ROUNDS):
        tried = np.geomspace(low, high, _TRIED_AT_ONCE).tolist()
        place = int(np.argmin([loss(temperature) for temperature in tried]))
        best = tried[place]
        low, high = tried[max(place - 1, 0)], tried[min(place + 1, _TRIED_AT_ONCE - 1)]
    return _bounded("temperature on the weights", [UNCHANGED] * answered.shares.shape[1], answered, best)


FITS: tuple[Fit, ...] = (fit_isotonic, fit_beta, fit_beta_with_distance, fit_temperature)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One way of fitting: the model on all photos, and each photo's probabilities from models without its place."""

    model: ShareModel
    held_out: Float64
    """float64[n, levels]"""
    loss: float
    """The mean negative log-likelihood of the held-out probabilities, over all levels."""


def compare_fits(answered: Answered, *, seed: int = 2017) -> tuple[Candidate, ...]:
    """Return every way of fitting, the best first: that of the least cross-validated loss over places.

    Raises SourceError where the photos show too few places.
    """
    if answered.places < LEAST_PLACES:
        message = (
            f"The photos to calibrate on show {answered.places} places; at least {LEAST_PLACES} are needed, and "
            "hundreds to be of use."
        )
        raise SourceError(message)
    folds = _folds(answered.groups, seed)
    candidates = []
    for fit in FITS:
        if fit is fit_temperature and answered.votes is None:
            continue
        held_out = np.empty_like(answered.shares)
        for fold in range(FOLDS):
            mine = folds == fold
            held_out[mine] = probabilities_of(fit(answered.part(~mine)), answered.part(mine))
        candidates.append(Candidate(fit(answered), held_out, log_loss(held_out, answered.right)))
    return tuple(sorted(candidates, key=lambda candidate: candidate.loss))


def probabilities_of(model: ShareModel, answered: Answered) -> Float64:
    """Return float64[n, levels], a model's probabilities for the answers."""
    return model.probabilities(answered.tempered_shares(model.temperature), answered.nearest)


def log_loss(probabilities: Float64, right: NDArray[np.bool_]) -> float:
    """Return the mean negative log-likelihood of what happened."""
    clipped = np.clip(probabilities, _SMALLEST, 1.0 - _SMALLEST)
    return float(-np.where(right, np.log(clipped), np.log1p(-clipped)).mean())


def _folds(groups: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    numbers = np.unique(groups)
    shuffled = np.random.default_rng(seed).permutation(len(numbers))
    fold_of = {int(number): int(place) % FOLDS for number, place in zip(numbers, shuffled, strict=True)}
    return np.array([fold_of[int(group)] for group in groups], dtype=np.int64)


def _bounds(answered: Answered) -> tuple[float, float]:
    lowest = 1.0 / (answered.places + 2.0)
    return lowest, 1.0 - lowest


def _bounded(
    method: str, curves: Sequence[Curve], answered: Answered, temperature: float = 1.0
) -> ShareModel:
    return ShareModel(method, temperature, tuple(curves), *_bounds(answered))


def _logistic_curves(answered: Answered, *, with_distance: bool) -> list[Curve]:
    curves: list[Curve] = []
    for level in range(answered.shares.shape[1]):
        terms = logistic_terms(answered.shares[:, level], answered.nearest)
        slopes, intercept = fit_logistic(terms if with_distance else terms[:, :2], answered.right[:, level])
        distance = float(slopes[2]) if with_distance else 0.0
        curves.append(LogisticCurve(float(slopes[0]), float(slopes[1]), distance, intercept))
    return curves


def fit_logistic(terms: Float64, right: NDArray[np.bool_]) -> tuple[Float64, float]:
    """Return slopes of at least 0, one a column of terms, and the intercept of the likeliest logistic curve.

    Targets are drawn in from 0 and 1 as Platt (1999) does, so that a level at which all photos are wrong, or
    right, has a finite curve as well. A term whose slope would be negative is left out.
    """
    successes = int(right.sum())
    target = np.where(right, (successes + 1.0) / (successes + 2.0), 1.0 / (len(right) - successes + 2.0))
    centre, scale = terms.mean(axis=0), terms.std(axis=0)
    used = [column for column in range(terms.shape[1]) if scale[column] > 0.0]
    while True:
        standard = (terms[:, used] - centre[used]) / scale[used]
        solution = _newton(np.column_stack([standard, np.ones(len(terms))]), target)
        falling = [column for column, slope in zip(used, solution[:-1], strict=True) if slope < 0.0]
        if not falling:
            break
        worst = min(falling, key=lambda column: float(solution[used.index(column)]))
        used.remove(worst)
    slopes = np.zeros(terms.shape[1])
    slopes[used] = solution[:-1] / scale[used]
    return slopes, float(solution[-1] - slopes @ centre)


def _newton(design: Float64, target: Float64) -> Float64:
    """Return the coefficients of the likeliest logistic curve with a slight ridge on the slopes."""
    ridge = np.full(design.shape[1], _RIDGE * len(design))
    ridge[-1] = 0.0
    mean = float(target.mean())
    solution = np.zeros(design.shape[1])
    solution[-1] = math.log(mean / (1.0 - mean))
    value = _penalised(design, target, ridge, solution)
    for _ in range(_NEWTON_STEPS):
        probability = 1.0 / (1.0 + np.exp(-np.clip(design @ solution, -500.0, 500.0)))
        gradient = design.T @ (probability - target) + ridge * solution
        spread = probability * (1.0 - probability)
        hessian = design.T @ (design * spread[:, None]) + np.diag(ridge + 1e-9)
        step = np.linalg.solve(hessian, gradient)
        share = 1.0
        while (
            changed := _penalised(design, target, ridge, solution - share * step)
        ) > value and share > 1e-6:
            share /= 2.0
        solution, before, value = solution - share * step, value, changed
        if before - value < 1e-12 * max(1.0, abs(value)):
            break
    return solution


def _penalised(design: Float64, target: Float64, ridge: Float64, solution: Float64) -> float:
    logit = design @ solution
    return float((np.logaddexp(0.0, logit) - target * logit).sum() + 0.5 * (ridge * solution**2).sum())


def _steps(shares: Float64, right: NDArray[np.bool_]) -> StepCurve:
    """Return the isotonic curve: blocks of equal probability, each at its mean score."""
    scores = share_score(shares)
    order = np.argsort(scores, kind="stable")
    blocks: list[tuple[float, float, float]] = []  # photos, right ones, sum of scores
    for score, success in zip(scores[order], right[order], strict=True):
        blocks.append((1.0, float(success), float(score)))
        while len(blocks) > 1 and _falls(blocks[-2], blocks[-1]):
            blocks[-2:] = [_joined(blocks[-2], blocks[-1])]
    blocks = _large_enough(blocks)
    values = [(successes + 1.0) / (count + 2.0) for count, successes, _ in blocks]
    rising = _rising(np.array(values), np.array([count for count, _, _ in blocks]))
    places = [total / count for count, _, total in blocks]
    return StepCurve(tuple(places), tuple(float(value) for value in rising))


def _falls(before: tuple[float, float, float], after: tuple[float, float, float]) -> bool:
    return before[1] / before[0] >= after[1] / after[0]


def _joined(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float, float]:
    return (first[0] + second[0], first[1] + second[1], first[2] + second[2])


def _large_enough(blocks: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Return the blocks with each that is too small joined to the neighbour whose share is nearer."""
    found = list(blocks)
    while len(found) > 1 and min(count for count, _, _ in found) < _LEAST_IN_STEP:
        small = min(range(len(found)), key=lambda place: found[place][0])
        share = found[small][1] / found[small][0]
        beside = [place for place in (small - 1, small + 1) if 0 <= place < len(found)]
        other = min(beside, key=lambda place: abs(found[place][1] / found[place][0] - share))
        first, second = sorted((small, other))
        found[first : second + 1] = [_joined(found[first], found[second])]
    return found


def _rising(values: Float64, counts: Float64) -> Float64:
    """Return the rising values nearest to the given ones in squares, weighed by counts."""
    runs: list[tuple[float, float, int]] = []  # weight, weighted sum, length
    for value, count in zip(values, counts, strict=True):
        runs.append((float(count), float(count * value), 1))
        while len(runs) > 1 and runs[-2][1] / runs[-2][0] > runs[-1][1] / runs[-1][0]:
            last, earlier = runs.pop(), runs.pop()
            runs.append((earlier[0] + last[0], earlier[1] + last[1], earlier[2] + last[2]))
    return np.concatenate([np.full(length, total / weight) for weight, total, length in runs])
