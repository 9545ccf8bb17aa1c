"""Locating a whole test set with several methods at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import EvidenceError
from geolocdesk.estimation.location import LEVELS
from geolocdesk.evaluation.methods import Answers, Method, Retrieved
from geolocdesk.evaluation.metrics import Accuracy, accuracy_of
from geolocdesk.evaluation.test_set import Query
from geolocdesk.evidence.intake import Intake
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.features.extractor import Extractor
from geolocdesk.geodesy import great_circle_km
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import JsonValue
from geolocdesk.reference.pack import Pack

NEIGHBOURS = 100
BATCH = 32


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The accuracy of every method on one test set, and the queries that could not be read."""

    accuracies: tuple[Accuracy, ...]
    failures: tuple[EvidenceError, ...]
    pack_id: str
    extractor_id: str
    references: int

    def lines(self) -> Iterator[str]:
        """Yield the accuracies as a table for a reader."""
        heads = "".join(f"{level.radius_km:>9g} km" for level in LEVELS)
        yield f"{'% right within':<14}{heads}    queries"
        for accuracy in self.accuracies:
            values = "".join(f"{percent:12.1f}" for percent in accuracy.accuracy_percent)
            yield f"{accuracy.method:<14}{values}    {accuracy.queries:7d}"
            spread = "".join(f"{f'{low:.1f}–{high:.1f}':>12}" for low, high in accuracy.interval_percent)
            yield f"{'  95 %':<14}{spread}"

    def to_json(self) -> dict[str, JsonValue]:
        """Return the evaluation as plain JSON values."""
        return {
            "levels_km": [level.radius_km for level in LEVELS],
            "methods": [accuracy.to_json() for accuracy in self.accuracies],
            "references": self.references,
            "pack_id": self.pack_id,
            "extractor_id": self.extractor_id,
            "failed": [
                {"file": str(failure.path), "error": {"kind": failure.kind, "message": failure.message}}
                for failure in self.failures
            ],
        }


def evaluate(
    queries: Sequence[Query],
    pack: Pack,
    extractor: Extractor,
    methods: Mapping[str, Method],
    *,
    clock: Callable[[], str],
    exclude_same: str | None = None,
    workers: int = 1,
    progress: ProgressCallback = ignore_progress,
) -> Evaluation:
    """Return the accuracy of each method on the queries, searched in the pack.

    Queries that cannot be read are left out of the figures and returned as failures.
    """
    failures: list[EvidenceError] = []
    answered: list[Query] = []
    errors_km: dict[str, list[list[float]]] = {name: [] for name in methods}
    for query, described in _describe(queries, extractor, workers, clock):
        if isinstance(described, EvidenceError):
            failures.append(described)
        else:
            retrieved = _retrieve(query, described, pack, exclude_same)
            answered.append(query)
            for name, method in methods.items():
                errors_km[name].append(_errors_km(query, method(retrieved)))
        progress(Progress("Evaluating", len(answered) + len(failures), len(queries)))
    groups = [query.group for query in answered]
    accuracies = tuple(
        accuracy_of(name, np.array(errors), groups) for name, errors in errors_km.items() if errors
    )
    return Evaluation(accuracies, tuple(failures), pack.pack_id, extractor.identity.extractor_id, pack.count)


def _describe(
    queries: Sequence[Query], extractor: Extractor, workers: int, clock: Callable[[], str]
) -> Iterator[tuple[Query, Descriptor | EvidenceError]]:
    """Yield every query with its descriptor, computed in batches, or with why it could not be read."""
    batch: list[tuple[Query, NDArray[np.uint8]]] = []
    with Intake(workers=workers) as intake:
        paths = (query.path for query in queries)
        everything = intake.take_in_all(paths, [extractor.rendition], clock=clock)
        for query, taken in zip(queries, everything, strict=True):
            if isinstance(taken, EvidenceError):
                yield query, taken
                continue
            batch.append((query, taken.pictures[0]))
            if len(batch) == BATCH:
                yield from _describe_batch(batch, extractor)
                batch.clear()
    yield from _describe_batch(batch, extractor)


def _describe_batch(
    batch: Sequence[tuple[Query, NDArray[np.uint8]]], extractor: Extractor
) -> Iterator[tuple[Query, Descriptor]]:
    if not batch:
        return
    vectors = extractor.describe(np.stack([picture for _, picture in batch]))
    for (query, _), vector in zip(batch, vectors, strict=True):
        yield query, Descriptor(np.ascontiguousarray(vector), extractor.identity.extractor_id)


def _retrieve(query: Query, descriptor: Descriptor, pack: Pack, exclude_same: str | None) -> Retrieved:
    excluded = None
    if exclude_same and query.excluded_value:
        value = [query.excluded_value]
        excluded = pack.metadata.rows_with(
            reference_ids=value if exclude_same == "id" else (),
            places=value if exclude_same == "place" else (),
            photographers=value if exclude_same == "photographer" else (),
        )
    neighbours = pack.search(descriptor, NEIGHBOURS, excluded)
    return Retrieved(neighbours.latitudes(), neighbours.longitudes(), neighbours.distances())


def _errors_km(query: Query, answers: Answers) -> list[float]:
    truth = query.position
    return [
        float(great_circle_km(truth.latitude, truth.longitude, answer.latitude, answer.longitude))
        for answer in answers
    ]
