"""Help: the user guide, the command palette, the shortcuts, and what the program is."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from geolocdesk import __version__
from geolocdesk.gui.command_palette import CommandPalette
from geolocdesk.gui.guide_window import GuideWindow
from geolocdesk.gui.photo_desk import open_folder
from geolocdesk.gui.text_dialog import TableDialog, shortcut_rows
from geolocdesk.paths import resource


class HelpDesk(QObject):
    """Tells the user what there is and how it works."""

    def __init__(
        self,
        window: QWidget,
        *,
        actions: Iterable[QAction],
        panels: Iterable[QAction],
        log_folder: Path,
    ) -> None:
        """``panels`` are the actions that show and hide the panels."""
        super().__init__(window)
        self._window = window
        self._actions = tuple(actions)
        self._panels = tuple(panels)
        self._log_folder = log_folder
        self._guide: GuideWindow | None = None

    def show_guide(self) -> None:
        """Open the user guide in a window of its own, where it was left."""
        if self._guide is None:
            self._guide = GuideWindow(resource("guide"), self._window)
        self._guide.open()

    def open_palette(self) -> None:
        """List every action by name."""
        CommandPalette([*self._actions, *self._panels], self._window).open_over(self._window)

    def show_shortcuts(self) -> None:
        """List every action that has a shortcut."""
        TableDialog(
            "Keyboard shortcuts",
            "In the photo and the comparison: + − zoom, 0 fits, 1 actual size, arrows move. Everything else is in "
            "the command palette.",
            shortcut_rows(self._actions),
            self._window,
        ).exec()

    def open_log_folder(self) -> None:
        """Open the folder of the log in the system's file manager."""
        open_folder(self._log_folder)

    def show_about(self) -> None:
        """Say what the program is, in which version, and where its log and notices are."""
        TableDialog(
            f"geolocdesk {__version__}",
            "Looks for the place where a photo was taken, offline. Its answers are investigative leads, never proof "
            "of a location. Free software under the GNU General Public License, version 3 or later.",
            [
                ("Third-party notices", str(resource("NOTICES.md"))),
                ("Log", str(self._log_folder)),
            ],
            self._window,
        ).exec()
