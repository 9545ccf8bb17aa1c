"""A tinted box with an icon and a sentence, for what must not be overlooked."""

from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from geolocdesk.gui.icons import Tint, icon
from geolocdesk.gui.theme import SPACE, is_restyling

CalloutKind = Literal["info", "warning", "danger"]

_ROLES: dict[CalloutKind, str] = {"info": "banner-info", "warning": "banner", "danger": "banner-danger"}
_DRAWINGS: dict[CalloutKind, tuple[str, Tint]] = {
    "info": ("info", "busy"),
    "warning": ("warning", "warning"),
    "danger": ("error", "danger"),
}
_ICON_PX = 16


class Callout(QFrame):
    """Shows one plain text, whatever it holds; hidden while it is empty."""

    def __init__(self, kind: CalloutKind, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind: CalloutKind = kind
        self.setProperty("role", _ROLES[kind])
        self._icon = QLabel()
        self._label = QLabel()
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setWordWrap(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE.medium, SPACE.small, SPACE.medium, SPACE.small)
        layout.setSpacing(SPACE.small)
        layout.addWidget(self._icon, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._label, stretch=1)
        self._draw_icon()
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show this text, or hide when there is none."""
        self._label.setText(text)
        self.setAccessibleName(text or "Remark")
        self.setVisible(bool(text))

    def text(self) -> str:
        """Return what it says."""
        return self._label.text()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icon in the new colours."""
        super().changeEvent(event)
        if is_restyling(event):
            self._draw_icon()

    def _draw_icon(self) -> None:
        size = QSize(_ICON_PX, _ICON_PX)
        self._icon.setPixmap(icon(*_DRAWINGS[self._kind]).pixmap(size, self.devicePixelRatioF()))
