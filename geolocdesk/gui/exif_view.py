"""A photo's metadata as a table one can filter and copy, marked as the file's own claims."""

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSortFilterProxyModel, Qt
from PySide6.QtGui import (
    QAction,
    QGuiApplication,
    QKeySequence,
    QResizeEvent,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.gui.callout import Callout
from geolocdesk.gui.copy_button import CopyButton
from geolocdesk.gui.elided_label import tooltip
from geolocdesk.gui.exif_rows import list_groups
from geolocdesk.gui.icons import icon
from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.gui.theme import SPACE, active_palette, colour, is_restyling, set_role, text_font
from geolocdesk.reporting.facts import Fact, FactGroup
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text

UNTRUSTED_NOTICE = "Untrusted: the file's own claims. They never enter the estimate."
_MISSING_ROLE = Qt.ItemDataRole.UserRole
_HEADING_ROLE = Qt.ItemDataRole.UserRole + 1
_NAMES_SHARE = 0.38
_LEAST_COLUMN_PX = 60


class ExifView(QWidget):
    """Lists the file's facts, its claims and all its tags; what is missing is written out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._record: EvidenceRecord | None = None
        self._distance_km: float | Unavailable = Unavailable.NOT_AVAILABLE
        self._empty = Placeholder()
        self._empty.show_message("tag", "No photo selected", "Select a photo to read its metadata.")
        self._notice = Callout("info", UNTRUSTED_NOTICE)
        self._remarks = Callout("warning")
        self._filter = QLineEdit()
        self._copy_all = CopyButton("all metadata")
        self._no_match = QLabel()
        self._model = QStandardItemModel(0, 2, self)
        self._shown = QSortFilterProxyModel(self)
        self._tree = QTreeView()
        self._page = QWidget()
        self._set_up_filter()
        self._set_up_tree()
        self._lay_out()
        self.show_nothing()

    def _set_up_filter(self) -> None:
        self._filter.setPlaceholderText("Filter metadata")
        self._filter.setAccessibleName("Filter metadata")
        self._filter.setToolTip("Show only lines that contain this text")
        self._filter.setClearButtonEnabled(True)
        self._filter.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self._filter.textChanged.connect(self._apply_filter)
        set_role(self._no_match, "muted")
        self._no_match.setTextFormat(Qt.TextFormat.PlainText)
        self._no_match.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._no_match.hide()
        self._shown.setSourceModel(self._model)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._shown.setFilterKeyColumn(-1)
        self._shown.setRecursiveFilteringEnabled(True)
        self._shown.setAutoAcceptChildRows(True)

    def _set_up_tree(self) -> None:
        self._model.setHorizontalHeaderLabels(["Name", "Value"])
        self._tree.setModel(self._shown)
        self._tree.setAccessibleName("Metadata")
        self._tree.setProperty("role", "table")
        self._tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._tree.setUniformRowHeights(True)
        self._tree.setHeaderHidden(True)
        self._tree.setIndentation(SPACE.medium)
        self._tree.header().setStretchLastSection(True)
        self._tree.header().setMinimumSectionSize(_LEAST_COLUMN_PX)
        self._tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._tree.customContextMenuRequested.connect(self._open_menu)
        self._copy_rows = QAction("Copy lines", self._tree)
        self._copy_rows.setShortcut(QKeySequence.StandardKey.Copy)
        self._copy_rows.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._copy_rows.triggered.connect(self.copy_selected_rows)
        self._copy_value = QAction("Copy value", self._tree)
        self._copy_value.triggered.connect(self.copy_current_value)
        self._tree.addActions([self._copy_rows, self._copy_value])

    def _lay_out(self) -> None:
        search = QHBoxLayout()
        search.setSpacing(SPACE.tiny)
        search.addWidget(self._filter, stretch=1)
        search.addWidget(self._copy_all)
        page = QVBoxLayout(self._page)
        page.setContentsMargins(SPACE.medium, SPACE.medium, SPACE.medium, 0)
        page.setSpacing(SPACE.small)
        page.addWidget(self._notice)
        page.addWidget(self._remarks)
        page.addLayout(search)
        page.addWidget(self._no_match, stretch=1)
        page.addWidget(self._tree, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._empty)
        layout.addWidget(self._page)

    def show_nothing(self) -> None:
        """Show that no photo is selected."""
        self._record = None
        self._page.hide()
        self._empty.show()

    def show_record(
        self, record: EvidenceRecord, distance_km: float | Unavailable = Unavailable.NOT_AVAILABLE
    ) -> None:
        """List this photo; ``distance_km`` lies between its GPS claim and the answer."""
        if record == self._record and distance_km == self._distance_km:
            return
        same_photo = self._record is not None and self._record.sha256 == record.sha256
        scrolled_to = self._tree.verticalScrollBar().value() if same_photo else 0
        self._record = record
        self._distance_km = distance_km
        groups = list_groups(record, distance_km)
        self._fill(groups)
        self._copy_all.set_text(_as_text(groups))
        remarks = [text for text in (record.exif.remark, *record.remarks) if text]
        self._remarks.set_text(visible_text("\n".join(remarks), keep_lines=True))
        self._empty.hide()
        self._page.show()
        self._tree.verticalScrollBar().setValue(scrolled_to)

    def copy_selected_rows(self) -> None:
        """Copy the selected lines as name, tab, value."""
        rows = sorted(self._tree.selectionModel().selectedRows(), key=_place_in_tree)
        lines = [self._line(index) for index in rows if index.parent().isValid()]
        if lines:
            QGuiApplication.clipboard().setText("\n".join(lines))

    def copy_current_value(self) -> None:
        """Copy the value of the current line."""
        current = self._tree.currentIndex()
        if current.parent().isValid():
            QGuiApplication.clipboard().setText(str(current.siblingAtColumn(1).data()))

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self._filter.setFocus()

    def _line(self, index: QModelIndex) -> str:
        return f"{index.siblingAtColumn(0).data()}\t{index.siblingAtColumn(1).data()}"

    def _fill(self, groups: tuple[FactGroup, ...]) -> None:
        self._model.removeRows(0, self._model.rowCount())
        for group in groups:
            heading = QStandardItem(group.title)
            heading.setData(True, _HEADING_ROLE)
            for row in group.facts:
                heading.appendRow(_items_of(row))
            self._model.appendRow(heading)
        self._paint_roles()
        self._apply_filter(self._filter.text())
        self._share_columns()

    def _share_columns(self) -> None:
        """Give names what they need, but not more than their share: the values are what one came for."""
        needed = self._tree.sizeHintForColumn(0)
        self._tree.header().resizeSection(0, min(needed, round(self._tree.viewport().width() * _NAMES_SHARE)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width out anew."""
        super().resizeEvent(event)
        self._share_columns()

    def _paint_roles(self) -> None:
        """Give headings and missing values the look they have in the scheme in force."""
        muted = colour(active_palette().text_muted)
        for group_row in range(self._model.rowCount()):
            heading = self._model.item(group_row)
            heading.setFont(text_font("strong"))
            for row in range(heading.rowCount()):
                heading.child(row, 0).setForeground(muted)
                value = heading.child(row, 1)
                if value.data(_MISSING_ROLE):
                    font = text_font()
                    font.setItalic(True)
                    value.setFont(font)
                    value.setForeground(muted)

    def _apply_filter(self, text: str) -> None:
        self._shown.setFilterFixedString(text)
        self._tree.expandAll()
        for row in range(self._shown.rowCount()):
            self._tree.setFirstColumnSpanned(row, QModelIndex(), True)
        matches = self._shown.rowCount() > 0
        self._no_match.setText(f"No metadata contain “{text}”.")
        self._no_match.setVisible(not matches)
        self._tree.setVisible(matches)

    def _open_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self._copy_value, self._copy_rows])
        menu.popup(self._tree.viewport().mapToGlobal(position))

    def changeEvent(self, event: QEvent) -> None:
        """Take over the new colours and fonts."""
        super().changeEvent(event)
        if is_restyling(event):
            self._paint_roles()


def _items_of(row: Fact) -> list[QStandardItem]:
    name, value = QStandardItem(row.name), QStandardItem(row.value)
    value.setData(row.is_missing, _MISSING_ROLE)
    for item in (name, value):
        item.setToolTip(tooltip(item.text()))
    return [name, value]


def _as_text(groups: tuple[FactGroup, ...]) -> str:
    lines: list[str] = []
    for group in groups:
        lines.append(group.title)
        lines.extend(f"{row.name}\t{row.value}" for row in group.facts)
        lines.append("")
    return "\n".join(lines)


def _place_in_tree(index: QModelIndex) -> tuple[int, int]:
    return index.parent().row(), index.row()
