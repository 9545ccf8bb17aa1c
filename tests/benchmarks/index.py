"""The search index on an imagined world (see ``synthetic.py``): building, opening, memory, recall and time.

Run: python tests/benchmarks/index.py build --count 1000000 --folder /tmp/world
     python tests/benchmarks/index.py query --folder /tmp/world [--queries 200] [--exact]

Times are medians over the queries, on one thread, beside one photo through the default extractor and through VGG-16
(random weights) on the same thread, one after the other in the same loop. ``--exact`` compares with exact search, in
the descriptors as they are stored and in the float32 ones they were, both made anew: recall at 100, and how many final
answers lie within a kilometre.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.estimate import estimate_from_arrays
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.geodesy import Position, great_circle_km
from geolocdesk.progress import Progress
from geolocdesk.reference.index import (
    RECALL_TARGET,
    IndexDescription,
    SearchIndex,
    build_index_from_blocks,
    index_files,
)
from tests.benchmarks.synthetic import BLOCK, DIMENSION, SyntheticWorld

NEIGHBOURS = 100
INDEX_NAME = "index.faiss"
DESCRIPTION_NAME = "description.json"

Floats = NDArray[np.float32]


def made_ahead(world: SyntheticWorld, count: int, threads: int = 3) -> Iterator[Floats]:
    """Yield a world's first ``count`` descriptors in blocks, the next ones being made by other threads meanwhile."""
    blocks = range(-(-count // BLOCK))
    with ThreadPoolExecutor(threads) as makers:
        coming = deque(makers.submit(world.block, number, count) for number in blocks[: threads + 1])
        for number in blocks:
            made = coming.popleft().result()
            if number + threads + 1 < len(blocks):
                coming.append(makers.submit(world.block, number + threads + 1, count))
            yield made.vectors


def say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def build(count: int, folder: Path, recall_target: float = RECALL_TARGET) -> IndexDescription:
    """Build the index of a world's first ``count`` photos, in a stream, and say what it took."""
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    last = [""]

    def progress(report: Progress) -> None:
        share = "" if report.total is None else f" {100 * report.done // report.total // 10 * 10} %"
        if last[0] != report.task + share:
            last[0] = report.task + share
            say(f"{time.perf_counter() - started:7.0f} s  {last[0]} {report.detail}")

    description = build_index_from_blocks(
        made_ahead(SyntheticWorld(), count),
        count,
        DIMENSION,
        folder / INDEX_NAME,
        exact_up_to=0,
        recall_target=recall_target,
        progress=progress,
    )
    elapsed = time.perf_counter() - started
    (folder / DESCRIPTION_NAME).write_text(json.dumps(description.to_json()))
    disk = sum(path.stat().st_size for path in index_files(folder / INDEX_NAME, description))
    say(f"built in {elapsed:.0f} s, {count / elapsed:.0f} vectors a second, making them included")
    say(f"disk {disk / 1e9:.2f} GB, {disk / count:.0f} bytes a vector")
    say(f"largest resident memory while building {peak_resident_bytes() / 1e9:.2f} GB")
    say(str(description))
    return description


def opened(folder: Path) -> tuple[SearchIndex, IndexDescription, float]:
    """Return the index in a folder, its description, and how many seconds opening took, FAISS already loaded."""
    import faiss

    faiss.omp_set_num_threads(1)
    description = IndexDescription.from_json(json.loads((folder / DESCRIPTION_NAME).read_text()))
    started = time.perf_counter()
    index = SearchIndex(folder / INDEX_NAME, description)
    return index, description, time.perf_counter() - started


def peak_resident_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident_bytes() -> dict[str, int]:
    """Return this process's resident memory in bytes: its own, and pages of mapped files (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    values = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Rss")}
    return {"own": int(values["RssAnon"]) * 1024, "mapped": int(values["RssFile"]) * 1024}


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds a call."""

    wall: float
    cpu: float


def timed_side_by_side(calls: dict[str, Callable[[int], Any]], rounds: int) -> dict[str, Timed]:
    """Return the medians of each call's wall and processor time; round by round, one after the other."""
    wall: dict[str, list[float]] = {name: [] for name in calls}
    cpu: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter(), time.process_time()
            call(number)
            wall[name].append(1e3 * (time.perf_counter() - started[0]))
            cpu[name].append(1e3 * (time.process_time() - started[1]))
    return {name: Timed(statistics.median(wall[name]), statistics.median(cpu[name])) for name in calls}


def forward_passes() -> dict[str, Callable[[int], Any]]:
    """Return the default extractor and VGG-16 on one photo, each on one thread."""
    import torch
    import torchvision

    from geolocdesk.features.model_pack import DEFAULT_MODEL, open_model

    torch.set_num_threads(1)
    extractor = open_model(DEFAULT_MODEL, device="cpu")
    extractor.warm_up()
    vgg = torchvision.models.vgg16(weights=None).features.eval()
    picture = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)
    prepared = torch.zeros(1, 3, 224, 224)

    def describe(_round: int) -> None:
        extractor.describe(picture)

    def pass_vgg(_round: int) -> None:
        with torch.inference_mode():
            vgg(prepared)

    return {"default extractor": describe, "VGG-16": pass_vgg}


Neighbours = tuple[NDArray[np.int64], NDArray[np.float64]]


def exact_neighbours(queries: Floats, count: int) -> dict[str, Neighbours]:
    """Return the exact nearest rows and distances of each query, in the descriptors as stored and as they were."""
    import faiss

    best = {name: faiss.ResultHeap(len(queries), NEIGHBOURS) for name in ("as stored", "in float32")}
    start = 0
    for block in made_ahead(SyntheticWorld(), count):
        stored = block.astype(np.float16).astype(np.float32)
        for heap, vectors in zip(best.values(), (stored, block), strict=True):
            distances, rows = faiss.knn(queries, vectors, min(NEIGHBOURS, len(block)))
            heap.add_result(distances, rows + start)
        start += len(block)
    found = {}
    for name, heap in best.items():
        heap.finalize()
        found[name] = heap.I, np.sqrt(np.maximum(heap.D.astype(np.float64), 0.0))
    return found


def answer(
    positions: NDArray[np.float64], rows: NDArray[np.int64], distances: NDArray[np.float64]
) -> Position:
    where = positions[rows]
    parameters = EstimationParameters()
    return estimate_from_arrays(
        where[:, 0], where[:, 1], distances, parameters, with_regions=False, with_levels=False
    ).position


def kilometres(first: Position, second: Position) -> float:
    return float(great_circle_km(first.latitude, first.longitude, second.latitude, second.longitude))


def query(folder: Path, queries: int, rounds: int, *, exact: bool) -> None:
    """Say how a built index opens, searches and answers."""
    calls = forward_passes()
    before = resident_bytes()
    index, description, opening_s = opened(folder)
    count = description.count
    asked = SyntheticWorld().queries(queries, count).vectors
    say(str(description))
    say(f"opened in {opening_s:.3f} s")
    found, first_ms = [], []
    for vector in asked:
        started = time.perf_counter()
        found.append(index.search(vector, NEIGHBOURS))
        first_ms.append(1e3 * (time.perf_counter() - started))
    after = resident_bytes()
    own, mapped = (after[part] - before[part] for part in ("own", "mapped"))
    codes = (folder / INDEX_NAME).stat().st_size
    say(f"codes and lists {codes / count:.1f} bytes a vector")
    say(f"resident through {queries} searches: own {own / 1e9:.3f} GB, mapped pages {mapped / 1e9:.2f} GB")
    say(
        f"every photo's first search, from disk as far as the system holds no copy: median "
        f"{statistics.median(first_ms):.1f} ms, slowest {max(first_ms):.1f} ms"
    )
    say(f"whole process at most {peak_resident_bytes() / 1e9:.2f} GB, the two networks included")
    calls["search"] = lambda number: index.search(asked[number % queries], NEIGHBOURS)
    times = timed_side_by_side(calls, rounds)
    for name, time_of in times.items():
        ratios = "  ".join(
            f"{times['search'].cpu / other.cpu:6.1%} / {times['search'].wall / other.wall:6.1%} of {label}"
            for label, other in times.items()
            if name == "search" and label != "search"
        )
        say(f"{name:18s} {time_of.wall:8.2f} ms, processor {time_of.cpu:8.2f} ms  {ratios}")
    if exact:
        import faiss

        faiss.omp_set_num_threads(2)
        positions = SyntheticWorld().positions(count)
        for name, (rows, distances) in exact_neighbours(asked, count).items():
            recall = [np.isin(a, b[0]).mean() for a, b in zip(rows, found, strict=True)]
            apart = [
                kilometres(answer(positions, a, d), answer(positions, *b))
                for a, d, b in zip(rows, distances, found, strict=True)
            ]
            say(f"recall at {NEIGHBOURS} among the descriptors {name}: {np.mean(recall):.4f}")
            say(
                f"answers within 1 km of exact search's {name}: {np.mean(np.array(apart) <= 1.0):.1%} of {queries}"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build")
    building.add_argument("--count", type=int, default=1_000_000)
    building.add_argument("--recall-target", type=float, default=RECALL_TARGET)
    querying = commands.add_parser("query")
    querying.add_argument("--queries", type=int, default=200)
    querying.add_argument("--rounds", type=int, default=40)
    querying.add_argument("--exact", action="store_true")
    for command in (building, querying):
        command.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "build":
        build(options.count, options.folder, options.recall_target)
    else:
        query(options.folder, options.queries, options.rounds, exact=options.exact)
    return 0


if __name__ == "__main__":
    sys.exit(main())
