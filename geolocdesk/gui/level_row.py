"""One level's answer as a line one can point at: colour, radius, place and probability."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from geolocdesk.cartography.coordinates import decimal_text
from geolocdesk.colours import LEVEL_DASHES
from geolocdesk.estimation.location import LEVELS, LevelAnswer
from geolocdesk.gui.theme import RADIUS, SPACE, active_palette, text_font
from geolocdesk.quantities import radius_text, share_text
from geolocdesk.unavailable import Unavailable

_CHIP_PX = 14.0
_BAR_WIDTH_SHARE = 0.22
_BAR_WIDTH_RANGE_PX = (36.0, 120.0)
_BAR_HEIGHT_PX = 6
_LINE_GAP_PX = 12
_LEAST_PLACE_WIDTH_PX = 90
"""With less room a place would be cut to nothing; the tooltip has it."""


class LevelRow(QAbstractButton):
    """Draws one answer; the bar is as long as the probability, the ring looks like the one on the map."""

    pointed_at = Signal(bool)
    """The pointer or the keyboard came to this level, or left it."""

    def __init__(self, answer: LevelAnswer, place: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_answer(answer, place)

    def show_answer(self, answer: LevelAnswer, place: str) -> None:
        """Show another answer in the same row: pointer and focus stay where they are."""
        self._answer = answer
        self._place = place
        self._index = LEVELS.index(answer.level)
        name = answer.level.name.capitalize()
        radius = radius_text(answer.level.radius_km)
        self.setText(name)
        self.setAccessibleName(f"{name}, within {radius} of {place}: {share_text(answer.probability)}")
        self.setAccessibleDescription(calibration_text(answer))
        self.setToolTip(
            f"<qt>{share_text(answer.probability)} within {radius} of "
            f"{decimal_text(answer.position)}, {calibration_text(answer)}."
            "<br>Return or click shows this ring on the map.</qt>"
        )
        self.update()

    @property
    def level_name(self) -> str:
        """Return the level's name."""
        return self._answer.level.name

    def sizeHint(self) -> QSize:
        """Return room for one line."""
        return QSize(320, self._line_height())

    def minimumSizeHint(self) -> QSize:
        """Return the least room for one line."""
        return QSize(180, self._line_height())

    def _line_height(self) -> int:
        return QFontMetrics(text_font()).height() + _LINE_GAP_PX

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        del event
        palette = active_palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(QColor(palette.accent)) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.hover))
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS.medium, RADIUS.medium
            )
        middle = self.height() / 2
        self._paint_ring(painter, SPACE.small, middle)
        left = SPACE.small + _CHIP_PX + SPACE.small
        left = self._paint_name(painter, left)
        right = self._paint_share(painter, left)
        room = right - left - SPACE.small
        if room >= _LEAST_PLACE_WIDTH_PX:
            self._paint_place(painter, QRectF(left, 0, room, self.height()))

    def _paint_place(self, painter: QPainter, room: QRectF) -> None:
        metrics = QFontMetrics(text_font())
        painter.setFont(text_font())
        painter.setPen(QColor(active_palette().text_muted))
        elided = metrics.elidedText(self._place, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, _LEFT, elided)

    def _paint_ring(self, painter: QPainter, left: float, middle: float) -> None:
        colour = QColor(active_palette().level(self._index))
        pen = QPen(colour, 2)
        dashes = LEVEL_DASHES[self._index]
        if dashes:
            pen.setDashPattern([length / 4 for length in dashes])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        ring = QRectF(left, middle - _CHIP_PX / 2, _CHIP_PX, _CHIP_PX).adjusted(1, 1, -1, -1)
        fill = QColor(colour)
        fill.setAlphaF(0.16)
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawEllipse(ring)

    def _paint_name(self, painter: QPainter, left: float) -> float:
        """Draw the level's name and radius in columns; return where the place may begin."""
        strong, body = text_font("strong"), text_font()
        names = max(QFontMetrics(strong).horizontalAdvance(level.name.capitalize()) for level in LEVELS)
        radii = max(QFontMetrics(body).horizontalAdvance(radius_text(level.radius_km)) for level in LEVELS)
        painter.setFont(strong)
        painter.setPen(QColor(active_palette().text))
        painter.drawText(QRectF(left, 0, names, self.height()), _LEFT, self.text())
        painter.setFont(body)
        painter.setPen(QColor(active_palette().text_muted))
        radius = QRectF(left + names + SPACE.small, 0, radii, self.height())
        painter.drawText(radius, _RIGHT, radius_text(self._answer.level.radius_km))
        return radius.right() + SPACE.medium

    def _paint_share(self, painter: QPainter, left: float) -> float:
        """Draw the probability as bar and number at the right edge; return where they begin."""
        strong = text_font("strong")
        numbers = QFontMetrics(strong).horizontalAdvance(share_text(0.999))
        right = self.width() - SPACE.small
        number = QRectF(right - numbers, 0, numbers, self.height())
        painter.setFont(strong)
        painter.setPen(QColor(active_palette().text))
        painter.drawText(number, _RIGHT, share_text(self._answer.probability))
        least, most = _BAR_WIDTH_RANGE_PX
        width = min(max(self.width() * _BAR_WIDTH_SHARE, least), most, number.left() - SPACE.small - left)
        if width < least / 2:
            return number.left()
        top = (self.height() - _BAR_HEIGHT_PX) / 2
        bar = QRectF(number.left() - SPACE.small - width, top, width, _BAR_HEIGHT_PX)
        self._paint_bar(painter, bar)
        return bar.left()

    def _paint_bar(self, painter: QPainter, bar: QRectF) -> None:
        rounding = _BAR_HEIGHT_PX / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(active_palette().pressed))
        painter.drawRoundedRect(bar, rounding, rounding)
        filled = QRectF(bar)
        filled.setWidth(bar.width() * min(max(self._answer.probability, 0.0), 1.0))
        painter.setClipRect(filled)
        painter.setBrush(QColor(active_palette().level(self._index)))
        painter.drawRoundedRect(bar, rounding, rounding)
        painter.setClipping(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Return for a click."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Tell that the pointer came."""
        super().enterEvent(event)
        self.pointed_at.emit(True)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer left."""
        super().leaveEvent(event)
        self.pointed_at.emit(False)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell that the keyboard came."""
        super().focusInEvent(event)
        self.pointed_at.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell that the keyboard left."""
        super().focusOutEvent(event)
        self.pointed_at.emit(False)


def calibration_text(answer: LevelAnswer) -> str:
    """Return what the probability was calibrated on, or that it was not."""
    if isinstance(answer.calibration, Unavailable):
        return "not calibrated"
    return f"calibrated on {answer.calibration.photos:,} photos"


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
