"""A picture of the whole window once everything in it is drawn, for documentation and for checks."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from geolocdesk.gui.main_window import MainWindow

if TYPE_CHECKING:
    from geolocdesk.gui.map_view import MapView

_LOGGER = logging.getLogger(__name__)

_SIZE_PX = (1480, 920)
_SETTLE_MS = 700
"""After the last thing was drawn: tiles fade in and labels are placed."""
_CHECK_MS = 100
_PATIENCE_MS = 120_000


class Screenshot(QObject):
    """Waits, saves the picture, closes the window and knows whether anything went wrong."""

    def __init__(self, window: MainWindow, file: Path) -> None:
        super().__init__(window)
        self._window = window
        self._file = file
        self._problems: list[str] = []
        self._map: MapView | None = None
        self._is_drawn = False
        self._is_taken = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._give_up)
        self._check = QTimer(self)
        self._check.setInterval(_CHECK_MS)
        self._check.timeout.connect(self._look)
        window.map_made.connect(self._watch_map)
        for failed in (window.session.failed, window.reference.failed):
            failed.connect(lambda failure: self._problems.append(failure.message))

    @property
    def exit_code(self) -> int:
        """Return 0 where the picture was saved and nothing went wrong on the way."""
        for problem in self._problems:
            _LOGGER.error("%s", problem)
        return 0 if self._is_taken and not self._problems else 1

    def show_window(self) -> None:
        """Show the window in the picture's size and begin to wait."""
        available = QGuiApplication.primaryScreen().availableGeometry()
        width, height = _SIZE_PX
        if QGuiApplication.platformName() != "offscreen":
            width, height = min(width, available.width()), min(height, available.height())
        self._window.resize(width, height)
        self._window.show()
        self._patience.start(_PATIENCE_MS)
        self._check.start()

    def _watch_map(self, shown: "MapView") -> None:
        self._map = shown
        shown.javascript_error.connect(lambda text: self._problems.append(f"the map page: {text}"))
        shown.failed.connect(lambda text: self._problems.append(f"the map: {text}"))
        shown.overlay_drawn.connect(self._note_drawn)

    def _note_drawn(self) -> None:
        self._is_drawn = True

    def _look(self) -> None:
        """See whether everything there is to draw is drawn."""
        window = self._window
        if self._map is None or not self._map.is_ready or window.board.runs():
            return
        if window.model.rowCount() and (window.display.contents is None or window.display.is_busy):
            return
        if window.display.analysis is not None and not self._is_drawn:
            return
        self._check.stop()
        QTimer.singleShot(_SETTLE_MS, self, self._take)

    def _take(self) -> None:
        picture = self._window.grab()
        with suppress(OSError):  # saving says what is wrong
            self._file.parent.mkdir(parents=True, exist_ok=True)
        self._is_taken = picture.save(str(self._file))
        if not self._is_taken:
            self._problems.append(f"the picture could not be saved to {self._file}")
        self._end()

    def _give_up(self) -> None:
        self._problems.append("the window was not drawn in time")
        self._end()

    def _end(self) -> None:
        self._patience.stop()
        self._check.stop()
        if self._map is not None and self._map.refused_requests:
            self._problems.append(f"{self._map.refused_requests} requests were refused")
        self._window.end_without_asking()
