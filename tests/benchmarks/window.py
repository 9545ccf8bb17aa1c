"""The window's start and its behaviour in a batch, each measured in processes of their own.

Run: python tests/benchmarks/window.py start [--rounds 7]
     python tests/benchmarks/window.py batch PACK PHOTO|FOLDER… [--count 200] [--command-line]
     python tests/benchmarks/window.py redraw CASE [--rounds 2]

``start`` is the time from a cold process to the first painted window, as a multiple of a bare PySide6 window with an
empty web view. ``batch`` adds and analyses photos with a timer beating every 5 ms in the GUI thread, and reports the
longest gap between two beats, how much of one was the GUI thread's own work (the rest is waiting for a processor,
on a machine that others use), photos a second and peak memory; with ``--command-line`` the same photos go through
``geolocdesk analyse`` afterwards, in the same run. ``redraw`` goes from photo to photo of a finished case and reports
how long each takes from the key to its answer on the map.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from geolocdesk.gui.main_window import MainWindow

BEAT_MS = 5
PATIENCE_S = 60
ME = Path(__file__).resolve()

BARE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication(sys.argv[:1])
window = QMainWindow()
view = QWebEngineView()
view.setHtml("")
window.setCentralWidget(view)
window.resize(1480, 920)
window.show()
QTimer.singleShot(0, application.quit)
application.exec()
"""


def environment(home: str) -> dict[str, str]:
    return {
        **os.environ,
        "GEOLOCDESK_HOME": home,
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
    }


def start_seconds(rounds: int) -> dict[str, list[float]]:
    """Return how long a bare window and the program's took to be painted, each round, in turn."""
    with tempfile.TemporaryDirectory() as home:
        variables = environment(home)
        commands = {
            "bare": [sys.executable, "-c", BARE],
            "geolocdesk": [sys.executable, str(ME), "paint"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(rounds + 1):
            for name, command in commands.items():
                started = time.perf_counter()
                with subprocess.Popen(
                    command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
                ) as run:
                    assert run.stdout is not None
                    if name == "geolocdesk":
                        # the rest of the program goes on starting after its first paint; only that is measured
                        run.stdout.readline()
                        elapsed = time.perf_counter() - started
                        run.wait()
                    else:
                        run.wait()
                        elapsed = time.perf_counter() - started
                if number:
                    seconds[name].append(elapsed)
    return seconds


def measure_start(rounds: int) -> None:
    seconds = start_seconds(rounds)
    ratios = [own / bare for own, bare in zip(seconds["geolocdesk"], seconds["bare"], strict=True)]
    for name, values in seconds.items():
        sys.stdout.write(f"{name:<11} {statistics.median(values):.2f} s (median of {rounds})\n")
    sys.stdout.write(
        f"ratio       {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})\n"
    )


def paint_once() -> None:
    """Show the window's frame as the program does, say when it has painted itself for the first time, and end."""
    from geolocdesk.gui.application import create_application
    from geolocdesk.gui.frame import Frame
    from geolocdesk.gui.theme import install_theme
    from geolocdesk.paths import user_folders
    from geolocdesk.settings import Settings

    application = create_application()
    settings = Settings()
    install_theme(application, settings.scheme, settings.text_scale)
    frame = Frame(user_folders().layout_file)

    def tell() -> None:
        sys.stdout.write("painted\n")
        sys.stdout.flush()
        frame.close()

    frame.painted.connect(tell)
    frame.finished.connect(application.quit)
    frame.show()
    application.exec()


def peak_memory_mib() -> dict[str, float]:
    """Return the peak resident memory of this process and of its living children by their command (Linux)."""
    found: dict[str, float] = {}
    ours = {os.getpid()}
    for entry in sorted(
        Path("/proc").iterdir(), key=lambda path: int(path.name) if path.name.isdigit() else 0
    ):
        if not entry.name.isdigit():
            continue
        try:
            status = dict(
                line.split(":", 1) for line in (entry / "status").read_text().splitlines() if ":" in line
            )
            if int(entry.name) in ours or int(status["PPid"]) in ours:
                ours.add(int(entry.name))
                name = status["Name"].strip()
                found[name] = found.get(name, 0.0) + int(status["VmHWM"].split()[0]) / 1024
        except (OSError, KeyError):
            continue
    return found


def shown_window() -> "tuple[QApplication, MainWindow]":
    """Return the application and its window, shown, with ``quit`` when that is closed."""
    from geolocdesk.gui.application import create_application
    from geolocdesk.gui.interpreter import share_interpreter, spare_loaded
    from geolocdesk.gui.theme import install_theme
    from geolocdesk.paths import user_folders
    from geolocdesk.settings import Settings

    application = create_application()
    share_interpreter()
    settings = Settings(examiner="benchmark")
    install_theme(application, settings.scheme, settings.text_scale)
    from geolocdesk.gui.main_window import MainWindow

    window = MainWindow(settings, user_folders())
    spare_loaded(window)
    window.finished.connect(application.quit)
    window.resize(1480, 920)
    window.show()
    return application, window


def wait(seconds: float) -> None:
    """Let the window work for a while."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def run_batch(pack: Path, photos: list[Path]) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    from geolocdesk.casefile.exhibit import CaseDetails

    application, window = shown_window()
    window.begin(pack=pack)

    gaps: dict[str, list[float]] = {"start": [], "adding": [], "batch": []}
    own_work: dict[str, list[float]] = {name: [] for name in gaps}
    phase = "start"
    last, last_work = time.perf_counter(), time.thread_time()

    def beat() -> None:
        nonlocal last, last_work
        now, work = time.perf_counter(), time.thread_time()
        gaps[phase].append(now - last)
        own_work[phase].append(work - last_work)
        last, last_work = now, work

    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(BEAT_MS)

    def wait_until_idle() -> None:
        wait(0.2)
        while window.board.runs():
            wait(0.05)

    while window.reference.pack is None or window.map is None:
        wait(0.05)
    wait_until_idle()
    with tempfile.TemporaryDirectory() as scratch:
        window.session.create(Path(scratch) / "batch.gldcase", CaseDetails(title="batch"))
        wait(1.0)
        phase = "adding"
        started = time.perf_counter()
        window.cases.add(photos)
        wait_until_idle()
        added = time.perf_counter()
        phase = "batch"
        done = QEventLoop()
        window.desk.batch_ended.connect(lambda _summary: done.quit())
        window.desk.analyse(())
        done.exec()
        wait_until_idle()
        ended = time.perf_counter()
        memory = peak_memory_mib()
        timer.stop()
        window.end_without_asking()
        application.exec()
    sys.stdout.write(
        json.dumps(
            {
                "photos": len(photos),
                "adding_photos_per_s": len(photos) / (added - started),
                "batch_photos_per_s": len(photos) / (ended - added),
                "longest_gap_ms": {name: 1000 * max(values) for name, values in gaps.items() if values},
                "longest_own_work_ms": {
                    name: 1000 * max(values) for name, values in own_work.items() if values
                },
                "gaps_over_50_ms": {
                    name: sum(value > 0.05 for value in values) for name, values in gaps.items()
                },
                "peak_memory_mib": memory,
            },
            indent=2,
        )
        + "\n"
    )


def measure_command_line(pack: Path, photos: list[Path]) -> dict[str, float]:
    """Return the rate of ``geolocdesk analyse``: the time of all photos less that of one, which is its start."""
    seconds = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, some in enumerate((photos[:1], photos)):
            case = Path(scratch) / f"{number}.gldcase"
            command = [sys.executable, "-m", "geolocdesk", "analyse", *map(str, some)]
            command += ["--reference", str(pack), "--case", str(case), "--examiner", "benchmark"]
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - started)
    one, every = seconds
    return {"start_s": one, "photos_per_s": (len(photos) - 1) / (every - one)}


def measure_redraw(case: Path, rounds: int) -> None:
    """Open a copy of the case, step through it, and time each step from the key to the drawn overlay."""
    from PySide6.QtCore import QEventLoop

    from geolocdesk.gui.evidence_entry import EntryStatus

    application, window = shown_window()
    drawn: list[float] = []
    times: dict[str, list[float]] = {}

    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / case.name
        shutil.copy(case, copy)
        window.begin(case=copy)
        opened = time.perf_counter()
        while window.map is None or not window.map.is_ready or window.display.is_busy:
            wait(0.05)
            if time.perf_counter() - opened > PATIENCE_S:
                message = f"the case was not shown within {PATIENCE_S} s"
                raise TimeoutError(message)
        wait(2.0)
        window.map.overlay_drawn.connect(drawn.append)
        analysed = [entry.number for entry in window.model.entries() if entry.status is EntryStatus.ANALYSED]
        window.workspace.evidence.select(analysed[0])
        wait(2.0)
        for number in range(rounds):
            for name, order in (("forward", analysed[1:]), ("back", analysed[-2::-1])):
                for exhibit in order:
                    drawn.clear()
                    started = time.perf_counter()
                    window.workspace.evidence.select(exhibit)
                    while not drawn:
                        application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
                        if time.perf_counter() - started > PATIENCE_S:
                            message = f"exhibit {exhibit} was not drawn within {PATIENCE_S} s"
                            raise TimeoutError(message)
                    elapsed = time.perf_counter() - started
                    times.setdefault(f"{name}, round {number + 1}", []).append(1000 * elapsed)
                    wait(0.5)
        window.end_without_asking()
        application.exec()
    for name, values in times.items():
        ordered = sorted(values)
        sys.stdout.write(
            f"{name:<18} median {statistics.median(ordered):.0f} ms, 9 of 10 within "
            f"{ordered[int(0.9 * (len(ordered) - 1))]:.0f} ms, longest {ordered[-1]:.0f} ms ({len(ordered)} photos)\n"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    modes = parser.add_subparsers(dest="mode", required=True)
    start = modes.add_parser("start")
    start.add_argument("--rounds", type=int, default=7)
    modes.add_parser("paint")
    batch = modes.add_parser("batch")
    batch.add_argument("pack", type=Path)
    batch.add_argument("photos", type=Path, nargs="+")
    batch.add_argument("--count", type=int, default=200)
    batch.add_argument("--command-line", action="store_true")
    redraw = modes.add_parser("redraw")
    redraw.add_argument("case", type=Path)
    redraw.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program's own entry does
    if options.mode == "start":
        measure_start(options.rounds)
    elif options.mode == "paint":
        paint_once()
    elif options.mode == "redraw":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        measure_redraw(options.case, options.rounds)
    else:
        from geolocdesk.evidence.intake import expand_paths

        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        photos = list(expand_paths(options.photos))[: options.count]
        run_batch(options.pack, photos)
        if options.command_line:
            sys.stdout.write(
                json.dumps({"command_line": measure_command_line(options.pack, photos)}, indent=2) + "\n"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
