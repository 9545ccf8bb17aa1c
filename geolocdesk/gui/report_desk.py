"""Reports from the window: asked for in a dialog, written in an engine of their own."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.job_board import JobBoard
from geolocdesk.gui.jobs import EngineJob, EngineJobs, Failure
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.report_dialog import ReportDialog
from geolocdesk.gui.report_job import WriteReport
from geolocdesk.progress import Progress
from geolocdesk.reporting.formats import PDF, ReportFormat
from geolocdesk.reporting.report import ReportContents
from geolocdesk.visible_text import visible_text


class ReportDesk(QObject):
    """Writes one report at a time, from the case as it is on the disk."""

    ended = Signal()
    """The engine of the reports is gone."""

    def __init__(
        self,
        window: QWidget,
        session: CaseSession,
        *,
        selected: Callable[[], list[int]],
        notices: NoticeBar,
        board: JobBoard,
        make_engine: Callable[[], EngineJobs] = EngineJobs,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._selected = selected
        self._notices = notices
        self._board = board
        self._make_engine = make_engine
        self._engine: EngineJobs | None = None
        self._job: EngineJob | None = None
        self._dialog: ReportDialog | None = None
        self._previews = tempfile.TemporaryDirectory(prefix="geolocdesk-preview-")

    @property
    def is_busy(self) -> bool:
        """Return whether a report is being written."""
        return self._job is not None

    def ask(self, format_name: str = PDF.name) -> None:
        """Open the dialog with this format chosen."""
        current = self._session.current
        if current is None or self._dialog is not None:
            return
        numbers = frozenset(self._selected())
        count = self._session.read(lambda case: case.info().exhibits) or 0
        title = visible_text(current.details.title) or visible_text(current.path.stem)
        self._dialog = ReportDialog(title, count, numbers, self._window)
        self._dialog.choose_format(format_name)
        self._dialog.preview_wanted.connect(self._preview)
        self._dialog.save_wanted.connect(self._save)
        self._dialog.finished.connect(self._close_dialog)
        self._dialog.open()

    def stop(self) -> None:
        """Give up the report that is being written; nothing half-written is left."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """End the engine; ``ended`` follows."""
        if self._dialog is not None:
            self._dialog.reject()
        self._previews.cleanup()
        if self._engine is None:
            self.ended.emit()
        else:
            self._engine.close()

    def _preview(self, contents: ReportContents) -> None:
        if self._dialog is not None:
            self._dialog.release_preview()
        path = Path(self._previews.name) / "preview.pdf"
        self._write(PDF, path, contents, self._show_preview)

    def _save(self, chosen: ReportFormat, contents: ReportContents) -> None:
        current = self._session.current
        if current is None:
            return
        suggestion = current.path.with_suffix(chosen.suffix)
        if current.untitled:
            suggestion = Path.home() / f"report{chosen.suffix}"
        name, _kind = QFileDialog.getSaveFileName(
            self._dialog, f"Save as {chosen.title}", str(suggestion), f"{chosen.title} (*{chosen.suffix})"
        )
        if name:
            path = Path(name)
            path = path if path.suffix else path.with_suffix(chosen.suffix)
            self._write(chosen, path, contents, partial(self._show_saved, path))

    def _write(
        self, chosen: ReportFormat, path: Path, contents: ReportContents, done: Callable[[], None]
    ) -> None:
        current = self._session.current
        if current is None or self._job is not None:
            return
        if self._engine is None:
            self._engine = self._make_engine()
            self._engine.setParent(self)
            self._engine.ended.connect(self.ended)
        self._job = self._engine.run(WriteReport(current.path, chosen.name, path, contents))
        self._show_progress(Progress("Starting", 0, None))
        self._job.progressed.connect(self._show_progress)
        self._job.finished.connect(done)
        self._job.failed.connect(self._show_failure)
        self._job.cancelled.connect(lambda: self._show_failure(Failure("cancelled", "It was stopped.")))
        self._job.closed.connect(self._end)

    def _show_progress(self, progress: Progress) -> None:
        text = (
            f"Writing the report {progress.done:,} of {progress.total:,}"
            if progress.total
            else "Writing the report"
        )
        self._board.show("report", text, progress.done, progress.total, self.stop)
        if self._dialog is not None:
            self._dialog.show_progress(progress)

    def _show_preview(self) -> None:
        if self._dialog is not None:
            self._dialog.show_preview(Path(self._previews.name) / "preview.pdf")

    def _show_saved(self, path: Path) -> None:
        if self._dialog is not None:
            self._dialog.show_saved(path)
        self._notices.show_passing(
            "info",
            f"The report is written: {visible_text(str(path))}",
            "Open",
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))),
        )

    def _show_failure(self, failure: Failure) -> None:
        if self._dialog is not None:
            self._dialog.show_failure(failure.message)
        else:
            self._notices.show_passing("danger", failure.message)

    def _end(self) -> None:
        self._job = None
        self._board.end("report")

    def _close_dialog(self) -> None:
        if self._dialog is not None:
            self._dialog.release_preview()
            self._dialog.deleteLater()
            self._dialog = None
