"""A widget that shows one picture, zoomed and panned by wheel, pinch, drag and keys."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QSizePolicy, QWidget

from geolocdesk.gui.picture import Picture
from geolocdesk.gui.theme import active_palette, colour

MAXIMUM_SCALE = 32.0
"""Screen pixels per picture pixel."""
ZOOM_STEP = 1.25
_WHEEL_NOTCH = 120.0
_PAN_SHARE = 0.1
"""One arrow key moves the picture by this share of the widget."""
_PIXELS_FROM_SCALE = 2.0
"""From here on single pixels are drawn as squares: an examiner must not take smoothing for content."""


@dataclass(frozen=True, slots=True)
class PictureView:
    """The part of a picture that is seen, independent of the picture's and the widget's size."""

    zoom: float = 1.0
    """Relative to the whole picture fitting the widget: 1 is fitted."""
    centre_x: float = 0.5
    """What is in the middle of the widget, 0 left edge – 1 right edge of the picture."""
    centre_y: float = 0.5


class PictureCanvas(QWidget):
    """Shows a picture; the view is changed by the user or by ``set_view``, which keeps two canvases in step."""

    view_changed = Signal(object)
    """PictureView, after the user moved or zoomed; never after ``set_view``."""
    scale_changed = Signal(float)
    """Screen pixels per picture pixel, after anything changed it."""

    def __init__(self, parent: QWidget | None = None, *, arrows_pan: bool = True) -> None:
        super().__init__(parent)
        self._picture: Picture | None = None
        self._view = PictureView()
        self._drag_from: QPointF | None = None
        self._pan_modifier = (
            Qt.KeyboardModifier.NoModifier if arrows_pan else Qt.KeyboardModifier.ShiftModifier
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 60)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setAccessibleName("Picture")

    # What is shown

    @property
    def picture(self) -> Picture | None:
        """Return the picture that is shown."""
        return self._picture

    @property
    def view(self) -> PictureView:
        """Return the part of the picture that is seen."""
        return self._view

    @property
    def scale(self) -> float:
        """Return screen pixels per picture pixel; 1 is "100 %", whatever the screen's density."""
        return self._fit_scale() * self._view.zoom

    def set_picture(self, picture: Picture | None, *, keep_view: bool = False) -> None:
        """Show this picture fitted, or in the view of the last one when the same photo got sharper."""
        self._picture = picture
        if not keep_view:
            self._view = PictureView()
        self._settle(self._view)

    def set_view(self, view: PictureView) -> None:
        """Show this part of the picture."""
        self._settle(view)

    def fit(self) -> None:
        """Show the whole picture."""
        self._move_to(PictureView())

    def show_actual_size(self, anchor: QPointF | None = None) -> None:
        """Show one picture pixel on one screen pixel, with the picture's point under ``anchor`` kept there."""
        self._zoom_to(1.0 / self._fit_scale(), anchor)

    def zoom_by(self, factor: float, anchor: QPointF | None = None) -> None:
        """Zoom, with the picture's point under ``anchor`` (the middle, if None) kept there."""
        self._zoom_to(self._view.zoom * factor, anchor)

    def pan_by(self, move: QPointF) -> None:
        """Move the picture by this many logical pixels."""
        drawn = self._drawn_size()
        self._move_to(
            PictureView(
                self._view.zoom,
                self._view.centre_x - move.x() / drawn.width(),
                self._view.centre_y - move.y() / drawn.height(),
            )
        )

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(480, 360)

    # Geometry, in logical pixels unless a name says otherwise

    def _fit_scale(self) -> float:
        if self._picture is None or self.width() == 0 or self.height() == 0:
            return 1.0
        size = self._picture.size
        ratio = self.devicePixelRatioF()
        return min(self.width() * ratio / size.width(), self.height() * ratio / size.height())

    def _drawn_size(self) -> QSizeF:
        if self._picture is None:
            return QSizeF(1.0, 1.0)
        return QSizeF(self._picture.size) * (self.scale / self.devicePixelRatioF())

    def _drawn_rect(self) -> QRectF:
        drawn = self._drawn_size()
        left = self.width() / 2 - self._view.centre_x * drawn.width()
        top = self.height() / 2 - self._view.centre_y * drawn.height()
        return QRectF(left, top, drawn.width(), drawn.height())

    def _zoom_to(self, zoom: float, anchor: QPointF | None) -> None:
        anchor = QPointF(self.rect().center()) if anchor is None else anchor
        before = self._drawn_rect()
        fixed_x = (anchor.x() - before.left()) / before.width()
        fixed_y = (anchor.y() - before.top()) / before.height()
        zoom = self._allowed_zoom(zoom)
        grown = zoom / self._view.zoom
        width, height = before.width() * grown, before.height() * grown
        self._move_to(
            PictureView(
                zoom,
                fixed_x + (self.width() / 2 - anchor.x()) / width,
                fixed_y + (self.height() / 2 - anchor.y()) / height,
            )
        )

    def _allowed_zoom(self, zoom: float) -> float:
        fit = self._fit_scale()
        least = min(1.0, 1.0 / fit)  # a small photo may shrink from fitted to its actual size
        return min(max(zoom, least), max(MAXIMUM_SCALE / fit, 1.0))

    def _move_to(self, view: PictureView) -> None:
        if self._picture is None:
            return
        before = self._view
        self._settle(view)
        if self._view != before:
            self.view_changed.emit(self._view)

    def _settle(self, view: PictureView) -> None:
        """Adopt the view, moved so that no more margin shows than the picture's shape asks for."""
        zoom = self._allowed_zoom(view.zoom)
        self._view = PictureView(zoom, view.centre_x, view.centre_y)
        drawn = self._drawn_size()
        self._view = PictureView(
            zoom,
            _centre_within(view.centre_x, self.width() / drawn.width()),
            _centre_within(view.centre_y, self.height() / drawn.height()),
        )
        self._set_cursor()
        self.update()
        self.scale_changed.emit(self.scale)

    def _can_pan(self) -> bool:
        drawn = self._drawn_size()
        return drawn.width() > self.width() + 0.5 or drawn.height() > self.height() + 0.5

    def _set_cursor(self) -> None:
        if self._picture is None or not self._can_pan():
            self.unsetCursor()
            return
        dragging = self._drag_from is not None
        self.setCursor(Qt.CursorShape.ClosedHandCursor if dragging else Qt.CursorShape.OpenHandCursor)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the visible part of the picture from the smallest sufficient size."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(active_palette().window))
        if self._picture is not None:
            self._paint_picture(painter, self._picture)
        if self.hasFocus():
            painter.setPen(QPen(colour(active_palette().accent), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_picture(self, painter: QPainter, picture: Picture) -> None:
        drawn = self._drawn_rect()
        level = picture.level_for(self.scale)
        visible = drawn.intersected(QRectF(self.rect()))
        per_x = level.width() / drawn.width()
        per_y = level.height() / drawn.height()
        source = QRectF(
            (visible.left() - drawn.left()) * per_x,
            (visible.top() - drawn.top()) * per_y,
            visible.width() * per_x,
            visible.height() * per_y,
        )
        smooth = self.scale < _PIXELS_FROM_SCALE
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(visible, level, source)

    # The user

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with + − 0 1, pan with the arrows."""
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(ZOOM_STEP)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom_by(1 / ZOOM_STEP)
        elif event.key() == Qt.Key.Key_0:
            self.fit()
        elif event.key() == Qt.Key.Key_1:
            self.show_actual_size()
        elif event.key() in _ARROWS and self._pans(event):
            step_x, step_y = _ARROWS[Qt.Key(event.key())]
            self.pan_by(QPointF(step_x * self.width() * _PAN_SHARE, step_y * self.height() * _PAN_SHARE))
        else:
            super().keyPressEvent(event)

    def _pans(self, event: QKeyEvent) -> bool:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return modifiers == self._pan_modifier

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer with a wheel; pan with two fingers on a touchpad."""
        if self._picture is None:
            event.ignore()
            return
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        touchpad = event.device().type() == QInputDevice.DeviceType.TouchPad
        if touchpad and not control and not event.pixelDelta().isNull():
            self.pan_by(QPointF(event.pixelDelta()))
        else:
            self.zoom_by(ZOOM_STEP ** (event.angleDelta().y() / _WHEEL_NOTCH), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag the picture."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag_from = event.position()
            self._set_cursor()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the picture."""
        if self._drag_from is not None:
            self.pan_by(event.position() - self._drag_from)
            self._drag_from = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the picture go."""
        self._drag_from = None
        self._set_cursor()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go from fitted to actual size under the pointer, or back."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if abs(self._view.zoom - 1.0) < 1e-6:
            self.show_actual_size(event.position())
        else:
            self.fit()

    def event(self, event: QEvent) -> bool:
        """Take pinches besides the ordinary events."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_by(1.0 + event.value(), event.position())
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self.zoom_by(pinch.scaleFactor(), QPointF(self.mapFromGlobal(pinch.centerPoint().toPoint())))
                return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted picture fitted, and any other at its scale."""
        super().resizeEvent(event)
        zoom = self._view.zoom
        if zoom != 1.0 and self._picture is not None and not event.oldSize().isEmpty():
            size = self._picture.size
            before = min(event.oldSize().width() / size.width(), event.oldSize().height() / size.height())
            zoom *= before * self.devicePixelRatioF() / self._fit_scale()
        self._settle(PictureView(zoom, self._view.centre_x, self._view.centre_y))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keys go."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Stop showing it."""
        super().focusOutEvent(event)
        self.update()


_ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


def _centre_within(centre: float, seen_share: float) -> float:
    """Return the centre moved so that the seen share (of the picture's side) shows no needless margin."""
    if seen_share >= 1.0:
        return 0.5
    half = seen_share / 2
    return min(max(centre, half), 1.0 - half)
