"""Fitting a pack's probabilities on photos of known places that it does not hold."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import SourceError
from geolocdesk.estimation.calibration import (
    DENSITY_ESTIMATORS,
    FamiliarDistances,
    calibration_content,
    held_by_discs,
)
from geolocdesk.estimation.calibration_fit import (
    LEAST_PLACES,
    Answered,
    Candidate,
    Votes,
    compare_fits,
)
from geolocdesk.estimation.estimate import density_behind, estimate_location
from geolocdesk.estimation.location import LEVELS, EstimationParameters, LocationEstimate
from geolocdesk.evaluation.describing import DescribedQueries
from geolocdesk.evaluation.known_queries import Known, PackContents
from geolocdesk.evaluation.reliability import Reliability, reliability_of
from geolocdesk.evaluation.searching import rows_of_same, search_of
from geolocdesk.evaluation.test_set import Query
from geolocdesk.features.class_heads import ClassHeads
from geolocdesk.geodesy import great_circle_km
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import JsonValue, current_program_version
from geolocdesk.reference.neighbours import Neighbours
from geolocdesk.reference.pack import Pack

WARNED_SHARE = 0.05
"""So many in one of the calibration photos would themselves be warned of."""

_PERCENTILES = 101


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """The queries to calibrate on, searched, and how many were left out and why."""

    queries: tuple[Query, ...]
    neighbours: tuple[Neighbours, ...]
    vectors: NDArray[np.float32]
    """float32[n, D], as the pack's are."""
    left_out: Mapping[Known, int]


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationFit:
    """The probabilities fitted for one set of parameters, and how well they hold."""

    parameters: EstimationParameters
    candidates: tuple[Candidate, ...]
    """The best first, which is the one in use."""
    before: tuple[Reliability, ...]
    """One a level: the shares of the evidence, taken for probabilities."""
    after: tuple[Reliability, ...]
    """One a level: the probabilities of each photo from a fit without its place."""
    content: dict[str, JsonValue]
    """What is stored with the pack."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return the fit as plain JSON values."""
        return {
            "parameters": self.content["parameters"],
            "method": self.candidates[0].model.method,
            "compared": _compared(self.candidates),
            "before": [level.to_json() for level in self.before],
            "after": [level.to_json() for level in self.after],
        }

    def lines(self) -> Iterator[str]:
        """Yield how the fit was chosen and how well it holds, for a reader."""
        used = self.parameters
        yield (
            f"{used.estimator}, {used.neighbours} neighbours, exponent {used.exponent:g}, "
            f"bandwidth {used.bandwidth_deg:g}°: {self.candidates[0].model.method}"
        )
        others = ", ".join(f"{found.model.method} {found.loss:.4f}" for found in self.candidates)
        yield f"  cross-validated loss: {others}"
        columns = f"{'said':>8}{'off by':>9}{'by chance':>11}{'95 %':>15}"
        yield f"  {'':<12}{'':>8}{'before':^43}  {'after':^43}"
        yield f"  {'level':<12}{'right':>8}{columns}  {columns}"
        for before, after in zip(self.before, self.after, strict=True):
            yield (f"  {before.level:<12}{before.share_right:8.1%}{_said(before)}  {_said(after)}")


def _said(found: Reliability) -> str:
    low, high = found.interval
    return (
        f"{found.mean_probability:8.1%}{found.expected_calibration_error:9.3f}{found.expected_by_chance:11.3f}"
        f"{f'{low:.3f}–{high:.3f}':>15}"
    )


def hold_out(
    described: DescribedQueries,
    vectors: NDArray[np.float32],
    pack: Pack,
    *,
    neighbours: int,
    exclude_same: str | None,
    progress: ProgressCallback = ignore_progress,
) -> HeldOut:
    """Return the queries whose photo and place the pack does not hold, each with its neighbours.

    With ``exclude_same``, references that share the query's value of that column do not count, neither here
    nor in the search. ``vectors`` are the queries' descriptors as the pack's are.
    """
    contents = PackContents(pack, np.asarray(pack.positions()))
    search = search_of(pack, neighbours, exclude_same)
    left_out: Counter[Known] = Counter()
    kept: list[tuple[int, Neighbours]] = []
    for row, (query, sha256) in enumerate(zip(described.queries, described.sha256s, strict=True)):
        known = contents.knows(query, sha256, rows_of_same(query, pack, exclude_same))
        if known is None:
            found = search(query, vectors[row])
            if found.items and found.items[0].distance <= pack.copy_distance():
                known = Known.COPY
            elif found.items:
                kept.append((row, found))
        if known is not None:
            left_out[known] += 1
        progress(Progress("Searching", row + 1, len(vectors)))
    rows = [row for row, _ in kept]
    return HeldOut(
        tuple(described.queries[row] for row in rows),
        tuple(found for _, found in kept),
        vectors[rows],
        {known: left_out[known] for known in Known},
    )


def fit_calibration(
    held_out: HeldOut,
    parameters: EstimationParameters,
    *,
    pack_id: str,
    source: str,
    made: Mapping[str, JsonValue],
    heads: ClassHeads | None = None,
    seed: int = 2017,
    progress: ProgressCallback = ignore_progress,
) -> CalibrationFit:
    """Return the probabilities that hold on the held-out queries for these parameters.

    ``made`` is kept with the calibration: when and from what it was made; ``heads`` are the model's. Raises SourceError where the queries
    show too few places.
    """
    places = len({query.group for query in held_out.queries})
    if places < LEAST_PLACES:
        left_out = ", ".join(f"{count}: {known.value}" for known, count in held_out.left_out.items() if count)
        message = (
            f"The queries show {places} places that can be calibrated on, and {LEAST_PLACES} are the least"
            f"{f' (left out: {left_out})' if left_out else ''}; bring more photos of places the pack does not "
            "hold, or leave each photo's own place out of the search with --exclude-same place."
        )
        raise SourceError(message)
    answered, distances = _answer(held_out, parameters, heads, progress)
    progress(Progress("Fitting the probabilities", 0, None, parameters.estimator))
    candidates = compare_fits(answered, seed=seed)
    before = _reliabilities(answered.shares, answered, seed)
    after = _reliabilities(candidates[0].held_out, answered, seed)
    familiar = FamiliarDistances(
        tuple(float(value) for value in np.quantile(distances, np.linspace(0.0, 1.0, _PERCENTILES))),
        float(np.quantile(distances, 1.0 - WARNED_SHARE)),
    )
    measured: dict[str, JsonValue] = {
        **made,
        "program_version": current_program_version(),
        "places": places,
        "left_out": {known.name.lower(): count for known, count in held_out.left_out.items()},
        "compared": _compared(candidates),
        "before": [level.to_json() for level in before],
        "after": [level.to_json() for level in after],
    }
    content = calibration_content(
        pack_id=pack_id,
        parameters=parameters,
        photos=len(answered),
        source=source,
        shares=candidates[0].model,
        familiar=familiar,
        measured=measured,
    )
    return CalibrationFit(parameters, candidates, before, after, content)


def _compared(candidates: Sequence[Candidate]) -> list[JsonValue]:
    return [{"method": found.model.method, "loss": found.loss} for found in candidates]


def _reliabilities(
    probabilities: NDArray[np.float64], answered: Answered, seed: int
) -> tuple[Reliability, ...]:
    return tuple(
        reliability_of(
            level.name,
            probabilities[:, number],
            answered.right[:, number],
            answered.groups.tolist(),
            seed=seed,
        )
        for number, level in enumerate(LEVELS)
    )


def _answer(
    held_out: HeldOut,
    parameters: EstimationParameters,
    heads: ClassHeads | None,
    progress: ProgressCallback,
) -> tuple[Answered, NDArray[np.float64]]:
    """Return what was answered, and each query's mean distance to its neighbours."""
    shares, nearest, right, held, weights, means = [], [], [], [], [], []
    total = len(held_out.queries)
    for done, (query, neighbours, vector) in enumerate(
        zip(held_out.queries, held_out.neighbours, held_out.vectors, strict=True), start=1
    ):
        used = replace(neighbours, items=neighbours.items[: parameters.neighbours])
        distances = used.distances()
        estimate = estimate_location(used, parameters, vector=vector, heads=heads, with_regions=False)
        shares.append([answer.probability for answer in estimate.levels])
        nearest.append(float(distances[0]))
        means.append(float(distances.mean()))
        right.append(_right(query, estimate))
        if parameters.estimator in DENSITY_ESTIMATORS:
            density = density_behind(used, estimate)
            held.append(held_by_discs(estimate, density).astype(np.float32))
            weights.append(density.weights)
        progress(Progress("Answering", done, total, parameters.estimator))
    _, groups = np.unique(np.array([query.group for query in held_out.queries]), return_inverse=True)
    answered = Answered(
        np.array(shares),
        np.array(nearest),
        np.array(right),
        groups.astype(np.int64),
        _votes(held, weights) if held else None,
    )
    return answered, np.array(means)


def _right(query: Query, estimate: LocationEstimate) -> list[bool]:
    truth = query.position
    return [
        bool(
            great_circle_km(
                truth.latitude, truth.longitude, answer.position.latitude, answer.position.longitude
            )
            <= answer.level.radius_km
        )
        for answer in estimate.levels
    ]


def _votes(held: Sequence[NDArray[Any]], weights: Sequence[NDArray[np.float64]]) -> Votes:
    most = max(len(row) for row in weights)
    padded = np.zeros((len(held), len(LEVELS), most), np.float32)
    voices = np.zeros((len(held), most), np.float64)
    for number, (discs, row) in enumerate(zip(held, weights, strict=True)):
        padded[number, :, : len(row)] = discs
        voices[number, : len(row)] = row
    return Votes(padded, voices)
