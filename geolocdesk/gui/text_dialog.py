"""Dialogs that only tell: shortcuts, the pack in use, the program itself, and what went wrong."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFontMetrics, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHeaderView, QPlainTextEdit, QTreeWidget, QTreeWidgetItem, QWidget

from geolocdesk.gui.actions import plain_text
from geolocdesk.gui.form_dialog import FormDialog
from geolocdesk.gui.theme import text_font

_TABLE_HEIGHT_PX = 420
_TABLE_EDGE_PX = 12
_DETAILS_LINES = 12


class TableDialog(FormDialog):
    """Shows pairs of words and what belongs to them."""

    def __init__(
        self, title: str, introduction: str, rows: Iterable[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(title, introduction, "Close", parent)
        self.hide_cancel()
        rows = list(rows)
        table = QTreeWidget()
        table.setAccessibleName(title)
        table.setColumnCount(2)
        table.setHeaderHidden(True)
        table.setRootIsDecorated(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        for words, value in rows:
            item = QTreeWidgetItem([words, value])
            item.setToolTip(1, value)
            table.addTopLevelItem(item)
        table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        rows_px = table.topLevelItemCount() * table.sizeHintForRow(0) + _TABLE_EDGE_PX
        table.setMinimumHeight(min(_TABLE_HEIGHT_PX, rows_px))
        if rows_px <= _TABLE_HEIGHT_PX:
            table.setMaximumHeight(rows_px)
        self.setMinimumWidth(620)
        self.add_widget(table)
        text = "\n".join(f"{words}: {value}" for words, value in rows)
        self.add_button("Copy all", lambda: QGuiApplication.clipboard().setText(text))


class ErrorDialog(FormDialog):
    """Says in plain words that the program is at fault, with details to pass on."""

    def __init__(self, message: str, details: str, parent: QWidget | None = None) -> None:
        super().__init__(
            "Something went wrong in geolocdesk",
            "This is a fault of the program, not of your photos. What the case showed is saved. You can go on; if it "
            "happens again, pass the details below to whoever looks after the program. They name files of your case "
            "but hold no picture.",
            "Go on",
            parent,
        )
        self.hide_cancel()
        self.problem.set_text(message)
        self._details = QPlainTextEdit(details)
        self._details.setReadOnly(True)
        self._details.setFont(text_font("mono"))
        self._details.setAccessibleName("Details")
        self._details.setMinimumHeight(QFontMetrics(text_font("mono")).height() * _DETAILS_LINES)
        self.setMinimumWidth(720)
        self.add_widget(self._details)
        self.add_button(
            "Copy details", lambda: QGuiApplication.clipboard().setText(f"{message}\n\n{details}")
        )


def shortcut_rows(actions: Iterable[QAction]) -> list[tuple[str, str]]:
    """Return every action that has a shortcut with all of its shortcuts."""
    native = QKeySequence.SequenceFormat.NativeText
    return [
        (plain_text(action), "   or   ".join(keys.toString(native) for keys in action.shortcuts()))
        for action in actions
        if action.shortcuts()
    ]
