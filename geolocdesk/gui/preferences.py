"""What the user has set: kept in a file, and what of it is looks put on the window."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from geolocdesk.errors import SettingsError
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.settings_dialog import SettingsDialog
from geolocdesk.gui.theme import application, install_theme
from geolocdesk.settings import SchemeName, Settings, save_settings

_TEXT_STEP = 1.1
_TEXT_SCALES = (0.8, 2.0)


class Preferences(QObject):
    """The settings in force, and the ways to change them."""

    edited = Signal(object)
    """Settings: the user went through the dialog of settings."""

    def __init__(self, window: QWidget, settings: Settings, file: Path, notices: NoticeBar) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._file = file
        self._notices = notices

    @property
    def current(self) -> Settings:
        """Return the settings in force."""
        return self._settings

    def keep(self, settings: Settings) -> None:
        """Use these from now on, also after a new start."""
        self._settings = settings
        try:
            save_settings(settings, self._file)
        except SettingsError as error:
            self._notices.show_passing("warning", error.message)

    def edit(self) -> None:
        """Ask for the settings."""
        dialog = SettingsDialog(self._settings, self._window)
        if dialog.exec() == SettingsDialog.DialogCode.Accepted:
            self.keep(dialog.settings)
            self._restyle()
            self.edited.emit(dialog.settings)

    def choose_scheme(self, scheme: SchemeName) -> None:
        """Change to light, dark or whatever the system has."""
        self.keep(replace(self._settings, scheme=scheme))
        self._restyle()

    def enlarge_text(self) -> None:
        """Make every text one step larger."""
        self._scale_text(_TEXT_STEP)

    def shrink_text(self) -> None:
        """Make every text one step smaller."""
        self._scale_text(1 / _TEXT_STEP)

    def choose_level(self, name: str) -> None:
        """Rank the list by the answers at this level."""
        self.keep(replace(self._settings, list_level=name))

    def add_base_map(self, path: str) -> None:
        """Show this map file at the next start, too."""
        if path not in self._settings.base_maps:
            self.keep(replace(self._settings, base_maps=(*self._settings.base_maps, path)))

    def _scale_text(self, factor: float) -> None:
        least, most = _TEXT_SCALES
        scale = min(max(self._settings.text_scale * factor, least), most)
        self.keep(replace(self._settings, text_scale=round(scale, 2)))
        self._restyle()

    def _restyle(self) -> None:
        install_theme(application(), self._settings.scheme, self._settings.text_scale)
