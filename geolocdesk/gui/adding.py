"""Taking photos into the case: expanded, hashed, described and reduced off the GUI thread, one after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from geolocdesk.analysis import AnalysisFailure
from geolocdesk.engine.jobs import utc_now
from geolocdesk.errors import EvidenceError
from geolocdesk.evidence.decoder import TakenIn
from geolocdesk.evidence.intake import Intake, expand_paths
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.jobs import Failure, Task, TaskRunner
from geolocdesk.gui.open_case import Added
from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.quantities import count_text

KEPT_PICTURE = Rendition(long_side_px=1024, resample="bilinear", jpeg_scaling=True, encoding="jpeg")
"""What a case keeps of each photo, so that lists and reports can show it without the original."""


@dataclass(slots=True)
class AddingSummary:
    """What became of the photos that were to be added."""

    added: int = 0
    known: int = 0
    """Were in the case already, from the same path."""
    duplicates: list[tuple[Path, int]] = field(default_factory=list)
    """Were not added: another exhibit has the same content."""
    unreadable: int = 0
    stopped: bool = False

    def text(self) -> str:
        """Return the summary as one sentence."""
        parts = []
        if self.added:
            parts.append(f"{count_text(self.added, 'photo')} added")
        if self.duplicates:
            parts.append(f"{count_text(len(self.duplicates), 'duplicate')} recognised and left out")
        if self.known:
            parts.append(f"{self.known:,} in the case already")
        if self.unreadable:
            parts.append(f"{self.unreadable:,} unreadable, listed with the reason")
        if self.stopped:
            parts.append("stopped before the rest")
        return f"{', '.join(parts)}." if parts else "No photos were found there."

    def duplicates_text(self) -> str:
        """Return one line a duplicate."""
        return "\n".join(
            f"{path} has the same content as exhibit {number}" for path, number in self.duplicates
        )


class AddingRun(QObject):
    """Adds photos to the case that is open, however many calls ask for it, in their order."""

    started = Signal()
    progressed = Signal(object)
    """Progress."""
    note_wanted = Signal(int, str)
    """An exhibit just added, and the note that belongs to it."""
    ended = Signal(object)
    """AddingSummary; every photo it counts is in the case and on the disk."""

    _arrived = Signal(object)

    def __init__(
        self,
        session: CaseSession,
        parent: QObject | None = None,
        *,
        keep_originals: Callable[[], bool] = bool,
    ) -> None:
        """``keep_originals`` tells whether the case is to hold a copy of each file."""
        super().__init__(parent)
        self._session = session
        self._keep_originals = keep_originals
        self._thread = TaskRunner("adding", threads=1, parent=self)
        self._intake = Intake(workers=1)
        self._task: Task[None] | None = None
        self._queue: list[tuple[tuple[Path, ...], str]] = []
        self._note = ""
        self._summary = AddingSummary()
        self._unanswered = 0
        self._token = object()
        self._arrived.connect(self._take_in)
        session.opened.connect(self.abandon)
        session.closed.connect(self.abandon)

    @property
    def is_running(self) -> bool:
        """Return whether photos are being added."""
        return self._task is not None or self._unanswered > 0

    def start(self, paths: Sequence[Path], note: str = "") -> None:
        """Add these files and folders, with the same ``note`` on each photo where there is one."""
        self._queue.append((tuple(paths), note))
        if not self.is_running:
            self._summary = AddingSummary()
            self.started.emit()
            self._next()

    def stop(self) -> None:
        """End after the photo that is being read; what was added stays."""
        if not self.is_running:
            return
        self._queue.clear()
        self._summary.stopped = True
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._end_if_done()

    def abandon(self) -> None:
        """Forget the run: its case is no longer open, and nothing answers for it any more."""
        self.stop()
        if self._unanswered:
            self._unanswered = 0
            self._end_if_done()

    def close(self) -> None:
        """End the thread and the decoding process."""
        self.stop()
        self._intake.close()
        self._thread.close()

    def _next(self) -> None:
        paths, self._note = self._queue.pop(0)

        def work(progress: ProgressCallback) -> None:
            progress(Progress("Looking for photos", 0, None))
            files = tuple(expand_paths(paths))
            taken_in = self._intake.take_in_all(files, [KEPT_PICTURE], clock=utc_now)
            for done, taken in enumerate(taken_in, start=1):
                progress(Progress("Reading photos", done, len(files)))
                self._arrived.emit((token, taken))

        token = object()
        self._token = token
        self._task = self._thread.run(work, self._finish_reading, self._fail, self.progressed.emit)

    def _finish_reading(self, _nothing: None) -> None:
        self._task = None
        if self._queue:
            self._next()
        else:
            self._end_if_done()

    def _fail(self, failure: Failure) -> None:
        self._session.failed.emit(failure)
        self._finish_reading(None)

    def _take_in(self, arrived: tuple[object, TakenIn | EvidenceError]) -> None:
        token, taken = arrived
        if self._task is None or token is not self._token:
            return  # it was stopped meanwhile
        self._unanswered += 1
        if isinstance(taken, EvidenceError):
            failure = AnalysisFailure(taken.path, taken.kind, taken.message)
            self._session.recording.record_failure(
                failure, None, lambda _entry: self._count_unreadable(), self._give_up
            )
            return
        jpeg = taken.pictures[0].tobytes()
        path, note = taken.record.path, self._note
        self._session.recording.add_photo(
            taken.record,
            jpeg,
            lambda added: self._count(added, path, note),
            self._give_up,
            keep_original=self._keep_originals(),
        )

    def _give_up(self) -> None:
        """End where the case cannot be written: the next photo would fare no better."""
        self._unanswered -= 1
        if self._task is not None:
            self.stop()
        else:
            self._end_if_done()

    def _count_unreadable(self) -> None:
        self._summary.unreadable += 1
        self._answer()

    def _count(self, added: Added, path: Path, note: str) -> None:
        if added.duplicate_of is not None:
            self._summary.duplicates.append((path, added.duplicate_of))
        elif added.is_new:
            self._summary.added += 1
            if note:
                self.note_wanted.emit(added.entry.number, note)
        else:
            self._summary.known += 1
        self._answer()

    def _answer(self) -> None:
        self._unanswered -= 1
        self._end_if_done()

    def _end_if_done(self) -> None:
        if not self.is_running and not self._queue:
            self.ended.emit(self._summary)
