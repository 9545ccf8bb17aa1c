"""The panels of an open case and where they stand."""

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QTabBar, QTabWidget, QWidget

from geolocdesk.gui.answer_panel import AnswerPanel
from geolocdesk.gui.dock import Dock
from geolocdesk.gui.evidence_list import EvidenceList
from geolocdesk.gui.evidence_model import EvidenceModel
from geolocdesk.gui.neighbours_gallery import NeighboursGallery
from geolocdesk.gui.parameter_panel import ParameterPanel
from geolocdesk.gui.photo_viewer import PhotoViewer
from geolocdesk.gui.place_text import PlaceLookup
from geolocdesk.gui.placeholder import Placeholder

_LAYOUT_VERSION = 1
_SHARES = (0.22, 0.33, 0.45)
"""Of the width: evidence, photo and neighbours, map and answer."""
_LEAST_LIST_WIDTH_PX = 196
_UPPER = {"photo": 0.52, "map": 0.54}
"""Of the height: the upper panel of the second and the third column."""


class Workspace(QMainWindow):
    """A window within the window, whose docks are the panels."""

    def __init__(
        self, model: EvidenceModel, place_lookup: PlaceLookup, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Widget)
        self.evidence = EvidenceList(model)
        self.evidence.setMinimumWidth(_LEAST_LIST_WIDTH_PX)
        self.photo = PhotoViewer()
        self.neighbours = NeighboursGallery(place_lookup)
        self.answer = AnswerPanel(place_lookup)
        self.parameters = ParameterPanel()
        self._map_stand_in = Placeholder()
        self._map_stand_in.show_busy("Preparing the map", "")
        self.docks = {
            "evidence": Dock("evidence", "Evidence", "list", self.evidence),
            "photo": Dock("photo", "Photo", "photo", self.photo),
            "neighbours": Dock("neighbours", "Neighbours", "neighbours", self.neighbours),
            "map": Dock("map", "Map", "map", self._map_stand_in),
            "answer": Dock("answer", "Answer", "answer", self.answer),
            "parameters": Dock("parameters", "Parameters", "sliders", self.parameters),
        }
        for dock in self.docks.values():
            dock.dockLocationChanged.connect(self._show_titles)
            dock.topLevelChanged.connect(self._show_titles)
            dock.visibilityChanged.connect(self._show_titles)
        self._is_untouched = True
        self._was_shown = False
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setDocumentMode(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._place()

    def set_map(self, view: QWidget) -> None:
        """Put the map in its place."""
        self.docks["map"].replace_content(view)

    def reset_layout(self) -> None:
        """Put every panel back to where it stands at first."""
        for dock in self.docks.values():
            dock.setFloating(False)
            self.removeDockWidget(dock)
        self._place()
        self._is_untouched = True
        self._share_out()

    def layout_state(self) -> QByteArray:
        """Return where the panels stand, for ``restore_layout``."""
        return self.saveState(_LAYOUT_VERSION)

    def restore_layout(self, state: QByteArray) -> bool:
        """Put the panels where they stood; return whether that was possible."""
        restored = self.restoreState(state, _LAYOUT_VERSION)
        self._is_untouched = not restored
        return restored

    @property
    def was_shown(self) -> bool:
        """Return whether the panels were ever laid out."""
        return self._was_shown

    def showEvent(self, event: QShowEvent) -> None:
        """Share the room out as it is now, which is not as it was before the first showing."""
        super().showEvent(event)
        self._was_shown = True
        if self._is_untouched:
            self._share_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the columns' shares until the user changes them."""
        super().resizeEvent(event)
        if self._is_untouched:
            self._share_out()

    def _place(self) -> None:
        docks, side = self.docks, Qt.Orientation
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, docks["evidence"])
        self.splitDockWidget(docks["evidence"], docks["photo"], side.Horizontal)
        self.splitDockWidget(docks["photo"], docks["map"], side.Horizontal)
        self.splitDockWidget(docks["photo"], docks["neighbours"], side.Vertical)
        self.splitDockWidget(docks["map"], docks["answer"], side.Vertical)
        self.tabifyDockWidget(docks["answer"], docks["parameters"])
        for dock in docks.values():
            dock.show()
        docks["answer"].raise_()

    def _show_titles(self) -> None:
        for dock in self.docks.values():
            tabbed = any(not other.isHidden() for other in self.tabifiedDockWidgets(dock))
            dock.show_title(dock.isFloating() or not tabbed)
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            titles = [bar.tabText(place) for place in range(bar.count())]
            bar.setAccessibleName(f"Panels: {', '.join(titles)}")

    def _share_out(self) -> None:
        docks, width, height = self.docks, self.width(), self.height()
        columns = [docks["evidence"], docks["photo"], docks["map"]]
        self.resizeDocks(columns, [round(width * share) for share in _SHARES], Qt.Orientation.Horizontal)
        for upper, lower in (("photo", "neighbours"), ("map", "answer")):
            share = _UPPER[upper]
            heights = [round(height * share), round(height * (1 - share))]
            self.resizeDocks([docks[upper], docks[lower]], heights, Qt.Orientation.Vertical)
