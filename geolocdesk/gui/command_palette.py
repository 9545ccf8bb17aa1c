"""Every action by name: type a few letters, press Enter."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QAction, QColor, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from geolocdesk.gui.actions import plain_text
from geolocdesk.gui.icons import icon
from geolocdesk.gui.theme import SPACE, active_palette, set_role, text_font

_WIDTH_PX = 520
_HEIGHT_PX = 380
_MOVES = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}


class CommandPalette(QDialog):
    """Lists actions that can be used now, best match first."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle("Command palette")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = [action for action in actions if action.isEnabled() and action.text()]
        self._field = QLineEdit()
        self._field.setPlaceholderText("What do you want to do?")
        self._field.setAccessibleName("Command")
        self._field.textChanged.connect(self._list)
        self._field.returnPressed.connect(self._run_current)
        self._field.installEventFilter(self)
        self._list_widget = QListWidget()
        self._list_widget.setAccessibleName("Matching commands")
        self._list_widget.setItemDelegate(_CommandDelegate(self._list_widget))
        self._list_widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list_widget.itemClicked.connect(lambda _item: self._run_current())
        self._empty = QLabel("No command has this name.")
        set_role(self._empty, "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE.small, SPACE.small, SPACE.small, SPACE.small)
        layout.setSpacing(SPACE.small)
        layout.addWidget(self._field)
        layout.addWidget(self._list_widget, stretch=1)
        layout.addWidget(self._empty)
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        self._list("")

    def open_over(self, window: QWidget) -> None:
        """Show the palette near the top of a window."""
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + window.height() // 8)
        self.open()
        self._field.setFocus()

    def listed(self) -> list[str]:
        """Return the words of the listed commands, for tests."""
        return [str(self._list_widget.item(row).data(_NAME)) for row in range(self._list_widget.count())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys move through the list while one types."""
        if watched is self._field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = _MOVES.get(Qt.Key(event.key()))
            if step is not None:
                rows = self._list_widget.count()
                if rows:
                    row = min(max(self._list_widget.currentRow() + step, 0), rows - 1)
                    self._list_widget.setCurrentRow(row)
                return True
        return super().eventFilter(watched, event)

    def _list(self, typed: str) -> None:
        self._list_widget.clear()
        ranked = [(match_quality(typed, plain_text(action)), action) for action in self._actions]
        for quality, action in sorted(ranked, key=lambda pair: -pair[0]):
            if quality > 0:
                self._list_widget.addItem(_item(action))
        self._list_widget.setCurrentRow(0)
        self._list_widget.setVisible(self._list_widget.count() > 0)
        self._empty.setVisible(self._list_widget.count() == 0)

    def _run_current(self) -> None:
        action = self._list_widget.currentIndex().data(_ACTION)
        if isinstance(action, QAction):
            self.accept()
            action.trigger()


_ACTION = Qt.ItemDataRole.UserRole
_NAME = Qt.ItemDataRole.UserRole + 1
_KEYS = Qt.ItemDataRole.UserRole + 2


def match_quality(typed: str, name: str) -> float:
    """Return how well what was typed names a command: 0 not at all, more is better.

    Words that begin a word of the name count most; otherwise the letters must occur in their order.
    """
    wanted, text = typed.casefold().split(), name.casefold()
    if not wanted:
        return 1.0
    words = text.replace(":", " ").split()
    begun = sum(any(word.startswith(part) for word in words) for part in wanted)
    if begun == len(wanted):
        return 10.0 + (1.0 if text.startswith(wanted[0]) else 0.0)
    if all(part in text for part in wanted):
        return 5.0
    letters = iter(text)
    return 1.0 if all(letter in letters for letter in "".join(wanted)) else 0.0


class _CommandDelegate(QStyledItemDelegate):
    """Writes a command's shortcut at the right edge."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the line."""
        super().paint(painter, option, index)
        palette = active_palette()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(QColor(palette.on_selection if selected else palette.text_muted))
        painter.setFont(text_font())
        room = option.rect.adjusted(0, 0, -SPACE.medium, 0)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, right, str(index.data(_KEYS) or ""))


def _item(action: QAction) -> QListWidgetItem:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    name = plain_text(action)
    item = QListWidgetItem(name)
    item.setIcon(action.icon() if not action.icon().isNull() else icon("chevron-right", "muted"))
    item.setSizeHint(QSize(0, 34))
    item.setData(_ACTION, action)
    item.setData(_NAME, name)
    item.setData(_KEYS, keys)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}, {keys}" if keys else name)
    item.setToolTip(action.statusTip())
    return item
