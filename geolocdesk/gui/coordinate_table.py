"""One position in every notation an examiner is asked for, each ready to copy."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from geolocdesk.geodesy import Position
from geolocdesk.gui.copy_button import CopyButton
from geolocdesk.gui.theme import SPACE, set_role

_TWO_COLUMNS_FROM_PX = 440


class CoordinateTable(QWidget):
    """Lists notations in one column, or in two where the panel is wide enough."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells: list[QWidget] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE.large)
        self._grid.setVerticalSpacing(0)
        self._columns = 0

    def show_notations(self, notations: tuple[tuple[str, str], ...]) -> None:
        """Show these (name, text) pairs."""
        for cell in self._cells:
            cell.deleteLater()
        self._cells = [_cell(name, text) for name, text in notations]
        self._columns = 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use one column or two."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = 2 if self.width() >= _TWO_COLUMNS_FROM_PX else 1
        if columns == self._columns:
            return
        self._columns = columns
        for place, cell in enumerate(self._cells):
            self._grid.addWidget(cell, place // columns, place % columns)
        for column in range(2):
            self._grid.setColumnStretch(column, int(column < columns))


def _cell(name: str, text: str) -> QWidget:
    caption = QLabel(name)
    caption.setFixedWidth(caption.fontMetrics().horizontalAdvance("Decimal") + SPACE.small)
    value = QLabel(text)
    value.setTextFormat(Qt.TextFormat.PlainText)
    value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    value.setAccessibleName(f"{name}: {text}")
    copy = CopyButton(f"{name} coordinates")
    copy.set_text(text)
    set_role(caption, "caption")
    cell = QWidget()
    line = QHBoxLayout(cell)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(SPACE.tiny)
    line.addWidget(caption)
    line.addWidget(value, stretch=1)
    line.addWidget(copy)
    return cell


def list_notations(position: Position) -> tuple[tuple[str, str], ...]:
    """Return the position in every notation there is."""
    return (("Decimal", f"{position.latitude:.6f}, {position.longitude:.6f}"),)
