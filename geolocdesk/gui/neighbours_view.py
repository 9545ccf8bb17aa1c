"""The scrolling grid of cards: whole columns at every width, and which cards are in view."""

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from geolocdesk.gui.neighbour_card import NeighbourCardDelegate
from geolocdesk.gui.theme import is_restyling

_Index = QModelIndex | QPersistentModelIndex


class NeighboursView(QListView):
    """Lays cards out in equal columns and reports which of them are, or soon will be, in view."""

    current_changed = Signal(QModelIndex)
    in_view = Signal(int, int)
    """First and last model row in view or one screen below, after scrolling, resizing or new contents."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards = NeighbourCardDelegate(self)
        self._columns = 1
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(0)
        self._look.timeout.connect(self._report)
        self.setItemDelegate(self._cards)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._look.start())
        self._fit_grid()

    def setModel(self, model: QAbstractItemModel | None) -> None:
        """Show this model and look again whenever it changes."""
        super().setModel(model)
        if model is not None:
            model.modelReset.connect(self._look.start)
            model.dataChanged.connect(lambda *_range: self._look.start())

    def currentChanged(self, current: _Index, previous: _Index) -> None:
        """Tell that the user, or the program, went to another card."""
        super().currentChanged(current, previous)
        self.current_changed.emit(self.currentIndex())

    @property
    def columns(self) -> int:
        """Return how many cards stand side by side."""
        return self._columns

    def rows_in_view(self) -> tuple[int, int]:
        """Return the first and last model row in view, one screen of look-ahead included."""
        height = self.gridSize().height()
        first = self.verticalScrollBar().value() // height * self._columns
        lines = 2 * (self.viewport().height() // height + 1)
        count = 0 if self.model() is None else self.model().rowCount()
        return first, min(first + lines * self._columns, count) - 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the cards fill the new width."""
        self._fit_grid()
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Look for thumbnails when the gallery comes into sight."""
        super().showEvent(event)
        self._look.start()

    def changeEvent(self, event: QEvent) -> None:
        """Follow another text size."""
        super().changeEvent(event)
        if is_restyling(event):
            self._fit_grid()

    def _fit_grid(self) -> None:
        # Qt's icon view wraps one pixel early
        cell, self._columns = self._cards.fit_cell(self.viewport().width() - 1)
        if cell != self.gridSize():
            self.setGridSize(QSize(cell))
        self._look.start()

    def _report(self) -> None:
        first, last = self.rows_in_view()
        if self.isVisible() and last >= first:
            self.in_view.emit(first, last)
