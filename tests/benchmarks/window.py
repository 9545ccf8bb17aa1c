"""The window's start and its behaviour in a batch, each measured in processes of their own.

Run: python tests/benchmarks/window.py start [--rounds 7]
     python tests/benchmarks/window.py batch PACK PHOTO|FOLDER… [--count 200]

``start`` is the time from a cold process to the first painted window, as a multiple of a bare PySide6 window with an
empty web view. ``batch`` adds and analyses photos with a timer beating every 5 ms in the GUI thread, and reports the
longest gap between two beats, photos a second and peak memory.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BEAT_MS = 5
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


def run_batch(pack: Path, photos: list[Path]) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    from geolocdesk.casefile.exhibit import CaseDetails
    from geolocdesk.gui.application import create_application
    from geolocdesk.gui.theme import install_theme
    from geolocdesk.paths import user_folders
    from geolocdesk.settings import Settings

    application = create_application()
    settings = Settings(examiner="benchmark")
    install_theme(application, settings.scheme, settings.text_scale)
    from geolocdesk.gui.main_window import MainWindow

    window = MainWindow(settings, user_folders())
    window.finished.connect(application.quit)
    window.resize(1480, 920)
    window.show()
    window.begin(pack=pack)

    gaps: dict[str, list[float]] = {"start": [], "adding": [], "batch": []}
    phase = "start"
    last = time.perf_counter()

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps[phase].append(now - last)
        last = now

    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(BEAT_MS)

    def wait(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()

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
        window.desk.analyse(())
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
                "gaps_over_50_ms": {
                    name: sum(value > 0.05 for value in values) for name, values in gaps.items()
                },
                "peak_memory_mib": memory,
            },
            indent=2,
        )
        + "\n"
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
    options = parser.parse_args()
    if options.mode == "start":
        measure_start(options.rounds)
    elif options.mode == "paint":
        paint_once()
    else:
        from geolocdesk.evidence.intake import expand_paths

        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        run_batch(options.pack, list(expand_paths(options.photos))[: options.count])
    return 0


if __name__ == "__main__":
    sys.exit(main())
