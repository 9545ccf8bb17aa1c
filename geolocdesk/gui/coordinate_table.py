"""One position in every notation an examiner is asked for, each ready to copy."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from geolocdesk.gui.copy_button import CopyButton
from geolocdesk.gui.theme import SPACE, set_role


class CoordinateTable(QWidget):
    """Lists notations in one column, or in two where the panel is wide enough."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells: list[_Cell] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE.large)
        self._grid.setVerticalSpacing(0)
        self._columns = 0

    def show_notations(self, notations: tuple[tuple[str, str], ...]) -> None:
        """Show these (name, text) pairs."""
        if [name for name, _text in notations] != [cell.name for cell in self._cells]:
            for cell in self._cells:
                cell.deleteLater()
            self._cells = [_Cell(name) for name, _text in notations]
            self._columns = 0
        for cell, (_name, text) in zip(self._cells, notations, strict=True):
            cell.show_text(text)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """Return room for one column, so that two never keep the panel from getting narrow."""
        return QSize(self._cell_width(), super().minimumSizeHint().height())

    def _cell_width(self) -> int:
        return max((cell.sizeHint().width() for cell in self._cells), default=0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use one column or two."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = 2 if self.width() >= 2 * self._cell_width() + self._grid.horizontalSpacing() else 1
        if columns == self._columns:
            return
        self._columns = columns
        for place, cell in enumerate(self._cells):
            self._grid.addWidget(cell, place // columns, place % columns)
        for column in range(2):
            self._grid.setColumnStretch(column, int(column < columns))


class _Cell(QWidget):
    """One notation: its name, the coordinates and a copy button."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        caption = QLabel(name)
        caption.setFixedWidth(caption.fontMetrics().horizontalAdvance("Decimal") + SPACE.small)
        set_role(caption, "caption")
        self._value = QLabel()
        self._value.setTextFormat(Qt.TextFormat.PlainText)
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy = CopyButton(f"{name} coordinates")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE.tiny)
        line.addWidget(caption)
        line.addWidget(self._value, stretch=1)
        line.addWidget(self._copy)

    def show_text(self, text: str) -> None:
        self._value.setText(text)
        self._value.setAccessibleName(f"{self.name}: {text}")
        self._copy.set_text(text)
