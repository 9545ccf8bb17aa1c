"""How fast photos are taken in from a ZIP, a tar and a folder: ratios to the folder, in one run.

Run: python tests/benchmarks/containers.py PHOTOS.csv [--count 400] [--rounds 5] [--workers 1]
"""

import argparse
import io
import statistics
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence.intake import Intake
from geolocdesk.evidence.packed import Photo, path_of
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.reference.sources import open_source

SMALL = Rendition(short_side_px=256, square_px=224, resample="bicubic")
"""What networks ask for, so that decoding weighs as it does in a build."""


def write_all(photos: list[bytes], folder: Path) -> dict[str, Path]:
    """Write the same photos as a folder, two ZIPs and a tar, and return where they are."""
    plain = folder / "plain"
    plain.mkdir()
    for number, content in enumerate(photos):
        (plain / f"{number:06d}.jpg").write_bytes(content)
    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(folder / f"{name}.zip", "w", method) as archive:
            for number, content in enumerate(photos):
                archive.writestr(f"{number:06d}.jpg", content)
    with tarfile.open(folder / "shard.tar", "w") as tar:
        for number, content in enumerate(photos):
            info = tarfile.TarInfo(f"{number:06d}.jpg")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return {
        "folder": plain,
        "ZIP, stored": folder / "stored.zip",
        "ZIP, deflated": folder / "deflated.zip",
        "tar": folder / "shard.tar",
    }


def listing_rate(path: Path) -> float:
    """Return rows a second of looking a source through, as before every build."""
    source = open_source(path)
    started = time.perf_counter()
    return source.count() / (time.perf_counter() - started)


def intake_rate(intake: Intake, path: Path, renditions: list[Rendition]) -> float:
    """Return photos a second of reading, hashing and decoding what a source lists."""
    photos: list[Photo] = [row.path for row in open_source(path).rows()]
    started = time.perf_counter()
    for taken in intake.take_in_all(photos, renditions, clock=lambda: ""):
        assert not isinstance(taken, EvidenceError), taken
    return len(photos) / (time.perf_counter() - started)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    rows = [row for row, _ in zip(open_source(options.photos).rows(), range(options.count), strict=False)]
    photos = [path_of(row.path).read_bytes() for row in rows]
    with tempfile.TemporaryDirectory() as scratch, Intake(workers=options.workers) as intake:
        sources = write_all(photos, Path(scratch))
        measures: dict[str, Callable[[Path], float]] = {
            "looked through": listing_rate,
            "taken in": lambda path: intake_rate(intake, path, [SMALL]),
        }
        rates: dict[tuple[str, str], list[float]] = {}
        for _ in range(options.rounds):
            for what, measure in measures.items():
                for name, path in sources.items():
                    rates.setdefault((what, name), []).append(measure(path))
    size_mb = sum(map(len, photos)) / 1e6
    sys.stdout.write(f"{len(photos)} photos, {size_mb:.1f} MB, {options.workers} decoding processes\n")
    for (what, name), values in rates.items():
        ratios = [value / plain for value, plain in zip(values, rates[what, "folder"], strict=True)]
        sys.stdout.write(
            f"{what:<15} {name:<14} {statistics.median(values):9.0f} a second   "
            f"{statistics.median(ratios):6.2f} of the folder's\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
