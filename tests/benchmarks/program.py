"""Starting: the command line's help, the window, a reference pack; and the memory of an analysis."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from geolocdesk.reference.pack import open_pack
from tests.benchmarks.table import Line, Section, seconds_of

_LIBRARIES = "import numpy, torch, faiss"
_IMPORTING = [sys.executable, "-c", _LIBRARIES]
_UNWANTED = (
    "import sys; from geolocdesk.cli.commands import run\n"
    "try:\n    run(['--help'])\n"
    "except SystemExit:\n    pass\n"
    "sys.stderr.write(' '.join(sorted({'torch', 'faiss', 'PySide6'} & set(sys.modules))))"
)


def _seconds(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def _in_turn(commands: dict[str, list[str]], rounds: int) -> dict[str, float]:
    """Return each command's median duration, the commands taking turns, after one round that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            seconds = _seconds(command)
            if number:
                taken[name].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def measure_help(*, quick: bool) -> Iterator[Section]:
    """Yield how long ``geolocdesk --help`` takes, and what it imports."""
    taken = _in_turn(
        {
            "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
            "geolocdesk --help": [sys.executable, "-m", "geolocdesk", "--help"],
        },
        2 if quick else 15,
    )
    reference = next(iter(taken.values()))
    heavy = subprocess.run(
        [sys.executable, "-c", _UNWANTED], check=True, capture_output=True, text=True
    ).stderr
    lines = [Line(name, 1e3 * seconds, "ms", seconds / reference) for name, seconds in taken.items()]
    lines.append(
        Line(f"torch, faiss or PySide6 imported by it: {heavy or 'none'}", float(len(heavy.split())), "")
    )
    yield Section(
        "Starting the command line", "time, as a multiple of python -c 'import numpy'", tuple(lines)
    )


def measure_window(*, quick: bool) -> Iterator[Section]:
    """Yield the time to the first painted window, as window.py measures it."""
    from tests.benchmarks.window import start_seconds

    seconds = start_seconds(1 if quick else 5)
    bare = statistics.median(seconds["bare"])
    ratios = [own / other for own, other in zip(seconds["geolocdesk"], seconds["bare"], strict=True)]
    lines = (
        Line("a bare PySide6 window with an empty web view", bare, "s", 1.0),
        Line(
            "geolocdesk, first paint",
            statistics.median(seconds["geolocdesk"]),
            "s",
            statistics.median(ratios),
        ),
    )
    yield Section("Starting the window", "time, as a multiple of the bare window's", lines)


def measure_memory(pack: Path, photos: Sequence[Path], *, quick: bool) -> Iterator[Section]:
    """Yield how fast a pack opens, and the peak memory of a process that analyses photos with it."""
    opening = seconds_of(lambda: open_pack(pack).close(), for_s=0.1 if quick else 1.0)
    size = sum(file.stat().st_size for file in pack.iterdir() if file.is_file())
    lines = [
        Line("opening a reference pack", 1e3 * opening, "ms"),
        Line("the pack on disk", size / 2**20, "MiB"),
    ]
    reference = _peak_mib(_IMPORTING)
    if reference is not None:
        own = _peak_mib(_analysing(photos, pack)) or 0.0
        lines.append(Line("a process that imports numpy, torch and faiss", reference, "MiB at most", 1.0))
        lines.append(
            Line(f"analysing {len(photos)} photos, the main process", own, "MiB at most", own / reference)
        )
    yield Section("Opening a pack, and memory", "memory, as a multiple of the libraries' alone", tuple(lines))


def measure_first_answer(pack: Path, photo: Path, *, quick: bool) -> Iterator[Section]:
    """Yield how long a new process takes from its start to its first answer."""
    commands = {
        f"python -c '{_LIBRARIES}'": _IMPORTING,
        "geolocdesk analyse, one photo": _analysing([photo], pack),
    }
    taken = _in_turn(commands, 1 if quick else 7)
    loading = next(iter(taken.values()))
    yield Section(
        "From a new process to the first answer",
        "time, as a multiple of importing the libraries alone",
        tuple(Line(name, seconds, "s", seconds / loading) for name, seconds in taken.items()),
    )


def _analysing(photos: Sequence[Path], pack: Path) -> list[str]:
    program = [sys.executable, "-m", "geolocdesk", "analyse"]
    return [*program, *map(str, photos), "--reference", str(pack), "--json"]


_WATCHER = (
    "import os, subprocess, sys\n"
    "run = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
    "print(os.wait4(run.pid, 0)[2].ru_maxrss)"
)
"""A small process that starts another: what it has in use itself would count as the other's."""


def _peak_mib(command: Sequence[str]) -> float | None:
    """Return a process's peak resident memory, without its children's; None where the system does not tell."""
    if not hasattr(os, "wait4"):
        return None
    watcher = [sys.executable, "-c", _WATCHER, *command]
    peak = int(subprocess.run(watcher, check=True, capture_output=True, text=True).stdout)
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
