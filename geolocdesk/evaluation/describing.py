"""Query photos read and described once for each model, whatever packs and methods they are then tried on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import EvidenceError
from geolocdesk.evaluation.test_set import Query
from geolocdesk.evidence.intake import Intake
from geolocdesk.features.extractor import Extractor
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress

BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class DescribedQueries:
    """The queries that could be read, with their descriptors, and why the others could not."""

    queries: tuple[Query, ...]
    sha256s: tuple[str, ...]
    vectors: NDArray[np.float32]
    """float32[n, D], before any projection that was fitted for a pack."""
    failures: tuple[EvidenceError, ...]


def describe_queries(
    queries: Sequence[Query],
    extractor: Extractor,
    *,
    clock: Callable[[], str],
    workers: int = 1,
    progress: ProgressCallback = ignore_progress,
) -> DescribedQueries:
    """Return every query described by the extractor, in batches."""
    failures: list[EvidenceError] = []
    read: list[tuple[Query, str]] = []
    vectors: list[NDArray[np.float32]] = [np.empty((0, extractor.dimension), np.float32)]
    for batch in _batches(queries, extractor, workers, clock, failures):
        vectors.append(extractor.describe(np.stack([picture for _, _, picture in batch])))
        read += [(query, sha256) for query, sha256, _ in batch]
        progress(Progress("Describing the queries", len(read) + len(failures), len(queries)))
    return DescribedQueries(
        queries=tuple(query for query, _ in read),
        sha256s=tuple(sha256 for _, sha256 in read),
        vectors=np.concatenate(vectors),
        failures=tuple(failures),
    )


def _batches(
    queries: Sequence[Query],
    extractor: Extractor,
    workers: int,
    clock: Callable[[], str],
    failures: list[EvidenceError],
) -> Iterator[list[tuple[Query, str, NDArray[np.uint8]]]]:
    """Yield the pictures in batches; what cannot be read goes to the failures."""
    batch: list[tuple[Query, str, NDArray[np.uint8]]] = []
    with Intake(workers=workers) as intake:
        paths = (query.path for query in queries)
        everything = intake.take_in_all(paths, [extractor.rendition], clock=clock)
        for query, taken in zip(queries, everything, strict=True):
            if isinstance(taken, EvidenceError):
                failures.append(taken)
                continue
            batch.append((query, taken.record.sha256, taken.pictures[0]))
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch
