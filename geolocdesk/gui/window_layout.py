"""The window's size and the panels' places, kept between sessions."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

_GEOMETRY = "window/geometry"
_DOCKS = "window/docks"


class WindowLayout:
    """Reads and writes the layout file. What cannot be read is left at its default."""

    def __init__(self, file: Path) -> None:
        self._settings = QSettings(str(file), QSettings.Format.IniFormat)

    @property
    def geometry(self) -> QByteArray:
        """Return the window's place on the screen; empty where none is kept."""
        return self._bytes(_GEOMETRY)

    @property
    def docks(self) -> QByteArray:
        """Return the panels' places; empty where none are kept."""
        return self._bytes(_DOCKS)

    def save(self, geometry: QByteArray, docks: QByteArray) -> None:
        """Keep both."""
        self._settings.setValue(_GEOMETRY, geometry)
        self._settings.setValue(_DOCKS, docks)
        self._settings.sync()

    def forget(self) -> None:
        """Go back to the defaults at the next start."""
        self._settings.clear()

    def _bytes(self, key: str) -> QByteArray:
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()
