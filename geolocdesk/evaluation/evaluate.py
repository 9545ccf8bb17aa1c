"""Locating a whole test set with several methods, in one pack or several."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import EvidenceError, UsageError
from geolocdesk.estimation.calibration import FittedCalibration, newest_for
from geolocdesk.estimation.location import LEVELS, LevelAnswer
from geolocdesk.estimation.usual import GEOCLIP_NEIGHBOURS
from geolocdesk.evaluation.describing import DescribedQueries
from geolocdesk.evaluation.methods import Answers, Method, Seen
from geolocdesk.evaluation.metrics import Accuracy, Difference, accuracy_of, difference_of
from geolocdesk.evaluation.reliability import Reliability, reliability_of
from geolocdesk.evaluation.searching import positions_left, search_of
from geolocdesk.evaluation.test_set import Query
from geolocdesk.geodesy import Position, great_circle_km
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import JsonValue
from geolocdesk.reference.pack import Pack

NEIGHBOURS = 100


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """What is evaluated: the references of one pack, described by its model."""

    name: str
    """By which tables and charts call it."""
    pack: Pack
    vectors: NDArray[np.float32]
    """float32[n, D]: the queries' descriptors as the pack's are."""
    methods: Mapping[str, Method]
    calibrations: tuple[FittedCalibration, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class MethodResult:
    """What one method of one system answered to every query, and how far off it was."""

    system: str
    method: str
    queries: tuple[Query, ...]
    positions: tuple[tuple[Position, ...], ...]
    """A row a query, a place a level."""
    errors_km: NDArray[np.float64]
    """float64[queries, levels]"""
    accuracy: Accuracy
    probabilities: NDArray[np.float64] | None = None
    """float64[queries, levels] where the answers have any: calibrated if the pack is, else shares of the evidence."""
    reliabilities: tuple[Reliability, ...] = ()
    """One a level, where the answers have probabilities."""
    calibrated: bool = False

    @property
    def label(self) -> str:
        """Return the method with its system, for where several are compared."""
        return f"{self.system} · {self.method}"

    @property
    def is_one_answer(self) -> bool:
        """Return whether every query has the same place at every level."""
        return all(len(set(row)) == 1 for row in self.positions)


@dataclass(frozen=True, slots=True)
class SystemSummary:
    """One pack and its model, as a table names them."""

    name: str
    references: int
    pack_id: str
    extractor_id: str

    def to_json(self) -> dict[str, JsonValue]:
        """Return the summary as plain JSON values."""
        return {
            "system": self.name,
            "references": self.references,
            "pack_id": self.pack_id,
            "extractor_id": self.extractor_id,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Every method of every system on one test set, and the queries that could not be read."""

    systems: tuple[SystemSummary, ...]
    results: tuple[MethodResult, ...]
    failures: tuple[EvidenceError, ...] = ()
    differences: tuple[Difference, ...] = ()

    def to_json(self) -> dict[str, JsonValue]:
        """Return the evaluation as plain JSON values; beside the list of systems, the first one's by itself."""
        first = self.systems[0]
        return {
            "levels_km": [level.radius_km for level in LEVELS],
            "methods": [_result_json(result) for result in self.results],
            "references": first.references,
            "pack_id": first.pack_id,
            "extractor_id": first.extractor_id,
            "systems": [system.to_json() for system in self.systems],
            "differences": [difference.to_json() for difference in self.differences],
            "failed": [
                {"file": str(failure.path), "error": {"kind": failure.kind, "message": failure.message}}
                for failure in self.failures
            ],
        }


def _result_json(result: MethodResult) -> dict[str, JsonValue]:
    document: dict[str, JsonValue] = {**result.accuracy.to_json(), "system": result.system}
    if result.reliabilities:
        document["calibrated"] = result.calibrated
        document["reliability"] = [found.to_json() for found in result.reliabilities]
    return document


def evaluate_system(
    described: DescribedQueries,
    system: System,
    *,
    exclude_same: str | None = None,
    seed: int = 2017,
    progress: ProgressCallback = ignore_progress,
) -> Evaluation:
    """Return what the methods of one system make of the queries.

    A query for which no reference is left stays out. ``seed`` draws the random references and the intervals.
    """
    count = NEIGHBOURS if system.pack.softmax_scale is None else GEOCLIP_NEIGHBOURS
    search = search_of(system.pack, count, exclude_same)
    draw = _random_references(system.pack, len(described.queries), seed)
    answered: list[tuple[Query, Seen]] = []
    answers: dict[str, list[Answers]] = {name: [] for name in system.methods}
    everything = zip(described.queries, system.vectors, draw, strict=True)
    for done, (query, vector, drawn) in enumerate(everything, start=1):
        neighbours = search(query, vector)
        if neighbours.items:
            seen = Seen(neighbours, vector, drawn)
            answered.append((query, seen))
            for name, method in system.methods.items():
                answers[name].append(method(seen))
        progress(Progress("Evaluating", done, len(described.queries), system.name))
    pack = system.pack
    summary = SystemSummary(system.name, pack.count, pack.pack_id, pack.manifest.extractor_id)
    results = tuple(_result(name, found, answered, system, seed) for name, found in answers.items() if found)
    return Evaluation((summary,), results, described.failures)


def combine(evaluations: Sequence[Evaluation], *, versus: str | None = None, seed: int = 2017) -> Evaluation:
    """Return several systems' evaluations as one.

    ``versus`` names the method that all others are compared with, each system's own; a result's label makes
    that one result the measure of all. Raises UsageError where there is none.
    """
    results = tuple(result for evaluation in evaluations for result in evaluation.results)
    failures = {failure.path: failure for evaluation in evaluations for failure in evaluation.failures}
    return Evaluation(
        systems=tuple(system for evaluation in evaluations for system in evaluation.systems),
        results=results,
        failures=tuple(failures.values()),
        differences=() if versus is None else tuple(_differences(results, versus, seed)),
    )


def _differences(results: Sequence[MethodResult], versus: str, seed: int) -> Iterator[Difference]:
    labelled = {result.label: result for result in results}
    by_method = {(result.system, result.method): result for result in results}
    if versus not in labelled and versus not in {result.method for result in results}:
        message = f"--versus takes a method, or one of {', '.join(labelled)}; not {versus!r}."
        raise UsageError(message)
    for result in results:
        other = labelled.get(versus) or by_method.get((result.system, versus))
        if other is None or other is result or other.queries != result.queries:
            continue
        groups = [query.group for query in result.queries]
        yield difference_of(result.label, other.label, _hits(result), _hits(other), groups, seed=seed)


def _hits(result: MethodResult) -> NDArray[np.float64]:
    return (result.errors_km <= np.array([level.radius_km for level in LEVELS])).astype(np.float64)


def _random_references(pack: Pack, count: int, seed: int) -> list[Position]:
    positions = positions_left(pack)
    drawn = positions[np.random.default_rng(seed).integers(len(positions), size=count)]
    return [Position(float(latitude), float(longitude)) for latitude, longitude in drawn]


def _result(
    method: str,
    answers: Sequence[Answers],
    answered: Sequence[tuple[Query, Seen]],
    system: System,
    seed: int,
) -> MethodResult:
    queries = tuple(query for query, _ in answered)
    groups = [query.group for query in queries]
    errors_km = np.array(
        [_errors_km(query, found) for query, found in zip(queries, answers, strict=True)], dtype=np.float64
    )
    levels, calibrated = _level_answers(answers, answered, system)
    probabilities = None
    reliabilities: tuple[Reliability, ...] = ()
    if levels:
        probabilities = np.array([[answer.probability for answer in row] for row in levels])
        right = errors_km <= np.array([level.radius_km for level in LEVELS])
        reliabilities = tuple(
            reliability_of(level.name, probabilities[:, number], right[:, number], groups, seed=seed)
            for number, level in enumerate(LEVELS)
        )
    return MethodResult(
        system=system.name,
        method=method,
        queries=queries,
        positions=tuple(found.positions for found in answers),
        errors_km=errors_km,
        accuracy=accuracy_of(method, errors_km, groups, seed=seed),
        probabilities=probabilities,
        reliabilities=reliabilities,
        calibrated=calibrated,
    )


def _level_answers(
    answers: Sequence[Answers], answered: Sequence[tuple[Query, Seen]], system: System
) -> tuple[list[tuple[LevelAnswer, ...]], bool]:
    """Return each query's answers with their probabilities, and whether they are calibrated; none without."""
    levels: list[tuple[LevelAnswer, ...]] = []
    fitted = None
    for (_, seen), found in zip(answered, answers, strict=True):
        if found.estimate is None:
            return [], False
        fitted = newest_for(system.calibrations, system.pack.pack_id, found.estimate.parameters)
        estimate = found.estimate if fitted is None else fitted.apply(found.estimate, seen.neighbours)
        levels.append(estimate.levels)
    return levels, fitted is not None


def _errors_km(query: Query, answers: Answers) -> list[float]:
    truth = query.position
    return [
        float(great_circle_km(truth.latitude, truth.longitude, answer.latitude, answer.longitude))
        for answer in answers.positions
    ]
