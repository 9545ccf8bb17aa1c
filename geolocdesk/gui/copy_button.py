"""A button that puts one text on the clipboard and says so."""

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QToolButton, QWidget

from geolocdesk.gui.icons import icon

_CONFIRMATION_MS = 1200
_ICON_PX = 14


class CopyButton(QToolButton):
    """Copies ``text``; shows a tick for a moment afterwards."""

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        """Make a button that copies ``what``, a noun for tooltip and screen reader."""
        super().__init__(parent)
        self._text = ""
        self._what = what
        self._confirmation = QTimer(self)
        self._confirmation.setSingleShot(True)
        self._confirmation.setInterval(_CONFIRMATION_MS)
        self._confirmation.timeout.connect(self._show_ready)
        self.setProperty("role", "copy")  # lower than other buttons: it stands in lines of text
        self.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.setAccessibleName(f"Copy {what}")
        self.clicked.connect(self.copy)
        self._show_ready()

    def set_text(self, text: str) -> None:
        """Copy this from now on; disabled while there is nothing to copy."""
        self._text = text
        self.setEnabled(bool(text))
        self._confirmation.stop()
        self._show_ready()

    def copy(self) -> None:
        """Put the text on the clipboard."""
        QGuiApplication.clipboard().setText(self._text)
        self.setIcon(icon("check", "success"))
        self.setToolTip("Copied")
        self._confirmation.start()

    def _show_ready(self) -> None:
        self.setIcon(icon("copy", "muted"))
        self.setToolTip(f"Copy {self._what}")
