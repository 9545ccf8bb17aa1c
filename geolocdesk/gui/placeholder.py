"""What a panel shows when it has nothing else to show: why, and what to do about it."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from geolocdesk.gui.icons import Tint, icon
from geolocdesk.gui.theme import SPACE, is_restyling, set_role

_ICON_PX = 32


class Placeholder(QWidget):
    """An icon, a title, one sentence and at most one button, in the middle of the space there is."""

    action_triggered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._drawing: tuple[str, Tint] = ("info", "muted")
        self._title = _centred_label("title")
        self._text = _centred_label("muted")
        self._progress = QProgressBar()
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(160)
        self._progress.setAccessibleName("In progress")
        self._button = QPushButton()
        self._button.clicked.connect(self.action_triggered)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE.large, SPACE.medium, SPACE.large, SPACE.medium)
        layout.setSpacing(SPACE.small)
        layout.addStretch()
        for widget in (self._icon, self._title, self._text):
            layout.addWidget(widget)
        layout.addWidget(self._progress, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(SPACE.tiny)
        layout.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()

    def show_message(
        self, icon_name: str, title: str, text: str, *, tint: Tint = "muted", action: str = ""
    ) -> None:
        """Say why there is nothing here; ``action`` labels the button, none when empty."""
        self._fill(icon_name, title, text, tint)
        self._progress.hide()
        self._button.setText(action)
        self._button.setVisible(bool(action))

    def show_busy(self, title: str, text: str) -> None:
        """Say what is being worked on."""
        self._fill("busy", title, text, "busy")
        self._progress.show()
        self._button.hide()

    def focus_action(self) -> None:
        """Give the button the keyboard, where there is one."""
        if not self._button.isHidden():
            self._button.setFocus()

    def text(self) -> str:
        """Return the title and the sentence, for tests and for the status line."""
        return f"{self._title.text()}\n{self._text.text()}"

    def _fill(self, icon_name: str, title: str, text: str, tint: Tint) -> None:
        self._drawing = (icon_name, tint)
        self._draw_icon()
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)

    def _draw_icon(self) -> None:
        drawn = icon(*self._drawing).pixmap(QSize(_ICON_PX, _ICON_PX), self.devicePixelRatioF())
        self._icon.setPixmap(drawn)

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icon in the new colours."""
        super().changeEvent(event)
        if is_restyling(event):
            self._draw_icon()


def _centred_label(role: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    set_role(label, "title" if role == "title" else "muted")
    return label
