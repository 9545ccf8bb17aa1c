"""Whole-batch throughput of building and analysing as a share of the bare network's, in one run.

Run: python tests/benchmarks/throughput.py PHOTOS.csv [--count 640] [--rounds 3] [--workers 1]
"""

import argparse
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from geolocdesk.analysis import Analyser, Analysis
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.evidence.intake import Intake, TakenIn
from geolocdesk.evidence.packed import path_of
from geolocdesk.features.extractor import Extractor
from geolocdesk.geodesy import Position
from geolocdesk.reference.build import BuildOptions, build_pack
from geolocdesk.reference.opening import open_for_building
from geolocdesk.reference.sources.csv_file import CsvSource
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import SourceRow

BUILD_BATCH = 32


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def bare_rate(extractor: Extractor, pictures: np.ndarray, batch: int) -> float:
    """Return photos a second through the network alone, from pictures already in memory."""
    started = time.perf_counter()
    for start in range(0, len(pictures), batch):
        extractor.describe(pictures[start : start + batch])
    return len(pictures) / (time.perf_counter() - started)


def build_rate(source: CsvSource, folder: Path, workers: int) -> float:
    opened = open_for_building(None)
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
    return result.references / (time.perf_counter() - started)


def analyse_rate(pack: Path, paths: list[Path], workers: int) -> float:
    with Analyser.open(pack, workers=workers) as analyser:
        analyser.warm_up()
        started = time.perf_counter()
        results = list(analyser.analyse_photos(paths, EstimationParameters(), clock=now))
        elapsed = time.perf_counter() - started
    return sum(isinstance(result, Analysis) for result in results) / elapsed


def line_of(row: SourceRow) -> str:
    """Return a line of a table with the photo's full path."""
    assert isinstance(row.position, Position)
    return f"{path_of(row.path).resolve()},{row.position.latitude},{row.position.longitude}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()

    rows = list(CsvSource(options.photos, Selection()).rows())[: options.count]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        table = folder / "photos.csv"
        lines = [line_of(row) for row in rows]
        table.write_text("\n".join(["file,latitude,longitude", *lines]))
        opened = open_for_building(None)
        opened.extractor.warm_up()
        with Intake(workers=options.workers) as intake:
            taken = list(
                intake.take_in_all([row.path for row in rows], [opened.extractor.rendition], clock=now)
            )
        pictures = np.stack([item.pictures[0] for item in taken if isinstance(item, TakenIn)])
        rates: dict[str, list[float]] = {
            "bare, batch 32": [],
            "bare, one by one": [],
            "build": [],
            "analyse": [],
        }
        for number in range(options.rounds):
            rates["bare, batch 32"].append(bare_rate(opened.extractor, pictures, BUILD_BATCH))
            rates["bare, one by one"].append(bare_rate(opened.extractor, pictures, 1))
            into = folder / str(number)
            into.mkdir()
            rates["build"].append(build_rate(CsvSource(table, Selection()), into, options.workers))
            paths = [path_of(row.path) for row in rows]
            rates["analyse"].append(analyse_rate(into / "pack", paths, options.workers))
    reference = statistics.median(rates["bare, batch 32"])
    sys.stdout.write(
        f"{len(pictures)} photos, {options.rounds} rounds, {options.workers} decoding processes\n"
    )
    for name, values in rates.items():
        median = statistics.median(values)
        sys.stdout.write(f"{name:<18} {median:7.1f} photos/s   {median / reference:6.1%} of bare, batch 32\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
