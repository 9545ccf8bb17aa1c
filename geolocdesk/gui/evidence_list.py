"""The evidence panel: the photos of the case, to filter, sort, select and act on."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFocusEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from geolocdesk.estimation.location import LEVELS
from geolocdesk.gui.elided_label import ElidedLabel
from geolocdesk.gui.evidence_delegate import EvidenceDelegate
from geolocdesk.gui.evidence_entry import EntryStatus
from geolocdesk.gui.evidence_model import EvidenceFilter, EvidenceModel, EvidenceRole, SortKey, counts_text
from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.gui.soon import Soon
from geolocdesk.gui.theme import SPACE
from geolocdesk.gui.tool_button import tool_button
from geolocdesk.visible_text import visible_text

_FILTERS: tuple[tuple[str, frozenset[EntryStatus]], ...] = (
    ("All photos", frozenset(EntryStatus)),
    ("Analysed", frozenset({EntryStatus.ANALYSED})),
    ("Not analysed", frozenset({EntryStatus.PENDING})),
    ("Failed", frozenset({EntryStatus.FAILED})),
)

_COUNTING_DELAY_MS = 100
"""A new text in a label lets the whole window lay itself out, so that is not done for every photo."""


class EvidenceList(QWidget):
    """Shows an ``EvidenceModel``; what is to happen to photos it only asks for."""

    current_changed = Signal(int)
    """The number of the exhibit the user went to; 0 for none."""
    selection_changed = Signal()
    add_requested = Signal()
    """The user wants to add photos, from the empty list."""
    level_chosen = Signal(str)
    """The level whose probability the user wants to see in the list."""

    def __init__(self, model: EvidenceModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._model = model
        self._actions: list[QAction | None] = []
        self._view = _PhotoList()
        self._message = Placeholder()
        self._counts = ElidedLabel("caption")
        self._states = QStackedWidget()
        self._filter_button = tool_button("filter", "Filter", "", lambda: None)
        self._sort_button = tool_button("sort", "Sort", "", lambda: None)
        self._set_up_view()
        self._lay_out()
        self._counting = Soon(_COUNTING_DELAY_MS, self._show_state, self)
        model.counts_changed.connect(self._take_note)
        self._show_state()

    # What others do with it

    @property
    def view(self) -> QListView:
        """Return the list itself, to put the focus on."""
        return self._view

    def focus_first(self) -> None:
        """Give the list the keyboard, or while it is empty the way to fill it."""
        if self._states.currentWidget() is self._view:
            self._view.setFocus()
        else:
            self._message.focus_action()

    def current(self) -> int:
        """Return the current exhibit's number, or 0."""
        number = self._view.currentIndex().data(EvidenceRole.NUMBER)
        return int(number) if number is not None else 0

    def selected(self) -> list[int]:
        """Return the selected exhibits' numbers in the order of the list."""
        rows = sorted(index.row() for index in self._view.selectionModel().selectedIndexes())
        return [int(self._model.index(row).data(EvidenceRole.NUMBER)) for row in rows]

    def select(self, number: int) -> None:
        """Go to an exhibit; nothing happens where it is not listed."""
        index = self._model.index_of(number)
        if index.isValid():
            self._view.setCurrentIndex(index)
            self._view.scrollTo(index)

    def step(self, by: int) -> None:
        """Go ``by`` photos on, or to the first one where none is current."""
        rows = self._model.rowCount()
        if rows == 0:
            return
        current = self._view.currentIndex().row()
        row = 0 if current < 0 else min(max(current + by, 0), rows - 1)
        self._view.setCurrentIndex(self._model.index(row))

    def set_words(self, text: str) -> None:
        """List only photos in which every word of the text occurs."""
        words = tuple(text.casefold().split())
        self._set_filter(words=words)

    def set_context_actions(self, actions: list[QAction | None]) -> None:
        """Offer these on a photo; None stands for a separator."""
        self._actions = actions

    # Construction

    def _set_up_view(self) -> None:
        self._view.setModel(self._model)
        self._view.setItemDelegate(EvidenceDelegate(self._model))
        self._view.setAccessibleName("Evidence")
        self._view.setAccessibleDescription("The photos of the case. Enter analyses, Delete removes.")
        self._view.setUniformItemSizes(True)
        self._view.setMouseTracking(True)
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._view.customContextMenuRequested.connect(self._show_menu)
        self._view.selectionModel().currentChanged.connect(self._go_to)
        self._view.selectionModel().selectionChanged.connect(lambda *_ranges: self.selection_changed.emit())

    def _lay_out(self) -> None:
        self._filter_button.clicked.connect(lambda: self._pop_up(self._filter_menu(), self._filter_button))
        self._sort_button.clicked.connect(lambda: self._pop_up(self._sort_menu(), self._sort_button))
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACE.medium, SPACE.tiny, SPACE.tiny, SPACE.tiny)
        bar.setSpacing(SPACE.hair)
        bar.addWidget(self._counts, stretch=1)
        bar.addWidget(self._filter_button)
        bar.addWidget(self._sort_button)
        self._message.action_triggered.connect(self._act_on_message)
        self._states.addWidget(self._message)
        self._states.addWidget(self._view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self._states, stretch=1)

    def _filter_menu(self) -> QMenu:
        menu = QMenu(self)
        current = self._model.filter
        for name, statuses in _FILTERS:
            choice = partial(self._set_filter, statuses=statuses)
            _add_choice(menu, name, current.statuses == statuses, choice)
        tags = self._model.tags()
        if tags:
            menu.addSeparator()
            _add_choice(menu, "Any tag", current.tag == "", partial(self._set_filter, tag=""))
            for tag in tags:
                name = f"Tag: {visible_text(tag)}".replace("&", "&&")
                _add_choice(menu, name, current.tag == tag, partial(self._set_filter, tag=tag))
        return menu

    def _sort_menu(self) -> QMenu:
        menu = QMenu(self)
        keys = QActionGroup(menu)
        for key in SortKey:
            choice = partial(self._model.sort_by, key, descending=self._model.is_descending)
            keys.addAction(_add_choice(menu, key.value, self._model.sort_key is key, choice))
        menu.addSeparator()
        key, descending = self._model.sort_key, self._model.is_descending
        _add_choice(menu, "Reversed", descending, lambda: self._model.sort_by(key, descending=not descending))
        menu.addSeparator()
        menu.addSection("Confidence shown for")
        levels = QActionGroup(menu)
        for level in LEVELS:
            name = f"{level.name.capitalize()} ({level.radius_km:,.0f} km)"
            choose = partial(self.level_chosen.emit, level.name)
            levels.addAction(_add_choice(menu, name, self._model.level == level.name, choose))
        return menu

    # What happens

    def _pop_up(self, menu: QMenu, button: QWidget) -> None:
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    def _show_menu(self, at: QPoint) -> None:
        if not self._view.indexAt(at).isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._actions:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        menu.popup(self._view.viewport().mapToGlobal(at))

    def _go_to(self, current: QModelIndex, _previous: QModelIndex) -> None:
        number = current.data(EvidenceRole.NUMBER) if current.isValid() else None
        self.current_changed.emit(int(number) if number is not None else 0)

    def _set_filter(
        self,
        *,
        words: tuple[str, ...] | None = None,
        statuses: frozenset[EntryStatus] | None = None,
        tag: str | None = None,
    ) -> None:
        current = self._model.filter
        wanted = EvidenceFilter(
            words=current.words if words is None else words,
            statuses=current.statuses if statuses is None else statuses,
            tag=current.tag if tag is None else tag,
        )
        self._model.set_filter(wanted)
        self._show_state()
        if self._view.currentIndex().isValid():
            self._view.scrollTo(self._view.currentIndex())

    def _take_note(self) -> None:
        """Show the first and the last photo's coming and going at once, and other counts soon."""
        if (self._model.listed > 0) != (self._states.currentWidget() is self._view):
            self._show_state()
        else:
            self._counting.ask()

    def _show_state(self) -> None:
        self._counting.cancel()
        total, shown = self._model.total, self._model.listed
        self._counts.set_text(counts_text(self._model) if total else "")
        filtered = self._model.filter != EvidenceFilter()
        if shown:
            self._states.setCurrentWidget(self._view)
            return
        self._states.setCurrentWidget(self._message)
        if total or filtered:
            self._message.show_message(
                "filter", "No photo matches", "None of the photos fits the search.", action="Show all photos"
            )
        else:
            self._message.show_message(
                "add-photos",
                "Drop photos here",
                "Files or whole folders. The originals are only read, never changed.",
                action="Add photos …",
            )

    def _act_on_message(self) -> None:
        if self._model.total == 0:
            self.add_requested.emit()
            return
        self._model.set_filter(EvidenceFilter())
        self._show_state()

    def select_all(self) -> None:
        """Select every listed photo."""
        self._view.selectAll()

    def keep_selected(self, numbers: list[int]) -> None:
        """Select these where they are listed."""
        selection = self._view.selectionModel()
        for number in numbers:
            index = self._model.index_of(number)
            if index.isValid():
                selection.select(index, QItemSelectionModel.SelectionFlag.Select)


class _PhotoList(QListView):
    """A list whose rows keep their height, so that a changed row is painted anew and nothing is laid out."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select the first photo where none is current; Qt would go there and select nothing."""
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self.model().index(0, 0))
        super().focusInEvent(event)

    def dataChanged(
        self,
        first: QModelIndex | QPersistentModelIndex,
        last: QModelIndex | QPersistentModelIndex,
        roles: Sequence[int] = (),
    ) -> None:
        """Paint the rows from the first to the last; Qt would lay out the whole list for each of them."""
        del roles
        self.viewport().update(self.visualRect(first).united(self.visualRect(last)))


def _add_choice(menu: QMenu, name: str, chosen: bool, choose: Callable[[], object]) -> QAction:
    action = menu.addAction(name)
    action.setCheckable(True)
    action.setChecked(chosen)
    action.triggered.connect(lambda _checked: choose())
    return action
