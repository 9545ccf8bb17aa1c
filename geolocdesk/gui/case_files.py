"""Cases as files, and photos into them: new, open, recent, save as, drop, paste, the practice case."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.casefile.opening import CASE_SUFFIX
from geolocdesk.gui.adding import AddingRun, AddingSummary
from geolocdesk.gui.case_dialog import CaseDialog
from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.job_board import JobBoard
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.open_case import OpenCase
from geolocdesk.gui.questions import Unsaved, ask_about_unsaved
from geolocdesk.gui.text_dialog import TableDialog
from geolocdesk.paths import UserFolders
from geolocdesk.practice.prepared import PreparedPractice
from geolocdesk.progress import Progress
from geolocdesk.settings import Settings, with_recent_case
from geolocdesk.visible_text import visible_text

_CASE_FILTER = f"Cases (*{CASE_SUFFIX});;All files (*)"
_PRACTICE_TITLE = "Practice case (synthetic)"


class CaseFiles(QObject):
    """Opens, makes and saves cases, and takes photos into the open one."""

    settings_changed = Signal(object)
    """Settings."""
    photos_added = Signal(object)
    """AddingSummary."""

    def __init__(
        self,
        window: QWidget,
        session: CaseSession,
        *,
        folders: UserFolders,
        settings: Callable[[], Settings],
        notices: NoticeBar,
        board: JobBoard,
        may_stop: Callable[[], bool],
    ) -> None:
        """``may_stop`` asks the user about what still runs in the open case, and stops it."""
        super().__init__(window)
        self._may_stop = may_stop
        self._window = window
        self._session = session
        self._folders = folders
        self._settings = settings
        self._notices = notices
        self._board = board
        self.adding = AddingRun(session, self, keep_originals=lambda: settings().keep_originals)
        self.adding.progressed.connect(self._show_adding)
        self.adding.note_wanted.connect(session.write_note)
        self.adding.ended.connect(self._show_added)
        session.opened.connect(self._remember)

    # Cases

    def new(self) -> bool:
        """Ask for details and a file name, and begin a new case there."""
        settings = self._settings()
        details = CaseDetails(title="", examiner=settings.examiner, organisation=settings.organisation)
        dialog = CaseDialog("New case", "Choose where to save it …", details, self._window)
        if dialog.exec() != CaseDialog.DialogCode.Accepted:
            return False
        path = self._ask_for_name("New case", dialog.details.title, may_replace=False)
        if path is None or not (self._may_stop() and self.leave()):
            return False
        return self._session.create(path, dialog.details)

    def choose_and_open(self) -> None:
        """Ask for a case file and open it."""
        recent = self._settings().recent_cases
        start = str(Path(recent[0]).parent) if recent else ""
        chosen, _kind = QFileDialog.getOpenFileName(self._window, "Open case", start, _CASE_FILTER)
        if chosen:
            self.open(Path(chosen))

    def open(self, path: Path) -> bool:
        """Open a case file in place of the one that is open."""
        current = self._session.current
        if current is not None and _same_file(path, current.path):
            return True
        return self._may_stop() and self.leave() and self._session.open(path)

    def save_as(self) -> bool:
        """Ask for details and a name, and go on in a copy of that name; return whether it was saved."""
        current = self._session.current
        if current is None:
            return False
        details = None
        if current.untitled:
            settings = self._settings()
            known = current.details
            shown = CaseDetails(
                title="",
                examiner=known.examiner or settings.examiner,
                organisation=known.organisation or settings.organisation,
            )
            dialog = CaseDialog("Save case", "Choose where to save it …", shown, self._window)
            if dialog.exec() != CaseDialog.DialogCode.Accepted:
                return False
            details = dialog.details
        title = current.details.title if details is None else details.title
        path = self._ask_for_name("Save case as", title)
        if path is None:
            return False
        if not self._session.save_as(path, details):
            return False
        self._notices.show_passing("info", f"Saved as {visible_text(str(path))}.")
        return True

    def edit_details(self) -> None:
        """Ask for the open case's details."""
        current = self._session.current
        if current is None:
            return
        dialog = CaseDialog("Case details", "Save", current.details, self._window)
        if dialog.exec() == CaseDialog.DialogCode.Accepted and dialog.details != current.details:
            self._session.set_details(dialog.details)

    def leave(self) -> bool:
        """Make ready to close the open case; return False where the user wants to stay."""
        current = self._session.current
        if current is None:
            return True
        self.adding.stop()
        if not current.untitled:
            return True
        count = self._session.read(lambda case: case.info().exhibits) or 0
        if not self._session.has_content():
            self._session.discard()
            return True
        answer = ask_about_unsaved(self._window, count)
        if answer is Unsaved.SAVE:
            return self.save_as()
        if answer is Unsaved.DISCARD:
            self._session.discard()
        return answer is not Unsaved.CANCEL

    def close(self) -> bool:
        """Close the open case; return False where the user wants to keep it open."""
        if not (self._may_stop() and self.leave()):
            return False
        self._session.close()
        return True

    def recover(self) -> bool:
        """Open the newest case that was never saved, such as after a crash; return whether there was one."""
        for path in self._session.unsaved_cases():
            if not self._session.open(path):
                continue
            if self._session.has_content():
                self._notices.show_passing(
                    "info",
                    "This case was not saved under a name the last time. Everything it showed is here.",
                    "Save as …",
                    self.save_as,
                )
                return True
            self._session.discard()
        return False

    def open_practice(self, prepared: PreparedPractice) -> bool:
        """Open the practice case, making it where it is missing; return whether its photos are still to be added."""
        path = self._folders.practice / f"practice{CASE_SUFFIX}"
        if path.is_file():
            return not self.open(path)
        if not (self._may_stop() and self.leave()):
            return False
        remarks = "Drawn photos of an imaginary world. Nothing here shows a real place."
        if self._session.create(path, CaseDetails(title=_PRACTICE_TITLE, remarks=remarks)):
            self.add(prepared.queries)
            return True
        return False

    # Photos

    def choose_photos(self) -> None:
        """Ask for photos and add them."""
        chosen, _kind = QFileDialog.getOpenFileNames(self._window, "Add photos")
        if chosen:
            self.add([Path(name) for name in chosen])

    def choose_folder(self) -> None:
        """Ask for a folder and add the photos in it and below."""
        chosen = QFileDialog.getExistingDirectory(self._window, "Add folder")
        if chosen:
            self.add([Path(chosen)])

    def add(self, paths: Sequence[Path], note: str = "") -> None:
        """Add files and folders to the open case, beginning one where none is open."""
        current = self._session.current
        if current is None:
            settings = self._settings()
            if not self._session.create_untitled(settings.examiner, settings.organisation):
                return
        elif current.read_only:
            self._notices.show_passing("warning", "The case is open for reading only; nothing was added.")
            return
        self.adding.start(paths, note)

    def take(self, data: QMimeData) -> bool:
        """Add what was dropped or pasted; return whether there was anything to add."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        cases = [path for path in paths if path.suffix == CASE_SUFFIX]
        if cases:
            self.open(cases[0])
            return True
        if paths:
            self.add(paths)
            return True
        if data.hasImage():
            return self._add_picture(QImage(data.imageData()))
        return False

    def paste(self) -> None:
        """Add the files or the picture in the clipboard."""
        if not self.take(QGuiApplication.clipboard().mimeData()):
            self._notices.show_passing("info", "The clipboard holds neither files nor a picture.")

    def _add_picture(self, picture: QImage) -> bool:
        """Save a picture without a file beside the case, and add that with a note on where it comes from."""
        if picture.isNull():
            return False
        now = utc_clock()
        folder = self._folder_beside_case()
        path = folder / f"pasted {now:%Y-%m-%d %H.%M.%S}.png"
        folder.mkdir(parents=True, exist_ok=True)
        if not picture.save(str(path)):
            self._notices.show_passing(
                "danger", f"The picture could not be saved to {visible_text(str(path))}."
            )
            return True
        self.add(
            [path],
            f"Pasted from the clipboard at {now:%Y-%m-%d %H:%M:%S} UTC and saved as {path.name}. The file it came "
            "from, and what that file says about itself, are not known.",
        )
        return True

    def _folder_beside_case(self) -> Path:
        current = self._session.current
        if current is None or current.untitled:
            return self._folders.cases / "pasted pictures"
        return current.path.with_name(f"{current.path.stem} pasted pictures")

    # Showing

    def _remember(self, opened: OpenCase) -> None:
        if not opened.untitled:
            self.settings_changed.emit(with_recent_case(self._settings(), opened.path))

    def _ask_for_name(self, title: str, suggestion: str, *, may_replace: bool = True) -> Path | None:
        recent = self._settings().recent_cases
        folder = Path(recent[0]).parent if recent else Path.home()
        name = "".join(
            character if character.isalnum() or character in " -_" else "-" for character in suggestion
        )
        options = QFileDialog.Option(0)
        if not may_replace:  # a new case never takes an older one's place; making it says so
            options = QFileDialog.Option.DontConfirmOverwrite
        chosen, _kind = QFileDialog.getSaveFileName(
            self._window,
            title,
            str(folder / f"{name or 'case'}{CASE_SUFFIX}"),
            _CASE_FILTER,
            options=options,
        )
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix == CASE_SUFFIX else path.with_name(path.name + CASE_SUFFIX)

    def _show_adding(self, progress: Progress) -> None:
        text = f"{progress.task} {progress.done:,} of {progress.total:,}" if progress.total else progress.task
        self._board.show("add", text, progress.done, progress.total, self.adding.stop)

    def _show_added(self, summary: AddingSummary) -> None:
        text = summary.text()
        self._board.end("add", text)
        if summary.duplicates:
            self._notices.show_passing(
                "info", text, "Show duplicates", lambda: self._show_duplicates(summary)
            )
        elif summary.unreadable or not summary.added:
            self._notices.show_passing("warning" if summary.unreadable else "info", text)
        self.photos_added.emit(summary)

    def _show_duplicates(self, summary: AddingSummary) -> None:
        rows = [(f"Exhibit {number}", visible_text(str(path))) for path, number in summary.duplicates]
        TableDialog(
            "Duplicates", "These files have the same content as a photo of the case.", rows, self._window
        ).exec()


def utc_clock() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def _same_file(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:
        return False
