"""Draws one photo of the evidence list: thumbnail, name, where it points or why it failed, how sure that is."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from geolocdesk.colours import Palette
from geolocdesk.estimation.location import LEVELS, LevelAnswer
from geolocdesk.gui.evidence_entry import UNFAMILIAR, EntryStatus, EvidenceEntry
from geolocdesk.gui.evidence_model import EvidenceModel, EvidenceRole
from geolocdesk.gui.icons import paint_icon
from geolocdesk.gui.theme import RADIUS, SPACE, active_palette, colour, installed_theme, text_font
from geolocdesk.quantities import radius_text, share_text
from geolocdesk.visible_text import visible_text

THUMBNAIL_PX = 52
_ICON_PX = 14
_BAR_HEIGHT_PX = 3
_STATUS_ICONS = {
    EntryStatus.PENDING: "photo",
    EntryStatus.QUEUED: "waiting",
    EntryStatus.ANALYSED: "answer",
    EntryStatus.FAILED: "error",
}


class EvidenceDelegate(QStyledItemDelegate):
    """Paints the rows of an ``EvidenceModel``."""

    def __init__(self, model: EvidenceModel) -> None:
        super().__init__(model)
        self._model = model
        self._fonts = _Fonts()
        theme = installed_theme()
        if theme is not None:
            theme.changed.connect(self._restyle)

    def _restyle(self) -> None:
        self._fonts = _Fonts()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the height every row has."""
        del option, index
        lines = self._fonts.strong_metrics.height() + 2 * self._fonts.caption_metrics.height()
        return QSize(180, max(THUMBNAIL_PX, lines + 2 * SPACE.hair) + 2 * SPACE.small)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row."""
        entry = index.data(EvidenceRole.ENTRY)
        if not isinstance(entry, EvidenceEntry):
            return
        state: QStyle.StateFlag = option.state
        rect: QRect = option.rect
        palette = active_palette()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, QRectF(rect), state, palette)
        row = QRectF(rect).adjusted(SPACE.medium, SPACE.small, -SPACE.medium, -SPACE.small)
        frame = QRectF(
            row.left(), row.center().y() - THUMBNAIL_PX / 2, float(THUMBNAIL_PX), float(THUMBNAIL_PX)
        )
        _paint_thumbnail(painter, frame, self._model.thumbnail(entry.number), entry, palette)
        text = QRectF(row)
        text.setLeft(frame.right() + SPACE.medium)
        self._paint_text(painter, text, entry, _Inks.of(state, palette, self._fonts))
        painter.restore()

    def _paint_text(self, painter: QPainter, area: QRectF, entry: EvidenceEntry, inks: "_Inks") -> None:
        strong, caption = self._fonts.strong_metrics, self._fonts.caption_metrics
        height = strong.height() + 2 * caption.height() + 2 * SPACE.hair
        first = QRectF(area.left(), area.center().y() - height / 2, area.width(), strong.height())
        second = QRectF(area.left(), first.bottom() + SPACE.hair, area.width(), caption.height())
        third = QRectF(area.left(), second.bottom() + SPACE.hair, area.width(), caption.height())
        self._paint_name(painter, first, entry, inks)
        _paint_status(painter, second, entry, inks)
        answer = entry.level(self._model.level)
        if _warns(entry):
            _paint_line(
                painter, third, entry.place, inks.fonts.caption, inks.muted, Qt.TextElideMode.ElideRight
            )
            return
        if answer is not None and entry.status is not EntryStatus.FAILED:
            third = _paint_confidence(painter, third, answer, inks)
        _paint_tags(painter, third, entry.tags, inks)

    def _paint_name(self, painter: QPainter, line: QRectF, entry: EvidenceEntry, inks: "_Inks") -> None:
        number = f"{entry.number}"
        painter.setFont(inks.fonts.caption)
        painter.setPen(QColor(inks.muted))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
        used = inks.fonts.caption_metrics.horizontalAdvance(number) + SPACE.small
        if entry.has_notes:
            used += _ICON_PX + SPACE.tiny
            spot = QPointF(line.right() - used + SPACE.tiny, line.center().y() - _ICON_PX / 2)
            paint_icon(painter, QRectF(spot.x(), spot.y(), _ICON_PX, _ICON_PX), "note", inks.muted)
        _paint_line(
            painter, line.adjusted(0, 0, -used, 0), visible_text(entry.name), inks.fonts.strong, inks.text
        )


class _Fonts:
    """The fonts of a row and their measures, made once a style."""

    def __init__(self) -> None:
        self.strong = text_font("strong")
        self.caption = text_font("caption")
        self.strong_metrics = QFontMetrics(self.strong)
        self.caption_metrics = QFontMetrics(self.caption)


class _Inks:
    """The colours and fonts of a row's text."""

    def __init__(self, palette: Palette, fonts: _Fonts, *, selected: bool) -> None:
        text = palette.on_selection if selected else palette.text
        muted = palette.on_selection if selected else palette.text_muted
        self.palette = palette
        self.fonts = fonts
        self.text = text
        self.muted = muted
        self.selected = selected

    @classmethod
    def of(cls, state: QStyle.StateFlag, palette: Palette, fonts: _Fonts) -> "_Inks":
        return cls(palette, fonts, selected=bool(state & QStyle.StateFlag.State_Selected))

    def of_status(self, entry: EvidenceEntry) -> str:
        if self.selected:
            return self.muted
        if _warns(entry):
            return self.palette.warning
        return self.palette.danger if entry.status is EntryStatus.FAILED else self.muted


def _warns(entry: EvidenceEntry) -> bool:
    """Return whether the row warns of its answer, whose probability it then leaves out."""
    return entry.is_unfamiliar and entry.status is EntryStatus.ANALYSED


def _paint_ground(painter: QPainter, row: QRectF, state: QStyle.StateFlag, palette: Palette) -> None:
    ground = row.adjusted(SPACE.tiny, 1, -SPACE.tiny, -1)
    painter.setPen(Qt.PenStyle.NoPen)
    if state & QStyle.StateFlag.State_Selected:
        painter.setBrush(QColor(palette.selection))
        painter.drawRoundedRect(ground, RADIUS.medium, RADIUS.medium)
    elif state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(QColor(palette.hover))
        painter.drawRoundedRect(ground, RADIUS.medium, RADIUS.medium)
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(palette.accent), 1.5))
        painter.drawRoundedRect(ground.adjusted(0.75, 0.75, -0.75, -0.75), RADIUS.medium, RADIUS.medium)


def _paint_thumbnail(
    painter: QPainter, frame: QRectF, thumbnail: QPixmap | None, entry: EvidenceEntry, palette: Palette
) -> None:
    path = QPainterPath()
    path.addRoundedRect(frame, RADIUS.small, RADIUS.small)
    painter.save()
    painter.setClipPath(path)
    painter.fillRect(frame, QColor(palette.pressed))
    if thumbnail is not None and not thumbnail.isNull():
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(frame, thumbnail, QRectF(thumbnail.rect()))
    else:
        failed = entry.status is EntryStatus.FAILED
        spot = QRectF(frame.center().x() - 11, frame.center().y() - 11, 22, 22)
        paint_icon(
            painter,
            spot,
            "error" if failed else "photo",
            palette.danger if failed else palette.text_disabled,
        )
    painter.restore()
    painter.setPen(QPen(colour(palette.text, 0.12), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS.small, RADIUS.small)


def _paint_status(painter: QPainter, line: QRectF, entry: EvidenceEntry, inks: _Inks) -> None:
    ink = inks.of_status(entry)
    spot = QRectF(line.left(), line.center().y() - _ICON_PX / 2, _ICON_PX, _ICON_PX)
    paint_icon(painter, spot, "warning" if _warns(entry) else _STATUS_ICONS[entry.status], ink)
    text = {
        EntryStatus.FAILED: visible_text(entry.short_failure) or "failed",
        EntryStatus.ANALYSED: entry.place or "analysed",
        EntryStatus.QUEUED: "waiting to be analysed",
        EntryStatus.PENDING: "not analysed yet",
    }[entry.status]
    if _warns(entry):
        text = f"{UNFAMILIAR[0].upper()}{UNFAMILIAR[1:]}"
    rest = line.adjusted(_ICON_PX + SPACE.tiny, 0, 0, 0)
    _paint_line(painter, rest, text, inks.fonts.caption, ink, Qt.TextElideMode.ElideRight)


def _paint_confidence(painter: QPainter, line: QRectF, answer: LevelAnswer, inks: _Inks) -> QRectF:
    """Draw a bar and its figure; return what is left of the line."""
    names = [level.name for level in LEVELS]
    index = names.index(answer.level.name) if answer.level.name in names else 0
    hue = inks.palette.level(index)
    bar = QRectF(line.left(), line.center().y() - _BAR_HEIGHT_PX / 2, 46, _BAR_HEIGHT_PX)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(hue, 0.25))
    painter.drawRoundedRect(bar, 1.5, 1.5)
    painter.setBrush(QColor(hue))
    filled = QRectF(bar)
    filled.setWidth(max(bar.width() * min(answer.probability, 1.0), _BAR_HEIGHT_PX))
    painter.drawRoundedRect(filled, 1.5, 1.5)
    figure = f"{share_text(answer.probability)} within {radius_text(answer.level.radius_km)}"
    rest = line.adjusted(bar.width() + SPACE.tiny + SPACE.hair, 0, 0, 0)
    if inks.fonts.caption_metrics.horizontalAdvance(figure) > rest.width():
        figure = share_text(answer.probability)
    _paint_line(painter, rest, figure, inks.fonts.caption, inks.muted)
    used = inks.fonts.caption_metrics.horizontalAdvance(figure) + SPACE.small
    return rest.adjusted(used, 0, 0, 0)


def _paint_tags(painter: QPainter, line: QRectF, tags: tuple[str, ...], inks: _Inks) -> None:
    metrics = inks.fonts.caption_metrics
    painter.setFont(inks.fonts.caption)
    left = line.left()
    for tag in tags:
        shown = visible_text(tag)
        width = metrics.horizontalAdvance(shown) + 2 * SPACE.tiny + SPACE.hair
        if left + width > line.right():
            return
        chip = QRectF(left, line.top(), width, line.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(inks.muted, 0.16))
        painter.drawRoundedRect(chip, RADIUS.small, RADIUS.small)
        painter.setPen(QColor(inks.text))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, shown)
        left += width + SPACE.tiny


def _paint_line(  # noqa: PLR0917 - drawing calls read like sentences
    painter: QPainter,
    line: QRectF,
    text: str,
    font: QFont,
    ink: str,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
) -> None:
    painter.setFont(font)
    painter.setPen(QColor(ink))
    shown = QFontMetrics(font).elidedText(text, elide, max(int(line.width()), 0))
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
