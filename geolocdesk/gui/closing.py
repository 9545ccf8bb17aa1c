"""Leaving a case and ending the program: asked about while something runs, and always in order."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from geolocdesk.gui.questions import ask_to_stop

if TYPE_CHECKING:
    from geolocdesk.gui.main_window import MainWindow


class Closing(QObject):
    """Stops what runs, keeps what is finished, and lets the window go."""

    finished = Signal()
    """Every engine, thread and connection has ended."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._is_ending = False

    @property
    def is_ending(self) -> bool:
        """Return whether the window is on its way out."""
        return self._is_ending

    def may_stop(self) -> bool:
        """Ask about what still works on the open case; return whether it may be left."""
        window = self._window
        if window.session.current is None or not (window.desk.is_running or window.reports.is_busy):
            return True
        if not ask_to_stop(window, "An analysis" if window.desk.is_running else "Writing a report"):
            return False
        window.workspace.photo.flush_note()
        window.desk.settle()
        window.desk.stop()
        window.reports.stop()
        return True

    def may_end(self) -> bool:
        """Ask about what runs and what was never saved, and stop it; return whether the window may close."""
        running = self._what_runs()
        if running and not ask_to_stop(self._window, running):
            return False
        window = self._window
        window.workspace.photo.flush_note()
        window.desk.settle()
        self._stop_everything()
        return window.cases.leave()

    def end_without_asking(self) -> None:
        """End everything in order and keep an untitled case for later; for a window nobody sits at."""
        if self._is_ending:
            return
        self._stop_everything()
        self.end()

    def end(self) -> None:
        """End the engines first, since what they still deliver belongs into the case; ``finished`` follows."""
        window = self._window
        self._is_ending = True
        window.setEnabled(False)
        window.board.show("open", "Ending")
        window.references.workbench_ended.connect(window.reports.close)
        window.reports.ended.connect(window.drawing.close)
        window.drawing.ended.connect(window.engine.close)
        window.engine.ended.connect(self._finish)
        window.references.close()

    def _what_runs(self) -> str:
        window = self._window
        if window.references.is_busy:
            return "Work on a reference pack"
        if window.reports.is_busy:
            return "Writing a report"
        if window.desk.is_running:
            return "An analysis"
        return "Adding photos" if window.cases.adding.is_running else ""

    def _stop_everything(self) -> None:
        window = self._window
        window.references.cancel()
        window.reports.stop()
        window.cases.adding.stop()
        window.desk.stop()

    def _finish(self) -> None:
        window = self._window
        window.cases.adding.close()
        window.display.close()
        window.session.shut_down()
        window.reference.close()
        window.tasks.close()
        window.hide()
        QTimer.singleShot(0, self, self.finished.emit)
