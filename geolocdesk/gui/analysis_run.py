"""Analysing photos in the window: one batch at a time, one live recomputation beside it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from geolocdesk.analysis import NO_EXCLUSIONS, Analysis, AnalysisFailure, Exclusions
from geolocdesk.engine.jobs import AnalyseAgain, AnalysePhotos
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.gui.jobs import EngineJob, EngineJobs, Failure
from geolocdesk.gui.throughput import Throughput

_ENGINE_ENDED = "engine"


@dataclass(frozen=True, slots=True)
class PhotoToAnalyse:
    """One exhibit and what its search leaves out."""

    number: int
    path: Path
    exclusions: Exclusions = NO_EXCLUSIONS
    has_thumbnail: bool = False
    """Whether the case has a small picture of it already, so that none needs to be made."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How a batch ended."""

    total: int
    analysed: int
    failed: int
    stopped: bool
    failure: Failure | None = None
    """Why the whole batch ended early, where it did so by itself."""

    @property
    def left(self) -> int:
        """Return how many photos were not reached."""
        return self.total - self.analysed - self.failed


class AnalysisRun(QObject):
    """Hands photos to the engine and its answers on, in the order of the photos."""

    started = Signal()
    analysed = Signal(int, object)
    """The exhibit's number and its Analysis."""
    not_analysed = Signal(int, object)
    """The exhibit's number and its AnalysisFailure."""
    progressed = Signal(object)
    """Throughput."""
    ended = Signal(object)
    """RunSummary."""

    def __init__(self, engine: EngineJobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._job: EngineJob | None = None
        self._waiting: list[PhotoToAnalyse] = []
        self._given: list[PhotoToAnalyse] = []
        self._parameters = EstimationParameters()
        self._throughput = Throughput(0)
        self._analysed = 0
        self._failed = 0
        self._stopped = False
        self._failure: Failure | None = None

    @property
    def is_running(self) -> bool:
        """Return whether a batch is under way."""
        return self._job is not None

    @property
    def waiting(self) -> list[int]:
        """Return the exhibits that have no answer yet."""
        return [photo.number for photo in (*self._given, *self._waiting)]

    def start(self, photos: Sequence[PhotoToAnalyse], parameters: EstimationParameters) -> None:
        """Analyse these photos, or add them to the batch under way."""
        known = set(self.waiting)
        new = [photo for photo in photos if photo.number not in known]
        if not new:
            return
        if self.is_running:
            self._waiting += new
            self._throughput.total += len(new)
            self.started.emit()
            return
        self._parameters = parameters
        self._waiting = new
        self._throughput = Throughput(len(new))
        self._throughput.note(time.monotonic(), 0)
        self._analysed = self._failed = 0
        self._stopped = False
        self._failure = None
        self._next_job()
        self.started.emit()

    def stop(self) -> None:
        """End the batch after the photo it is at; what it finished stays."""
        self._stopped = True
        self._waiting.clear()
        if self._job is not None:
            self._job.cancel()

    def abandon(self) -> None:
        """Forget the batch: its case is no longer open. Nothing more of it is heard but that it ended."""
        if self._job is None:
            return
        self.stop()
        self._job = None
        self._end()

    def _next_job(self) -> None:
        """Give the engine the next photos that leave out the same references."""
        exclusions = self._waiting[0].exclusions
        count = next(
            (place for place, photo in enumerate(self._waiting) if photo.exclusions != exclusions),
            len(self._waiting),
        )
        self._given, self._waiting = self._waiting[:count], self._waiting[count:]
        paths = tuple(photo.path for photo in self._given)
        thumbnails = not all(photo.has_thumbnail for photo in self._given)
        job = self._job = self._engine.run(AnalysePhotos(paths, self._parameters, exclusions, thumbnails))
        job.produced.connect(lambda result: self._take_in(job, result))
        job.failed.connect(lambda failure: self._note_failure(job, failure))
        job.closed.connect(lambda: self._go_on(job))

    def _take_in(self, job: EngineJob, result: object) -> None:
        if job is not self._job:
            return
        photo = self._given.pop(0)
        if isinstance(result, Analysis):
            self._analysed += 1
            self.analysed.emit(photo.number, result)
        elif isinstance(result, AnalysisFailure):
            self._fail(photo, result)
        self._report()

    def _fail(self, photo: PhotoToAnalyse, failure: AnalysisFailure) -> None:
        self._failed += 1
        self.not_analysed.emit(photo.number, failure)

    def _report(self) -> None:
        self._throughput.note(time.monotonic(), self._analysed + self._failed)
        self.progressed.emit(self._throughput)

    def _note_failure(self, job: EngineJob, failure: Failure) -> None:
        """Blame the photo the engine ended at and go on with the rest; anything else ends the batch."""
        if job is not self._job:
            return
        if failure.kind == _ENGINE_ENDED and self._given and not self._stopped:
            photo = self._given.pop(0)
            message = f"The process that analyses photos ended while it worked on {photo.path}."
            self._fail(photo, AnalysisFailure(photo.path, "engine", message))
            self._waiting = self._given + self._waiting
            self._given = []
            self._report()
        else:
            self._failure = failure
            self._waiting.clear()

    def _go_on(self, job: EngineJob) -> None:
        if job is not self._job:
            return
        self._job = None
        if self._waiting and not self._stopped:
            self._next_job()
        else:
            self._end()

    def _end(self) -> None:
        self._given = []
        summary = RunSummary(
            self._throughput.total, self._analysed, self._failed, self._stopped, self._failure
        )
        self.ended.emit(summary)


class Recomputation(QObject):
    """Answers one photo again with other parameters or exclusions; only the newest request counts."""

    computed = Signal(int, object, bool)
    """The exhibit's number, its Analysis, and whether it is to be kept in the case."""
    failed = Signal(int, object)
    """The exhibit's number and the Failure."""
    busy_changed = Signal(bool)

    def __init__(self, engine: EngineJobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._open = 0
        self._generation = 0

    def request(
        self,
        number: int,
        analysis: Analysis,
        parameters: EstimationParameters,
        exclusions: Exclusions,
        *,
        keep: bool,
    ) -> None:
        """Ask for the answer; ``keep`` tells whether it is meant to stay or only to be looked at."""
        job = self._engine.run(AnalyseAgain(analysis, parameters, exclusions))
        generation = self._generation
        self._open += 1
        self.busy_changed.emit(True)

        def answer(again: object) -> None:
            if generation == self._generation:
                self.computed.emit(number, again, keep)

        def fail(failure: Failure) -> None:
            if generation == self._generation:
                self.failed.emit(number, failure)

        job.produced.connect(answer)
        job.failed.connect(fail)
        job.closed.connect(self._close)

    def abandon(self) -> None:
        """Forget every request: its case is no longer open."""
        self._generation += 1

    def _close(self) -> None:
        self._open -= 1
        self.busy_changed.emit(self._open > 0)
