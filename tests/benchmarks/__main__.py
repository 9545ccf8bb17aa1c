"""How fast everything is, in one table: each measurement beside a reference measured in the same run.

Run: python -m tests.benchmarks [--quick] [--only PART …] [--photos CSV|FOLDER] [--sizes N …] [--out FOLDER]

Writes speed.md and speed.json into the folder (default: the present one), and the tables as they are finished.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program itself does, before numpy is imported

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.table import Section, as_json, as_markdown

PARTS = ("networks", "density", "search", "photos", "vgg16", "help", "window", "memory")
SIZES = (10_000, 100_000, 1_000_000, 5_000_000)
QUICK_SIZES = (2_000,)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured, and how."""

    parts: tuple[str, ...]
    quick: bool
    photos: Path | None
    """A table or a folder; None for photos of the practice world."""
    count: int
    rounds: int
    workers: int
    sizes: tuple[int, ...]
    scratch: Path


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    quick = options.quick
    with tempfile.TemporaryDirectory(prefix="geolocdesk-speed-", dir=options.scratch) as scratch:
        wanted = Wanted(
            parts=tuple(part for part in PARTS if part in (options.only or PARTS)),
            quick=quick,
            photos=options.photos,
            count=options.count or (12 if quick else 320),
            rounds=1 if quick else options.rounds,
            workers=options.workers,
            sizes=tuple(options.sizes or (QUICK_SIZES if quick else SIZES)),
            scratch=Path(scratch),
        )
        sections = []
        for section in measure_all(wanted):
            sections.append(section)
            sys.stdout.write(as_markdown([section], _machine()).partition("\n\n")[2] + "\n")
            sys.stdout.flush()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "speed.md").write_text(as_markdown(sections, _machine()), encoding="utf-8")
    (options.out / "speed.json").write_text(as_json(sections, _machine()), encoding="utf-8")
    return 0


def measure_all(wanted: Wanted) -> Iterator[Section]:
    """Yield the sections of every part that is wanted."""
    measuring: dict[str, Callable[[Wanted], Iterator[Section]]] = {
        "networks": _networks,
        "density": _density,
        "search": _search,
        "photos": _photos,
        "vgg16": _vgg16,
        "help": _help,
        "window": _window,
        "memory": _memory,
    }
    for part in wanted.parts:
        yield from measuring[part](wanted)


def _networks(wanted: Wanted) -> Iterator[Section]:
    from tests.benchmarks import networks

    return networks.measure(wanted.scratch, quick=wanted.quick)


def _density(wanted: Wanted) -> Iterator[Section]:
    from tests.benchmarks import density

    return density.measure(quick=wanted.quick)


def _search(wanted: Wanted) -> Iterator[Section]:
    from tests.benchmarks import search

    return search.measure(wanted.scratch, wanted.sizes, quick=wanted.quick)


def _photos(wanted: Wanted) -> Iterator[Section]:
    return _throughput(wanted, None, "the default model", wanted.count)


def _vgg16(wanted: Wanted) -> Iterator[Section]:
    from tests.benchmarks.networks import write_vgg16_weights

    file = wanted.scratch / "vgg16-random.safetensors"
    write_vgg16_weights(file)
    return _throughput(wanted, f"vgg16-gmp={file}", "VGG-16 (random weights)", min(wanted.count, 96))


def _throughput(wanted: Wanted, model: str | None, name: str, count: int) -> Iterator[Section]:
    from tests.benchmarks import throughput

    photos = throughput.photos_at(_photos_place(wanted), count)
    return throughput.measure(
        photos, wanted.scratch, rounds=wanted.rounds, workers=wanted.workers, model=model, name=name
    )


def _help(wanted: Wanted) -> Iterator[Section]:
    from tests.benchmarks import program

    return program.measure_help(quick=wanted.quick)


def _window(wanted: Wanted) -> Iterator[Section]:
    from tests.benchmarks import program

    return program.measure_window(quick=wanted.quick)


def _memory(wanted: Wanted) -> Iterator[Section]:
    from tests.benchmarks import program, throughput

    pack = throughput.last_pack(wanted.scratch, "the default model", wanted.rounds)
    if not pack.is_dir():
        for _ in _photos(wanted):
            pass
    photos = throughput.photos_at(_photos_place(wanted), min(wanted.count, 50))
    yield from program.measure_memory(pack, photos.paths, quick=wanted.quick)
    yield from program.measure_first_answer(pack, photos.paths[0], quick=wanted.quick)


def _photos_place(wanted: Wanted) -> Path:
    """Return the photos that were named, or those of a practice world drawn now."""
    if wanted.photos is not None:
        return wanted.photos
    from geolocdesk.practice.world import draw_practice_world

    draw = partial(draw_practice_world, wanted.scratch / "world", workers=os.cpu_count() or 1)
    return (draw(places=4, views=2) if wanted.quick else draw()).references_csv


def _machine() -> str:
    from geolocdesk.provenance import library_versions

    libraries = library_versions()
    named = ", ".join(
        f"{name} {libraries[name]}" for name in ("torch", "numpy", "faiss-cpu") if name in libraries
    )
    return f"{os.cpu_count()} cores ({_processor()}), Python {platform.python_version()}, {named}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing"
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--photos", type=Path, metavar="CSV|FOLDER", help="default: a practice world, drawn now"
    )
    parser.add_argument("--count", type=int, help="so many of the photos (default 320)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="decoding processes")
    parser.add_argument("--sizes", type=int, nargs="+", help=f"photos to search (default {SIZES})")
    parser.add_argument("--scratch", type=Path, help="where temporary files go; 5 million photos take 20 GB")
    parser.add_argument("--out", type=Path, default=Path())
    return parser


if __name__ == "__main__":
    sys.exit(main())
