"""Searching packs of growing size: the index a pack gets, beside exact search of the same descriptors."""

import gc
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import faiss  # noqa: TID253 - this program measures it
import numpy as np
from numpy.typing import NDArray

from geolocdesk.reference.index import SearchIndex, build_index
from tests.benchmarks.synthetic import BLOCK, DIMENSION, SyntheticWorld
from tests.benchmarks.table import Line, Section

NEIGHBOURS = 100


def measure(scratch: Path, sizes: Sequence[int], *, quick: bool) -> Iterator[Section]:
    """Yield one section a size."""
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            yield _measure(Path(folder), size, 10 if quick else 100)
        gc.collect()


def _measure(folder: Path, size: int, queries: int) -> Section:
    world = SyntheticWorld()
    vectors = np.memmap(folder / "vectors.f32", dtype="<f4", mode="w+", shape=(size, DIMENSION))
    for number, block in enumerate(world.vectors(size)):
        vectors[number * BLOCK : number * BLOCK + len(block)] = block
    asked = world.queries(queries, size).vectors
    exact_ms, exact = _exactly(vectors, asked)
    started = time.perf_counter()
    description = build_index(vectors, folder / "index.faiss", seed=2017)
    built_s = time.perf_counter() - started
    started = time.perf_counter()
    index = SearchIndex(folder / "index.faiss", description)
    opened_ms = 1e3 * (time.perf_counter() - started)
    index.search(asked[0], NEIGHBOURS)
    durations, found = [], 0
    for query, expected in zip(asked, exact, strict=True):
        started = time.perf_counter()
        rows, _ = index.search(query, NEIGHBOURS)
        durations.append(time.perf_counter() - started)
        found += len(np.intersect1d(rows, expected))
    own_ms = 1e3 * float(np.median(durations))
    on_disk = sum(file.stat().st_size for file in folder.iterdir() if file.name != "vectors.f32")
    lines = (
        Line("exact search of the same descriptors in memory", exact_ms, "ms", 1.0),
        Line("the pack's index, one query", own_ms, "ms", exact_ms / own_ms),
        Line(f"of the {NEIGHBOURS} nearest found", 100.0 * found / exact.size, "%"),
        Line("building it", size / built_s, "descriptors a second"),
        Line("opening it", opened_ms, "ms"),
        Line("on disk", on_disk / size, "bytes a photo"),
    )
    return Section(f"Searching {size:,} photos", "speed, as a multiple of exact search", lines)


def _exactly(vectors: NDArray[np.float32], asked: NDArray[np.float32]) -> tuple[float, NDArray[np.int64]]:
    """Return the median milliseconds of an exact search for one query, and the nearest rows of each.

    Block by block, so that no more than a block is held besides the descriptors as the system maps them.
    """
    every_rows = np.empty((len(asked), NEIGHBOURS), np.int64)
    durations = np.zeros(min(len(asked), 10))
    candidates: list[list[tuple[NDArray[np.float32], NDArray[np.int64]]]] = [[] for _ in asked]
    for start in range(0, len(vectors), BLOCK * 4):
        block = np.ascontiguousarray(vectors[start : start + BLOCK * 4])
        flat = faiss.IndexFlatL2(block.shape[1])
        flat.add(block)
        k = min(NEIGHBOURS, len(block))
        distances, rows = flat.search(asked, k)
        for number in range(len(asked)):
            candidates[number].append((distances[number], rows[number] + start))
        for number in range(len(durations)):
            started = time.perf_counter()
            flat.search(asked[number : number + 1], k)
            durations[number] += time.perf_counter() - started
    for number, parts in enumerate(candidates):
        distances = np.concatenate([part[0] for part in parts])
        rows = np.concatenate([part[1] for part in parts])
        every_rows[number] = rows[np.argsort(distances, kind="stable")[:NEIGHBOURS]]
    return 1e3 * float(np.median(durations)), every_rows
