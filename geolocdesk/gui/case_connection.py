"""The one connection to the open case, on a thread of its own.

A durable write waits for the disk, and the window must not. ``attempt`` is waited for: what the user does is on
the disk before it is shown. ``run`` goes on meanwhile and tells what came of it on the GUI thread.
"""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from geolocdesk.casefile.case import Case
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.errors import CaseError, GeolocdeskError
from geolocdesk.gui.jobs import Failure, TaskRunner, failure_of

Returned = TypeVar("Returned")


class CaseConnection(QObject):
    """Holds one case at a time, or none."""

    failed = Signal(object)
    """Failure: what could not be read or written; the case is as it was before."""

    _trouble = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread = TaskRunner("case", threads=1, parent=self)
        self._case: CaseReader | None = None
        self._trouble.connect(self.failed)

    @property
    def case(self) -> CaseReader | None:
        """Return the case, to be worked on only by what ``run`` and ``attempt`` are given."""
        return self._case

    def reader(self) -> CaseReader:
        """Return the case to read from. Raises CaseError where none is open."""
        if self._case is None:
            message = "No case is open. Open one, or add photos to begin a new one."
            raise CaseError(message)
        return self._case

    def writer(self) -> Case:
        """Return the case to write to. Raises CaseError where none is open, or only for reading."""
        case = self.reader()
        if not isinstance(case, Case):
            message = "The case is open for reading only, so it cannot be changed."
            raise CaseError(message)
        return case

    def exchange(self, opening: Callable[[], CaseReader]) -> bool:
        """Open a case in place of the one before, which stays open where that fails; return whether it went well."""

        def work() -> CaseReader:
            opened = opening()
            self._let_go()
            self._case = opened
            return opened

        return self.attempt(work) is not None

    def release(self) -> None:
        """Let go of the case, after what is still being written."""
        self._thread.call(self._let_go)

    def close(self) -> None:
        """End the thread; the connection cannot be used after that."""
        self._thread.close()

    def attempt(self, work: Callable[[], Returned]) -> Returned | None:
        """Work on the case and wait for it; None, and ``failed``, where that is not possible."""
        try:
            return self._thread.call(work)
        except GeolocdeskError as error:
            self.failed.emit(failure_of(error))
            return None

    def run(
        self,
        work: Callable[[], Returned],
        done: Callable[[Returned], object],
        failed: Callable[[Failure], object] | None = None,
    ) -> None:
        """Work on the case meanwhile; what comes of it is not heard of where another case is open by then."""
        case = self._case

        def deliver(result: Returned) -> None:
            if self._case is case:
                done(result)

        def refuse(failure: Failure) -> None:
            if self._case is case:
                (failed or self.failed.emit)(failure)

        self._thread.run(lambda _progress: work(), deliver, refuse)

    def report(self, error: GeolocdeskError) -> None:
        """Tell of something that went wrong beside the work itself; may be called on the case's thread."""
        self._trouble.emit(failure_of(error))

    def _let_go(self) -> None:
        if self._case is not None:
            self._case.close()
            self._case = None
