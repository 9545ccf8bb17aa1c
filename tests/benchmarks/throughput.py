"""Whole-batch throughput of building and analysing as a share of the bare network's, in one run; and one photo's way.

Run alone: python -m tests.benchmarks.throughput PHOTOS.csv|FOLDER [--count 640] [--rounds 3] [--workers 1] [--model MODEL]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.analysis import Analyser, Analysis
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.evidence.intake import Intake, TakenIn, expand_paths
from geolocdesk.evidence.packed import path_of
from geolocdesk.features.extractor import Extractor
from geolocdesk.geodesy import Position
from geolocdesk.reference.build import BuildOptions, build_pack
from geolocdesk.reference.opening import open_for_building
from geolocdesk.reference.sources.csv_file import CsvSource
from geolocdesk.reference.sources.selection import Selection
from tests.benchmarks.table import Line, Section, as_markdown

BUILD_BATCH = 32
BARE = "the bare network, 32 at a time"
BUILDING, ANALYSING = "reference build: photos to descriptors, pack written", "analyse: photos to answers"


@dataclass(frozen=True, slots=True)
class Photos:
    """Photos and where they were taken."""

    paths: tuple[Path, ...]
    positions: tuple[Position, ...]

    def write_table(self, path: Path) -> CsvSource:
        """Return the photos as a table that a pack can be built from."""
        places = zip(self.paths, self.positions, strict=True)
        lines = [f"{photo.resolve()},{place.latitude},{place.longitude}" for photo, place in places]
        path.write_text("\n".join(["file,latitude,longitude", *lines]), encoding="utf-8")
        return CsvSource(path, Selection())


def photos_at(place: Path, count: int) -> Photos:
    """Return the first photos of a table, or of a folder; a folder's are scattered over the Earth, whatever they say."""
    if place.is_dir():
        paths = list(expand_paths([place]))[:count]
        rng = np.random.default_rng(2017)
        latitudes = np.degrees(np.arcsin(rng.uniform(-0.6, 0.95, len(paths))))
        longitudes = rng.uniform(-180.0, 180.0, len(paths))
        places = [Position(float(lat), float(lon)) for lat, lon in zip(latitudes, longitudes, strict=True)]
        return Photos(tuple(paths), tuple(places))
    rows = [row for row in CsvSource(place, Selection()).rows() if isinstance(row.position, Position)][:count]
    return Photos(
        tuple(path_of(row.path) for row in rows),
        tuple(row.position for row in rows if isinstance(row.position, Position)),
    )


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def bare_rate(extractor: Extractor, pictures: NDArray[np.uint8], batch: int) -> float:
    """Return photos a second through the network alone, from pictures already in memory."""
    started = time.perf_counter()
    for start in range(0, len(pictures), batch):
        extractor.describe(pictures[start : start + batch])
    return len(pictures) / (time.perf_counter() - started)


def build_rate(source: CsvSource, folder: Path, workers: int, model: str | None) -> float:
    opened = open_for_building(model)
    opened.extractor.warm_up()
    started = time.perf_counter()
    result = build_pack(
        source,
        folder / "pack",
        extractor=opened.extractor,
        model=opened.record,
        projection=None,
        clock=now,
        options=BuildOptions(workers=workers),
    )
    elapsed = time.perf_counter() - started
    opened.extractor.close()
    return result.references / elapsed


def analyse_rates(pack: Path, paths: Sequence[Path], workers: int) -> tuple[float, float]:
    """Return photos a second in one batch, and the median milliseconds of photos given one by one."""
    parameters = EstimationParameters()
    with Analyser.open(pack, workers=workers) as analyser:
        analyser.warm_up()
        started = time.perf_counter()
        results = list(analyser.analyse_photos(paths, parameters, clock=now))
        elapsed = time.perf_counter() - started
        alone = []
        for path in paths[:30]:
            began = time.perf_counter()
            list(analyser.analyse_photos([path], parameters, clock=now))
            alone.append(time.perf_counter() - began)
    return sum(isinstance(result, Analysis) for result in results) / elapsed, 1e3 * statistics.median(alone)


def measure(
    photos: Photos, scratch: Path, *, rounds: int, workers: int, model: str | None = None, name: str
) -> Iterator[Section]:
    """Yield the throughput section; the last round's pack stays in ``scratch``."""
    source = photos.write_table(scratch / "photos.csv")
    opened = open_for_building(model)
    opened.extractor.warm_up()
    with Intake(workers=workers) as intake:
        taken = list(intake.take_in_all(photos.paths, [opened.extractor.rendition], clock=now))
    pictures = np.stack([item.pictures[0] for item in taken if isinstance(item, TakenIn)])
    rates: dict[str, list[float]] = {BARE: [], BUILDING: [], ANALYSING: []}
    one_by_one, alone = [], []
    for number in range(rounds):
        rates[BARE].append(bare_rate(opened.extractor, pictures, BUILD_BATCH))
        one_by_one.append(1e3 / bare_rate(opened.extractor, pictures[:30], 1))
        into = scratch / f"{name} {number}"
        into.mkdir()
        rates[BUILDING].append(build_rate(source, into, workers, model))
        batch, single = analyse_rates(into / "pack", photos.paths, workers)
        rates[ANALYSING].append(batch)
        alone.append(single)
    opened.extractor.close()
    reference = statistics.median(rates[BARE])
    lines = [
        Line(what, statistics.median(values), "photos a second", statistics.median(values) / reference)
        for what, values in rates.items()
    ]
    lines.append(Line("one photo, network alone", statistics.median(one_by_one), "ms"))
    lines.append(Line("one photo, from file to answer", statistics.median(alone), "ms"))
    title = f"{len(pictures)} photos with {name}, {workers} decoding process{'es' if workers > 1 else ''}"
    yield Section(title, f"throughput, as a share of {BARE}", tuple(lines))


def last_pack(scratch: Path, name: str, rounds: int) -> Path:
    """Return the pack that ``measure`` has left."""
    return scratch / f"{name} {rounds - 1}" / "pack"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--model")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        photos = photos_at(options.photos, options.count)
        name = (options.model or "the default model").partition("=")[0]
        sections = measure(
            photos,
            Path(scratch),
            rounds=options.rounds,
            workers=options.workers,
            model=options.model,
            name=name,
        )
        sys.stdout.write(as_markdown(sections, "this machine"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
