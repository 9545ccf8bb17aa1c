"""What the map page may say to the program: one object, typed calls, nothing else."""

import json

from PySide6.QtCore import QObject, Signal, Slot

from geolocdesk.cartography.graticule import View


class MapBridge(QObject):
    """The page calls the slots; the program listens to the signals."""

    page_ready = Signal()
    overlay_drawn = Signal(float)
    """Milliseconds from the page's receiving an overlay to its being on the screen."""
    tiles_drawn = Signal()
    neighbour_clicked = Signal(int)
    pointer_moved = Signal(float, float)
    """Latitude and longitude in degrees."""
    fit_asked = Signal(str)
    view_changed = Signal(object)
    """View."""
    measured = Signal(object)
    """The points clicked so far: a list of (latitude, longitude)."""
    measure_toggled = Signal(bool)
    script_failed = Signal(str)

    @Slot()
    def pageReady(self) -> None:
        """Tell that the page can receive."""
        self.page_ready.emit()

    @Slot(float)
    def overlayDrawn(self, milliseconds: float) -> None:
        """Tell how long an overlay took."""
        self.overlay_drawn.emit(milliseconds)

    @Slot()
    def tilesDrawn(self) -> None:
        """Tell that every tile in view is drawn."""
        self.tiles_drawn.emit()

    @Slot(int)
    def neighbourClicked(self, rank: int) -> None:
        """Tell which marker was chosen."""
        self.neighbour_clicked.emit(rank)

    @Slot(float, float)
    def pointerMoved(self, latitude: float, longitude: float) -> None:
        """Tell where the pointer is."""
        if abs(latitude) <= 90.0 and abs(longitude) <= 180.0:
            self.pointer_moved.emit(latitude, longitude)

    @Slot(str)
    def fitAsked(self, name: str) -> None:
        """Tell what the view should be fitted to."""
        self.fit_asked.emit(name)

    @Slot(str)
    def viewChanged(self, view: str) -> None:
        """Tell what the map shows now: a JSON list of west, south, east, north, width and height."""
        west, south, east, north, width_px, height_px = map(float, json.loads(view))
        if west < east and south < north:
            self.view_changed.emit(View(west, south, east, north, width_px, height_px))

    @Slot(str)
    def measuredPoints(self, points: str) -> None:
        """Tell the points clicked so far, as a JSON list of [latitude, longitude]."""
        self.measured.emit(
            [(float(latitude), float(longitude)) for latitude, longitude in json.loads(points)]
        )

    @Slot(bool)
    def measureToggled(self, on: bool) -> None:
        """Tell that measuring began or ended."""
        self.measure_toggled.emit(on)

    @Slot(str)
    def scriptFailed(self, message: str) -> None:
        """Tell of an error in the page's own scripts."""
        self.script_failed.emit(message)
