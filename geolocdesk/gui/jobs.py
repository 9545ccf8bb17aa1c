"""Work off the GUI thread: the engine's jobs, and short tasks on a few threads of our own.

Whatever comes back is delivered in the GUI thread, in the order it was made.
"""

import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from geolocdesk.engine.engine import Engine
from geolocdesk.engine.messages import (
    Ended,
    Event,
    Failed,
    Finished,
    Job,
    Produced,
    Progressed,
    Started,
    Superseded,
    WasCancelled,
)
from geolocdesk.engine.workshop import Workshop
from geolocdesk.errors import GeolocdeskError
from geolocdesk.progress import Cancelled, Progress, ProgressCallback

Result = TypeVar("Result")

_LOGGER = logging.getLogger(__name__)


class Failure(GeolocdeskError):  # noqa: N818 - a failure to show, whatever caused it
    """Why a job failed: a sentence for the user, and a traceback where the fault is the program's own."""

    def __init__(self, kind: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.details = details

    @property
    def is_bug(self) -> bool:
        """Return whether the program itself is at fault."""
        return self.kind == "bug"


class EngineJob(QObject):
    """One job handed to the engine. Exactly one of ``finished``, ``failed`` and ``cancelled`` comes last."""

    started = Signal()
    progressed = Signal(object)
    """Progress."""
    produced = Signal(object)
    """One result."""
    finished = Signal()
    failed = Signal(object)
    """Failure."""
    cancelled = Signal()
    """Told to end, or replaced by a newer job on the same subject."""
    closed = Signal()
    """After any of the three."""

    def __init__(self, jobs: "EngineJobs", number: int) -> None:
        super().__init__(jobs)
        self._jobs = jobs
        self.number = number

    def cancel(self) -> None:
        """Ask for the job's end; what it produced stays."""
        self._jobs.cancel(self.number)

    def deliver(self, event: Event) -> bool:
        """Pass an event on as a signal; return whether it was the last."""
        if isinstance(event, Produced):
            self.produced.emit(event.result)
        elif isinstance(event, Progressed):
            self.progressed.emit(event.progress)
        elif isinstance(event, Started):
            self.started.emit()
        else:
            self._deliver_end(event)
            return True
        return False

    def _deliver_end(self, event: Event) -> None:
        if isinstance(event, Finished):
            self.finished.emit()
        elif isinstance(event, Failed):
            if event.details:
                _LOGGER.error("a job failed: %s\n%s", event.message, event.details)
            self.failed.emit(Failure(event.kind, event.message, event.details))
        elif isinstance(event, WasCancelled | Superseded):
            self.cancelled.emit()
        self.closed.emit()


class EngineJobs(QObject):
    """The engine as the window sees it. Close it, and wait for ``ended``, before the application ends."""

    ended = Signal()
    _arrived = Signal(object)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        make_workshop: Callable[[], Workshop] = Workshop,
        grace_s: float = 5.0,
    ) -> None:
        super().__init__(parent)
        self._open: dict[int, EngineJob] = {}
        self._is_closed = False
        self._arrived.connect(self._deliver)
        self._engine = Engine(self._arrived.emit, make_workshop=make_workshop, grace_s=grace_s)

    def run(self, job: Job) -> EngineJob:
        """Hand a job to the engine and return its handle; connect to it before returning to the event loop.

        After ``close`` the job is cancelled at once.
        """
        if self._is_closed:
            never_run = EngineJob(self, 0)
            QTimer.singleShot(0, never_run, lambda: never_run.deliver(WasCancelled(0)))
            return never_run
        number = self._engine.submit(job)
        self._open[number] = EngineJob(self, number)
        return self._open[number]

    def cancel(self, number: int) -> None:
        """Ask for a job's end."""
        self._engine.cancel(number)

    @property
    def is_busy(self) -> bool:
        """Return whether any job is open."""
        return bool(self._open)

    def close(self) -> None:
        """Ask the engine to end; ``ended`` follows, after the last events of every open job."""
        self._is_closed = True
        self._engine.close()

    def join(self) -> None:
        """Wait until the engine has ended; for after ``ended``, and for tests."""
        self._engine.join()

    def _deliver(self, event: Event) -> None:
        if isinstance(event, Ended):
            self._engine.join()
            self.ended.emit()
            return
        handle = self._open.get(event.number)
        if handle is not None and handle.deliver(event):
            del self._open[event.number]
            handle.deleteLater()


class Task(Generic[Result]):
    """One callable on another thread. After ``cancel`` nothing more is heard of it."""

    def __init__(
        self,
        done: Callable[[Result], object],
        failed: Callable[[Failure], object],
        progressed: Callable[[Progress], object] | None,
    ) -> None:
        self._done = done
        self._failed = failed
        self._progressed = progressed
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask for the task's end."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Return whether the task was told to end."""
        return self._cancelled.is_set()

    def deliver_done(self, result: Result) -> None:
        """Pass the result on, in the GUI thread."""
        if not self.is_cancelled:
            self._done(result)

    def deliver_failed(self, failure: Failure) -> None:
        """Pass the failure on, in the GUI thread."""
        if not self.is_cancelled:
            self._failed(failure)

    def deliver_progress(self, progress: Progress) -> None:
        """Pass progress on, in the GUI thread."""
        if self._progressed is not None and not self.is_cancelled:
            self._progressed(progress)


class TaskRunner(QObject):
    """A few threads for tasks that read and write files. Close it before the application ends."""

    _arrived = Signal(object)

    def __init__(self, name: str, threads: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
        self._is_closed = False
        self._arrived.connect(self._deliver)

    def run(
        self,
        work: Callable[[ProgressCallback], Result],
        done: Callable[[Result], object],
        failed: Callable[[Failure], object],
        progressed: Callable[[Progress], object] | None = None,
    ) -> Task[Result]:
        """Run ``work`` on another thread, then one of ``done`` and ``failed`` in this one.

        After ``close`` nothing is run and nothing is delivered.
        """
        task = Task(done, failed, progressed)
        if self._is_closed:
            task.cancel()
            return task
        self._threads.submit(self._perform, work, task)
        return task

    def call(self, work: Callable[[], Result]) -> Result:
        """Run ``work`` on another thread, after what waits there, and wait for its result.

        Raises what ``work`` raises.
        """
        future: Future[Result] = self._threads.submit(work)
        return future.result()

    def close(self) -> None:
        """Drop what has not begun and wait for the rest."""
        self._is_closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _deliver(self, delivery: Callable[[], None]) -> None:
        if not self._is_closed:
            delivery()

    def _perform(self, work: Callable[[ProgressCallback], Result], task: Task[Result]) -> None:
        def report(progress: Progress) -> None:
            if task.is_cancelled:
                raise Cancelled
            self._arrived.emit(partial(task.deliver_progress, progress))

        if task.is_cancelled:
            return
        try:
            result = work(report)
        except Cancelled:
            return
        except Exception as error:  # noqa: BLE001 - this is the job runner
            self._arrived.emit(partial(task.deliver_failed, failure_of(error)))
        else:
            self._arrived.emit(partial(task.deliver_done, result))


def failure_of(error: Exception) -> Failure:
    """Return what to show for an error; a bug is logged with its traceback."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, GeolocdeskError):
        return Failure(error.kind, error.message)
    details = "".join(traceback.format_exception(error))
    _LOGGER.error("a task failed\n%s", details)
    return Failure("bug", f"{type(error).__name__}: {error}", details)
