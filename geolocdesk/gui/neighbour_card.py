"""Draws one neighbour as a card: thumbnail, rank, weight, place, distance, licence and photographer."""

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from geolocdesk.colours import Palette
from geolocdesk.gui.icons import paint_icon
from geolocdesk.gui.neighbours_model import NeighbourEntry, NeighbourRole
from geolocdesk.gui.theme import RADIUS, SPACE, active_palette, colour, text_font
from geolocdesk.quantities import share_text
from geolocdesk.reporting.answer import credit_text
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text

LEAST_CARD_WIDTH_PX = 164
_THUMBNAIL_SHAPE = 0.66
"""Height over width; thumbnails of other shapes are cropped to it, the compare view shows all of them."""
_BAR_PX = 3
_GAP_PX = SPACE.small


class NeighbourCardDelegate(QStyledItemDelegate):
    """Paints cards that fill the cells of the gallery's grid."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cell = QSize(LEAST_CARD_WIDTH_PX, LEAST_CARD_WIDTH_PX)

    def fit_cell(self, view_width: int) -> tuple[QSize, int]:
        """Fill a view of this width with whole columns; return the size of a cell and their number."""
        columns = max(1, view_width // (LEAST_CARD_WIDTH_PX + _GAP_PX))
        width = max(view_width // columns, LEAST_CARD_WIDTH_PX // 2)
        text_height = (
            QFontMetrics(text_font("strong")).height() + 2 * QFontMetrics(text_font("caption")).height()
        )
        card_height = round((width - _GAP_PX) * _THUMBNAIL_SHAPE) + _BAR_PX + text_height + 2 * SPACE.small
        self._cell = QSize(width, card_height + _GAP_PX)
        return self._cell, columns

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the grid's cell, so that every card has the same size."""
        del option, index
        return self._cell

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the card of one neighbour."""
        entry = index.data(NeighbourRole.ENTRY)
        if not isinstance(entry, NeighbourEntry):
            return
        cell: QRect = option.rect
        state: QStyle.StateFlag = option.state
        card = QRectF(cell).adjusted(_GAP_PX / 2, _GAP_PX / 2, -_GAP_PX / 2, -_GAP_PX / 2)
        palette = active_palette()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, card, state, palette)
        picture = QRectF(card.left(), card.top(), card.width(), card.width() * _THUMBNAIL_SHAPE)
        reference_id = visible_text(entry.neighbour.reference.reference_id)
        _paint_thumbnail(painter, picture, index.data(NeighbourRole.THUMBNAIL), reference_id, palette)
        _paint_weight(painter, picture, entry, palette)
        _paint_badge(painter, picture, entry, palette)
        _paint_text(
            painter,
            QRectF(
                card.left() + SPACE.small,
                picture.bottom() + _BAR_PX + SPACE.tiny,
                card.width() - 2 * SPACE.small,
                0,
            ),
            str(index.data(NeighbourRole.PLACE)),
            entry,
            _inks(state, palette),
        )
        _paint_edge(painter, card, state, palette)
        painter.restore()


def _paint_ground(painter: QPainter, card: QRectF, state: QStyle.StateFlag, palette: Palette) -> None:
    ground = palette.raised
    if state & QStyle.StateFlag.State_Selected:
        ground = palette.selection
    elif state & QStyle.StateFlag.State_MouseOver:
        ground = palette.hover
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(card, RADIUS.medium, RADIUS.medium)


def _paint_edge(painter: QPainter, card: QRectF, state: QStyle.StateFlag, palette: Palette) -> None:
    selected = bool(state & QStyle.StateFlag.State_Selected)
    focused = bool(state & QStyle.StateFlag.State_HasFocus)
    width = 2.0 if selected or focused else 1.0
    painter.setPen(QPen(QColor(palette.accent if selected or focused else palette.border), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRoundedRect(card.adjusted(inset, inset, -inset, -inset), RADIUS.medium, RADIUS.medium)


def _paint_thumbnail(
    painter: QPainter, frame: QRectF, thumbnail: object, reference_id: str, palette: Palette
) -> None:
    """Draw the thumbnail; where the pack has none, say so and name the photo by its id."""
    painter.save()
    painter.setClipPath(_rounded_above(frame))
    painter.fillRect(frame, QColor(palette.pressed))
    if isinstance(thumbnail, QImage):
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(frame, thumbnail, _cropped(thumbnail, frame.size()))
    else:
        missing = thumbnail is Unavailable.NOT_AVAILABLE
        icon_size = 22.0
        centre = frame.center() - QPointF(icon_size / 2, icon_size / 2 + (16 if missing else 0))
        paint_icon(painter, QRectF(centre, QSizeF(icon_size, icon_size)), "photo", palette.text_disabled)
        if missing:
            painter.setPen(QColor(palette.text_muted))
            painter.setFont(text_font("caption"))
            caption = frame.adjusted(SPACE.small, frame.height() / 2, -SPACE.small, 0)
            metrics = painter.fontMetrics()
            name = metrics.elidedText(reference_id, Qt.TextElideMode.ElideMiddle, int(caption.width()))
            painter.drawText(caption, _CENTRE_TOP, f"no thumbnail\n{name}")
    painter.restore()


def _cropped(image: QImage, frame: QSizeF) -> QRectF:
    """Return the middle part of the image that has the frame's shape."""
    scale = min(image.width() / frame.width(), image.height() / frame.height())
    width, height = frame.width() * scale, frame.height() * scale
    return QRectF((image.width() - width) / 2, (image.height() - height) / 2, width, height)


def _rounded_above(frame: QRectF) -> QPainterPath:
    """Return the frame with its two upper corners rounded."""
    path = QPainterPath()
    path.addRoundedRect(frame.adjusted(0, 0, 0, RADIUS.medium), RADIUS.medium, RADIUS.medium)
    below = QPainterPath()
    below.addRect(frame)
    return path.intersected(below)


def _paint_weight(painter: QPainter, picture: QRectF, entry: NeighbourEntry, palette: Palette) -> None:
    """Draw the weight against the heaviest neighbour's as a bar under the thumbnail."""
    track = QRectF(picture.left(), picture.bottom(), picture.width(), _BAR_PX)
    painter.fillRect(track, QColor(palette.border))
    filled = QRectF(track.left(), track.top(), track.width() * entry.relative_weight, _BAR_PX)
    painter.fillRect(filled, QColor(palette.neighbour))


def _paint_badge(painter: QPainter, picture: QRectF, entry: NeighbourEntry, palette: Palette) -> None:
    """Draw the rank; with a star on the marker's colour where the neighbour carries the answer."""
    font = text_font("caption")
    font.setBold(True)
    metrics = QFontMetrics(font)
    text = str(entry.neighbour.rank)
    star = metrics.height() if entry.carries else 0
    height = metrics.height() + 4
    width = max(metrics.horizontalAdvance(text) + star + 12, height)
    pill = QRectF(picture.left() + 6, picture.top() + 6, width, height)
    ground = palette.neighbour if entry.carries else palette.raised
    ink = palette.on_accent if entry.carries else palette.text
    painter.setPen(QPen(colour(palette.window, 0.6), 1))
    painter.setBrush(colour(ground, 1.0 if entry.carries else 0.92))
    painter.drawRoundedRect(pill, height / 2, height / 2)
    if star:
        paint_icon(painter, QRectF(pill.left() + 5, pill.top() + 2, star, star), "star", ink)
    painter.setFont(font)
    painter.setPen(QColor(ink))
    painter.drawText(pill.adjusted(star + (4 if star else 0), 0, -4 if star else 0, 0), _CENTRE, text)


def _paint_text(
    painter: QPainter, line: QRectF, place: str, entry: NeighbourEntry, inks: tuple[QColor, QColor]
) -> None:
    """Draw place, distance and weight, and credit, one below the other."""
    text, muted = inks
    _paint_line(painter, line, place, text_font("strong"), text)
    caption = text_font("caption")
    metrics = QFontMetrics(caption)
    distance = f"distance {entry.neighbour.distance:.3f}"
    share = f"weight {share_text(entry.weight)}"
    if metrics.horizontalAdvance(distance + share) + SPACE.small > line.width():
        share = share_text(entry.weight)
    share_width = metrics.horizontalAdvance(share) + SPACE.small
    painter.setFont(caption)
    painter.setPen(text)
    painter.drawText(QRectF(line.topLeft(), QSizeF(line.width(), metrics.height())), _RIGHT, share)
    beside = line.adjusted(0, 0, -share_width, 0)
    _paint_line(painter, beside, distance, caption, muted)
    line.moveTop(beside.top())
    _paint_line(painter, line, credit_text(entry.neighbour.reference), caption, muted)


def _inks(state: QStyle.StateFlag, palette: Palette) -> tuple[QColor, QColor]:
    """Return the colours of text and of quieter text."""
    if state & QStyle.StateFlag.State_Selected:
        return QColor(palette.on_selection), QColor(palette.on_selection)
    return QColor(palette.text), QColor(palette.text_muted)


def _paint_line(painter: QPainter, line: QRectF, text: str, font: QFont, ink: QColor) -> None:
    """Draw one line, shortened to its width, and move ``line`` below it."""
    metrics = QFontMetrics(font)
    line.setHeight(metrics.height())
    painter.setFont(font)
    painter.setPen(ink)
    painter.drawText(line, _LEFT, metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(line.width())))
    line.translate(0, metrics.height())


_CENTRE = Qt.AlignmentFlag.AlignCenter
_CENTRE_TOP = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
