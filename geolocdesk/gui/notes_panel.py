"""The examiner's notes on one photo."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.gui.theme import SPACE, set_role

PAUSE_MS = 800
"""Notes are handed on when typing has paused for this long, at the latest when the photo changes."""


class NotesPanel(QWidget):
    """Edits the note of one photo at a time; never loses the last words when another is selected."""

    note_changed = Signal(str, str)
    """The photo's key as given to ``show_note``, and the whole new text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._key: str | None = None
        self._handed_on = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.flush)
        self._empty = Placeholder()
        self._empty.show_message("note", "No photo selected", "Select a photo to write notes on it.")
        self._editor = QPlainTextEdit()
        self._editor.setPlaceholderText("What you see: signs, plates, plants, buildings, the sun …")
        self._editor.setAccessibleName("Notes on this photo")
        self._editor.setTabChangesFocus(True)
        self._editor.textChanged.connect(self._note_typing)
        self._editor.installEventFilter(self)
        self._status = QLabel()
        self._status.setAccessibleName("State of the notes")
        set_role(self._status, "caption")
        self._page = QWidget()
        self._lay_out()
        self.show_nothing()

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        hint = QLabel("Notes are stored in the case and printed in its report.")
        hint.setWordWrap(True)
        set_role(hint, "caption")
        foot.addWidget(hint, stretch=1)
        foot.addWidget(self._status, alignment=Qt.AlignmentFlag.AlignRight)
        page = QVBoxLayout(self._page)
        page.setContentsMargins(SPACE.medium, SPACE.medium, SPACE.medium, SPACE.small)
        page.setSpacing(SPACE.small)
        page.addWidget(self._editor, stretch=1)
        page.addLayout(foot)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._empty)
        layout.addWidget(self._page)

    def show_nothing(self) -> None:
        """Hand on what is pending and show that no photo is selected."""
        self.flush()
        self._key = None
        self._page.hide()
        self._empty.show()

    def show_note(self, key: str, text: str) -> None:
        """Show the note of the photo with this key.

        While the same photo stays selected, a text that only echoes what was handed on leaves the cursor
        where it is, and one that arrives while typing goes on is not allowed to undo the typing.
        """
        if key == self._key and (self._pause.isActive() or text == self._editor.toPlainText()):
            return
        self.flush()
        self._key = key
        self._handed_on = text
        self._editor.blockSignals(True)
        self._editor.setPlainText(text)
        self._editor.blockSignals(False)
        self._status.clear()
        self._empty.hide()
        self._page.show()

    def text(self) -> str:
        """Return the text as it is in the editor."""
        return self._editor.toPlainText()

    def state_text(self) -> str:
        """Return what it says about the note being saved."""
        return self._status.text()

    def confirm_saved(self, key: str) -> None:
        """Say that the note of this photo, as it was handed on, is in the case."""
        if key == self._key and not self._pause.isActive():
            self._status.setText("Saved")

    def flush(self) -> None:
        """Hand on now what was typed since the last time."""
        self._pause.stop()
        text = self._editor.toPlainText()
        if self._key is None or text == self._handed_on:
            return
        self._handed_on = text
        self.note_changed.emit(self._key, text)

    def focus_editor(self) -> None:
        """Put the cursor into the text."""
        self._editor.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hand the text on when the editor loses the focus."""
        if watched is self._editor and event.type() == QEvent.Type.FocusOut:
            self.flush()
        return super().eventFilter(watched, event)

    def _note_typing(self) -> None:
        self._status.setText("Not saved yet")
        self._pause.start()
