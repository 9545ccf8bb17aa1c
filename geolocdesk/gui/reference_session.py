"""The reference pack in use: opening it in the engine, and its thumbnails."""

from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from geolocdesk.engine.jobs import OpenedPack, OpenPack
from geolocdesk.errors import PackError
from geolocdesk.gui.jobs import EngineJobs, Failure, TaskRunner
from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.reference.thumbnails import PackThumbnails
from geolocdesk.unavailable import Unavailable


class ReferenceState(Enum):
    """Whether photos can be analysed."""

    NONE = "no reference pack"
    OPENING = "opening"
    READY = "ready"
    FAILED = "failed"


class ReferenceSession(QObject):
    """One reference pack at a time, or none."""

    changed = Signal()
    """The state, the pack or the step of opening it is another one."""
    opened = Signal(object)
    """OpenedPack."""
    failed = Signal(object)
    """Failure: the pack could not be opened; the one before stays in use where there was one."""

    def __init__(self, engine: EngineJobs, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._tasks = tasks
        self._state = ReferenceState.NONE
        self._pack: OpenedPack | None = None
        self._thumbnails: PackThumbnails | None = None
        self._opening: Path | None = None
        self._step = ""
        self._failure: Failure | None = None

    @property
    def state(self) -> ReferenceState:
        """Return whether photos can be analysed."""
        return self._state

    @property
    def pack(self) -> OpenedPack | None:
        """Return the pack in use."""
        return self._pack

    @property
    def opening(self) -> Path | None:
        """Return the pack that is being opened."""
        return self._opening

    @property
    def step(self) -> str:
        """Return what is being done to open the pack, empty when nothing is."""
        return self._step

    @property
    def failure(self) -> Failure | None:
        """Return why the last pack could not be opened."""
        return self._failure

    @property
    def has_thumbnails(self) -> bool:
        """Return whether the pack in use was built with thumbnails."""
        return self._thumbnails is not None

    @property
    def verified_at(self) -> str | Unavailable:
        """Return when the pack in use was last verified whole."""
        return Unavailable.NOT_AVAILABLE if self._pack is None else self._pack.last_verified

    def open(self, folder: Path, *, model: str | None, device: str, workers: int) -> None:
        """Open a pack and its model in place of the ones in use."""
        self._opening = folder
        self._failure = None
        self._step = "Starting"
        self._set_state(ReferenceState.OPENING)
        job = self._engine.run(OpenPack(folder, model, device, workers))
        job.progressed.connect(self._show_step)
        job.produced.connect(self._take_in)
        job.failed.connect(self._refuse)
        job.closed.connect(self._end_step)

    def thumbnail(self, row: int, done: Callable[[bytes | None], None]) -> None:
        """Read the thumbnail (JPEG) of a row and hand it on; None where there is none."""
        thumbnails = self._thumbnails
        if thumbnails is None:
            done(None)
            return

        def read(_progress: ProgressCallback) -> bytes | None:
            return thumbnails.thumbnail(row)

        self._tasks.run(read, done, lambda _failure: done(None))

    def thumbnail_in(self, pack_id: str, row: int) -> bytes | None:
        """Return the JPEG of a reference photo, or None where this pack has none; may be called on any thread."""
        thumbnails = self._thumbnails
        if thumbnails is None or self._pack is None or pack_id != self._pack.pack_id:
            return None
        with suppress(PackError):  # an analysis is not lost because a thumbnail cannot be read
            return thumbnails.thumbnail(row)
        return None

    def close(self) -> None:
        """Close the thumbnails."""
        if self._thumbnails is not None:
            self._thumbnails.close()
            self._thumbnails = None

    def _show_step(self, progress: Progress) -> None:
        self._step = progress.task
        self.changed.emit()

    def _end_step(self) -> None:
        self._step = ""
        self.changed.emit()

    def _take_in(self, opened: object) -> None:
        if not isinstance(opened, OpenedPack):
            return
        self._pack = opened
        self._opening = None
        self.close()
        with suppress(PackError):  # the pack answers without pictures, too
            self._thumbnails = PackThumbnails.open(opened.folder, opened.manifest)
        self._set_state(ReferenceState.READY)
        self.opened.emit(opened)

    def _refuse(self, failure: Failure) -> None:
        self._opening = None
        self._failure = failure
        self._set_state(ReferenceState.FAILED if self._pack is None else ReferenceState.READY)
        self.failed.emit(failure)

    def _set_state(self, state: ReferenceState) -> None:
        self._state = state
        self.changed.emit()
