"""How commands speak: results to standard output, messages and progress to standard error."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import TextIO

from geolocdesk.progress import Progress, ProgressCallback

EXIT_OK = 0
EXIT_SOME_FAILED = 1
EXIT_USAGE = 2

_LINE_EVERY_S = 5.0


def utc_now() -> str:
    """Return the time in UTC as ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def say(message: str) -> None:
    """Write a message for the user to standard error."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


def write_result(text: str) -> None:
    """Write a line of results to standard output."""
    sys.stdout.write(text + "\n")


def write_json(value: object) -> None:
    """Write one JSON document as a line of results."""
    write_result(json.dumps(value, ensure_ascii=False, allow_nan=False))
    sys.stdout.flush()


def progress_reporter(stream: TextIO | None = None) -> ProgressCallback:
    """Return a callback that shows progress: a bar on a terminal, otherwise a plain line now and then."""
    stream = sys.stderr if stream is None else stream
    if stream.isatty():
        return _BarReporter(stream)
    return LineReporter(stream, monotonic)


class LineReporter:
    """Writes a line when a task begins, every few seconds, and when it is done."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._task = ""
        self._started = 0.0
        self._first_done = 0
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        """Report one step."""
        now = self._clock()
        if progress.task != self._task:
            self._task, self._started, self._first_done = progress.task, now, progress.done
            self._write(progress, now)
        elif progress.done == progress.total or now - self._last >= _LINE_EVERY_S:
            self._write(progress, now)

    def _write(self, progress: Progress, now: float) -> None:
        self._last = now
        self._stream.write(describe_progress(progress, now - self._started, self._first_done) + "\n")
        self._stream.flush()


def describe_progress(progress: Progress, elapsed_s: float, first_done: int = 0) -> str:
    """Return a task's state in words: how many of how many, how many a second, and the time left."""
    parts = [progress.task]
    if progress.total is not None:
        parts.append(f"{progress.done}/{progress.total}")
    elif progress.done:
        parts.append(str(progress.done))
    if progress.detail:
        parts.append(f"({progress.detail})")
    fresh = progress.done - first_done
    if fresh > 0 and elapsed_s > 0:
        rate = fresh / elapsed_s
        parts.append(f"· {rate:.1f} a second")
        if progress.total is not None and progress.done < progress.total:
            parts.append(f"· {describe_duration((progress.total - progress.done) / rate)} left")
    return " ".join(parts)


def describe_duration(seconds: float) -> str:
    """Return a duration as hours, minutes and seconds, the small units left out of long ones."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    if minutes:
        return f"{minutes} min {whole % 60} s"
    return f"{whole} s"


class _BarReporter:
    """Draws one bar a task with tqdm."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._task = ""
        self._bar: object = None

    def __call__(self, progress: Progress) -> None:
        """Report one step."""
        from tqdm import tqdm

        if progress.task != self._task or not isinstance(self._bar, tqdm):
            if isinstance(self._bar, tqdm):
                self._bar.close()
            self._task = progress.task
            self._bar = tqdm(
                desc=progress.task,
                total=progress.total,
                initial=progress.done,
                file=self._stream,
                unit=" photos" if "photo" in progress.task.lower() else "",
                dynamic_ncols=True,
            )
        self._bar.set_postfix_str(progress.detail, refresh=False)
        self._bar.update(progress.done - self._bar.n)
        if progress.total is not None and progress.done >= progress.total:
            self._bar.close()
            self._task = ""
