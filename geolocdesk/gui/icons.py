"""The program's own icons: line drawings in ``resources/icons``, tinted and sharp at every size."""

from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from geolocdesk.colours import Palette
from geolocdesk.gui.theme import active_palette
from geolocdesk.paths import resource

Tint = Literal[
    "text", "muted", "accent", "on_accent", "success", "warning", "danger", "busy",
    "level0", "level1", "level2", "level3", "level4", "exif",
]  # fmt: skip


def icon(name: str, tint: Tint = "text") -> QIcon:
    """Return the icon drawn from ``resources/icons/{name}.svg``; it follows the scheme by itself.

    Raises FileNotFoundError for a name that is not there.
    """
    _drawing(name)
    return QIcon(_TintedIcon(name, tint))


def paint_icon(painter: QPainter, rect: QRect | QRectF, name: str, colour: str) -> None:
    """Draw the icon into the rectangle in a colour (``#rrggbb``), for delegates."""
    _renderer(name, colour).render(painter, QRectF(rect))


def icon_pixmap(name: str, size_px: int, ratio: float, colour: str) -> QPixmap:
    """Return the icon as a square picture for a screen of this device pixel ratio."""
    pixels = round(size_px * ratio)
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    _renderer(name, colour).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


class _TintedIcon(QIconEngine):
    """Draws an SVG in the colour the palette has at that moment."""

    def __init__(self, name: str, tint: Tint) -> None:
        super().__init__()
        self._name = name
        self._tint = tint

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        _renderer(self._name, _colour_of(active_palette(), self._tint, mode)).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _TintedIcon(self._name, self._tint)

    def key(self) -> str:
        return "geolocdesk"


def _colour_of(palette: Palette, tint: Tint, mode: QIcon.Mode) -> str:
    if mode == QIcon.Mode.Disabled:
        return palette.text_disabled
    if tint.startswith("level"):
        return palette.level(int(tint.removeprefix("level")))
    if tint == "muted":
        return palette.text_muted
    colour: str = getattr(palette, tint)
    return colour


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_drawing(name).replace(b"currentColor", colour.encode("ascii"))))


@lru_cache(maxsize=128)
def _drawing(name: str) -> bytes:
    return resource("icons", f"{name}.svg").read_bytes()
