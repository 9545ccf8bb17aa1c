"""What the user does with single photos: notes, tags, removal, and looking them up elsewhere."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QUndoStack
from PySide6.QtWidgets import QWidget

from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.change import Change
from geolocdesk.gui.evidence_model import EvidenceModel
from geolocdesk.gui.exhibit_display import ExhibitDisplay
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.tags_dialog import TagsDialog
from geolocdesk.gui.workspace import Workspace
from geolocdesk.quantities import count_text

Item = TypeVar("Item")


class PhotoDesk(QObject):
    """Changes that can be undone, each on the disk before it is shown."""

    def __init__(
        self,
        window: QWidget,
        session: CaseSession,
        *,
        model: EvidenceModel,
        workspace: Workspace,
        display: ExhibitDisplay,
        notices: NoticeBar,
        undo: QUndoStack,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._model = model
        self._panels = workspace
        self._display = display
        self._notices = notices
        self._undo = undo
        workspace.photo.note_changed.connect(self._write_note)

    def remove_selected(self) -> None:
        """Take the selected photos off the list."""
        numbers = self._panels.evidence.selected()
        if not numbers or not self._session.can_change:
            return
        name = f"exhibit {numbers[0]}" if len(numbers) == 1 else count_text(len(numbers), "photo")
        self._undo.push(
            Change(
                f"Remove {name}",
                lambda: each(self._session.remove, numbers),
                lambda: each(self._session.restore, numbers),
            )
        )
        self._notices.show_passing("info", f"Removed {name}.", "Undo", self._undo.undo)

    def open_note(self) -> None:
        """Put the cursor into the current photo's note."""
        self._panels.docks["photo"].reveal()
        self._panels.photo.open_notes()

    def edit_tags(self) -> None:
        """Ask for the selected photos' tags."""
        entries = [
            entry
            for number in self._panels.evidence.selected()
            if (entry := self._model.entry(number)) is not None
        ]
        if not entries:
            return
        common = frozenset.intersection(*(frozenset(entry.tags) for entry in entries))
        dialog = TagsDialog(len(entries), tuple(common), self._model.tags(), self._window)
        if dialog.exec() != TagsDialog.DialogCode.Accepted:
            return
        before = [(entry.number, entry.tags) for entry in entries]
        after = [(number, dialog.changed(tags)) for number, tags in before]
        self._undo.push(
            Change(
                f"Set tags of {count_text(len(entries), 'photo')}",
                lambda: each(lambda pair: self._session.set_tags(*pair), after),
                lambda: each(lambda pair: self._session.set_tags(*pair), before),
            )
        )

    def copy_hashes(self) -> None:
        """Put the selected photos' SHA-256 into the clipboard, one a line."""
        entries = [self._model.entry(number) for number in self._panels.evidence.selected()]
        hashes = [str(entry.sha256) for entry in entries if entry is not None]
        if hashes:
            QGuiApplication.clipboard().setText("\n".join(hashes))
            self._notices.show_passing("info", f"{count_text(len(hashes), 'hash', 'hashes')} copied.")

    def show_file(self) -> None:
        """Open the current photo's folder in the system's file manager."""
        entry = self._model.entry(self._display.number)
        if entry is not None:
            open_folder(entry.path.parent)

    def _write_note(self, key: str, text: str) -> None:
        number = int(key)
        notes = self._session.read(lambda case: [note.text for note in case.notes(number)])
        if notes is None:
            return
        earlier = notes[-1] if notes else ""
        if earlier != text:
            self._undo.push(
                Change(
                    f"Note on exhibit {number}",
                    lambda: self._show_written(number, text),
                    lambda: self._show_written(number, earlier),
                )
            )

    def _show_written(self, number: int, text: str) -> bool:
        written = self._session.write_note(number, text)
        if written and number == self._display.number:
            self._panels.photo.show_note(str(number), text)
        return written


def each(act: Callable[[Item], bool], items: Iterable[Item]) -> bool:
    """Do it with every item, whatever becomes of the others; return whether all went well."""
    return all([act(item) for item in items])  # noqa: C419 - a generator would stop at the first failure


def open_folder(folder: Path) -> None:
    """Show a folder in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
