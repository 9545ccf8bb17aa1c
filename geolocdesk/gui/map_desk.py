"""What the user does with the map: where it looks, base maps of their own, and measuring."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QWidget

from geolocdesk.errors import MapError
from geolocdesk.gui.exhibit_display import ExhibitDisplay
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.preferences import Preferences
from geolocdesk.gui.status_line import StatusLine
from geolocdesk.gui.theme import active_palette
from geolocdesk.gui.workspace import Workspace

if TYPE_CHECKING:
    from geolocdesk.gui.map_view import MapView


class MapDesk(QObject):
    """Makes the map once the window is painted, and acts on it; without a map every act does nothing."""

    made = Signal(object)
    """MapView."""

    def __init__(
        self,
        window: QWidget,
        *,
        make_map: "Callable[[], MapView | None]",
        workspace: Workspace,
        display: ExhibitDisplay,
        preferences: Preferences,
        notices: NoticeBar,
        status_line: StatusLine,
        measuring: QAction,
    ) -> None:
        """``measuring`` is the action that is checked while a distance is being measured."""
        super().__init__(window)
        self._window = window
        self._make_map = make_map
        self._panels = workspace
        self._display = display
        self._preferences = preferences
        self._notices = notices
        self._status_line = status_line
        self._measuring = measuring
        self._map: MapView | None = None

    @property
    def view(self) -> "MapView | None":
        """Return the map, once there is one."""
        return self._map

    def make(self) -> None:
        """Make the map and put it in its place."""
        shown = self._make_map()
        if shown is None:
            return
        self._map = shown
        shown.pointer_moved.connect(self._show_pointer)
        shown.measured.connect(self._status_line.show_pointer)
        shown.measuring_changed.connect(self._measuring.setChecked)
        shown.ready.connect(self._panels.docks["map"].lead_in)
        shown.tiles_failed.connect(lambda text: self._notices.show_passing("danger", text))
        self._panels.set_map(shown)
        self._display.set_map(shown)
        for name in self._preferences.current.base_maps:
            self._use_base_map(Path(name))
        self.made.emit(shown)

    def fit_to_answer(self) -> None:
        """Show where the answer is."""
        if self._map is not None:
            self._map.fit_to_answer()

    def fit_to_everything(self) -> None:
        """Show all neighbours and regions."""
        if self._map is not None:
            self._map.fit_to_everything()

    def fit_to_world(self) -> None:
        """Show the whole world."""
        if self._map is not None:
            self._map.fit_to_world()

    def follow_measuring(self) -> None:
        """Begin or end measuring, as its action says."""
        if self._map is not None:
            self._map.measure(self._measuring.isChecked())

    def choose_base_map(self) -> None:
        """Ask for a file of map tiles and use it as a base map, at the next start too."""
        chosen, _kind = QFileDialog.getOpenFileName(
            self._window, "Add a base map", "", "Maps (*.mbtiles *.pmtiles);;All files (*)"
        )
        if chosen and self._use_base_map(Path(chosen)):
            self._preferences.add_base_map(chosen)

    def follow_theme(self) -> None:
        """Give the map the window's colours."""
        if self._map is not None:
            self._map.set_theme(active_palette().is_dark)

    def _use_base_map(self, path: Path) -> bool:
        if self._map is None:
            return False
        try:
            self._map.add_tiles(path)
        except MapError as error:
            self._notices.show_passing("danger", error.message)
            return False
        return True

    def _show_pointer(self, latitude: float, longitude: float) -> None:
        self._status_line.show_pointer(f"{latitude:.4f}, {longitude:.4f}")


def new_map() -> "MapView":
    """Return the map; the web engine is loaded here, after the window's first paint."""
    from geolocdesk.gui.map_view import MapView

    return MapView()
