"""What all our dialogs share: a title, a sentence, fields under their labels, buttons at the bottom right."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from geolocdesk.gui.callout import Callout
from geolocdesk.gui.theme import SPACE, set_role

_LEAST_WIDTH_PX = 460


class FormDialog(QDialog):
    """A dialog with one column of fields; ``accept`` is the primary button."""

    def __init__(self, title: str, introduction: str, accept: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(_LEAST_WIDTH_PX)
        self._column = QVBoxLayout()
        self._column.setSpacing(SPACE.tiny)
        self._first_field: QWidget | None = None
        self.problem = Callout("danger")
        self._buttons = QDialogButtonBox()
        self._accept = QPushButton(accept)
        self._accept.setDefault(True)
        self._buttons.addButton(self._accept, QDialogButtonBox.ButtonRole.AcceptRole)
        self._cancel = self._buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._cancel.setAutoDefault(False)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        heading = QLabel(title)
        set_role(heading, "title")
        self._page = layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE.huge, SPACE.large, SPACE.huge, SPACE.large)
        layout.setSpacing(SPACE.medium)
        layout.addWidget(heading)
        if introduction:
            layout.addWidget(plain_label(introduction))
        layout.addWidget(self.problem)
        layout.addLayout(self._column)
        layout.addStretch()
        layout.addWidget(self._buttons)

    def showEvent(self, event: QShowEvent) -> None:
        """Be as tall as the contents are."""
        super().showEvent(event)
        self._grow()

    def event(self, event: QEvent) -> bool:
        """Grow with the contents, such as a problem that is said only now."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._grow()
        return done

    def _grow(self) -> None:
        """Be as tall as wrapped text makes it, which Qt does not reckon with."""
        room = self.screen().availableGeometry().height()
        needed = self._page.totalHeightForWidth(self.width())
        if needed > self.height():
            self.resize(self.width(), min(needed, room))

    @property
    def accept_button(self) -> QPushButton:
        """Return the primary button."""
        return self._accept

    def hide_cancel(self) -> None:
        """Leave only the primary button, for dialogs that only tell."""
        self._cancel.hide()

    def add_field(self, label: str, field: QWidget, hint: str = "") -> None:
        """Add a field under its label, with a hint below it."""
        caption = QLabel(label)
        set_role(caption, "strong")
        caption.setBuddy(field)
        if not field.accessibleName():
            field.setAccessibleName(label.replace("&", ""))
        if self._column.count():
            self._column.addSpacing(SPACE.small)
        self._column.addWidget(caption)
        self._column.addWidget(field)
        if self._first_field is None:
            self._first_field = field
            field.setFocus()
        if hint:
            self._column.addWidget(plain_label(hint, "caption"))

    def add_widget(self, widget: QWidget) -> None:
        """Add something that is no field."""
        self._column.addWidget(widget)

    def add_button(self, text: str, act: Callable[[], object]) -> None:
        """Add a button beside the primary one, for something that leaves the dialog open."""
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked: act())
        self._buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)

    def add_rule(self) -> None:
        """Draw a line between two groups of fields."""
        rule = QFrame()
        rule.setProperty("role", "rule")
        self._column.addSpacing(SPACE.small)
        self._column.addWidget(rule)


def spin_box(least: int, most: int, value: int) -> QSpinBox:
    """Return a field for a whole number; its text stands as far from the edge as in other fields."""
    box = QSpinBox()
    box.setRange(least, most)
    box.setValue(value)
    box.lineEdit().setTextMargins(SPACE.small, 0, 0, 0)
    return box


def plain_label(text: str, role: str = "muted") -> QLabel:
    """Return a wrapped label of plain text."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    set_role(label, "caption" if role == "caption" else "body" if role == "body" else "muted")
    return label
