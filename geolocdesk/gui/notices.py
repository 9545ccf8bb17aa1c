"""Sentences above the panels: what happened, what is wrong, and at most one thing to do about it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from geolocdesk.gui.callout import CalloutKind
from geolocdesk.gui.icons import Tint, icon
from geolocdesk.gui.theme import SPACE, is_restyling, set_role
from geolocdesk.gui.tool_button import tool_button

_PASSING_MS = 9000
_MOST_AT_ONCE = 3
_ICON_PX = 16
_ROLES: dict[CalloutKind, str] = {"info": "banner-info", "warning": "banner", "danger": "banner-danger"}
_DRAWINGS: dict[CalloutKind, tuple[str, Tint]] = {
    "info": ("info", "busy"),
    "warning": ("warning", "warning"),
    "danger": ("error", "danger"),
}


class Notice(QFrame):
    """One sentence with a way to put it away."""

    done = Signal()
    """It was dismissed, or what it offers was done."""

    def __init__(self, kind: CalloutKind, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.kind = kind
        self.setProperty("role", _ROLES[kind])
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(text)
        self._icon = QLabel()
        self._label = QLabel(text)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setWordWrap(True)
        self._close = tool_button("close", "Dismiss", "", self.done.emit)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(SPACE.medium, SPACE.tiny, SPACE.tiny, SPACE.tiny)
        self._row.setSpacing(SPACE.small)
        self._row.addWidget(self._icon)
        self._row.addWidget(self._label, stretch=1)
        self._row.addWidget(self._close)
        self._draw_icon()

    @property
    def text(self) -> str:
        """Return what it says."""
        return self._label.text()

    def add_action(self, label: str, act: Callable[[], object]) -> None:
        """Offer one thing to do; doing it puts the notice away."""
        button = QPushButton(label)
        set_role(button, "quiet")
        button.clicked.connect(lambda _checked: self._do(act))
        self._row.insertWidget(self._row.count() - 1, button)

    def _do(self, act: Callable[[], object]) -> None:
        self.done.emit()
        act()

    def stay(self) -> None:
        """Take away the way to put it away: it says something about the whole case."""
        self._close.hide()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icon in the new colours."""
        super().changeEvent(event)
        if is_restyling(event):
            self._draw_icon()

    def _draw_icon(self) -> None:
        drawn = icon(*_DRAWINGS[self.kind]).pixmap(QSize(_ICON_PX, _ICON_PX), self.devicePixelRatioF())
        self._icon.setPixmap(drawn)


class NoticeBar(QWidget):
    """The notices now shown, the newest last; takes no room while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(SPACE.small, 0, SPACE.small, SPACE.tiny)
        self._column.setSpacing(SPACE.tiny)
        self._standing: dict[str, Notice] = {}
        self._passing: list[Notice] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    def show_passing(
        self, kind: CalloutKind, text: str, action: str = "", act: Callable[[], object] | None = None
    ) -> Notice:
        """Say this until it is dismissed; information without anything to do goes by itself."""
        notice = Notice(kind, text, self)
        notice.done.connect(lambda: self._take_off(notice))
        if act is not None:
            notice.add_action(action, act)
        elif kind == "info":
            QTimer.singleShot(_PASSING_MS, notice, notice.done.emit)
        self._passing.append(notice)
        self._put_on(notice)
        for old in self._passing[:-_MOST_AT_ONCE]:
            self._take_off(old)
        return notice

    def set_standing(self, name: str, kind: CalloutKind = "info", text: str = "") -> None:
        """Say this for as long as it is so; an empty text takes it away."""
        before = self._standing.pop(name, None)
        if before is not None:
            self._take_off(before)
        if text:
            notice = Notice(kind, text, self)
            notice.stay()
            self._standing[name] = notice
            self._put_on(notice)

    def texts(self) -> list[str]:
        """Return what is said now, what stands first."""
        return [notice.text for notice in (*self._standing.values(), *self._passing)]

    def _put_on(self, notice: Notice) -> None:
        self._column.addWidget(notice)
        self.show()

    def _take_off(self, notice: Notice) -> None:
        if notice in self._passing:
            self._passing.remove(notice)
        self._column.removeWidget(notice)
        notice.hide()
        notice.deleteLater()
        self.setVisible(bool(self._passing or self._standing))
