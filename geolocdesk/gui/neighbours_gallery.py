"""The neighbours as ranked cards: to look at, compare, exclude, and follow on the map."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QImage, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from geolocdesk.analysis import Exclusions
from geolocdesk.cartography.coordinates import decimal_text
from geolocdesk.gui.callout import Callout
from geolocdesk.gui.elided_label import ElidedLabel
from geolocdesk.gui.excluded_list import ExcludedList
from geolocdesk.gui.icons import icon
from geolocdesk.gui.neighbours_model import NeighboursModel
from geolocdesk.gui.neighbours_view import NeighboursView
from geolocdesk.gui.own_keys import OwnKeys
from geolocdesk.gui.place_text import PlaceLookup, no_place
from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.gui.theme import SPACE
from geolocdesk.gui.tool_button import tool_button
from geolocdesk.quantities import count_text
from geolocdesk.reference.neighbours import Neighbour, Neighbours
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text


class NeighboursGallery(QWidget):
    """Shows the neighbours of the current analysis; it excludes nothing by itself, it asks for it."""

    neighbour_selected = Signal(int)
    """The rank the user went to; never after ``select_neighbour``."""
    thumbnail_wanted = Signal(int)
    """A pack row that comes into view for the first time; answer with ``set_thumbnail``."""
    exclude_requested = Signal(object)
    """Exclusions to add to those in force."""
    restore_requested = Signal(object)
    """Exclusions to take from those in force."""
    compare_requested = Signal(int)
    """The rank to show beside the query."""
    conditions_requested = Signal()
    """Which references are searched at all is to be changed."""

    def __init__(self, place_lookup: PlaceLookup = no_place, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._exclusions = Exclusions()
        self._following = False
        self._model = NeighboursModel(place_lookup, self)
        self._view = NeighboursView()
        self._summary = ElidedLabel("caption")
        self._no_thumbnails = Callout("info")
        self._message = Placeholder()
        self._message.action_triggered.connect(lambda: self.restore_requested.emit(self._exclusions))
        self._excluded = ExcludedList()
        self._excluded.restore_requested.connect(self.restore_requested)
        self._states = QStackedWidget()
        self._carriers_only = tool_button("star", "Show only those that carry the answer", "", lambda: None)
        self._compare = tool_button("compare", "Compare side by side", "Return", self._compare_current)
        self._conditions = tool_button(
            "filter", "Search conditions: countries, an area, own copies", "", self.conditions_requested.emit
        )
        self._set_up_view()
        self._actions = self._make_actions()
        self._lay_out()
        self.show_nothing()

    # States

    def show_nothing(self) -> None:
        """Show that no photo is selected."""
        self._show_none(
            "No neighbours to show", "Select an analysed photo to see the references it resembles."
        )

    def show_waiting(self) -> None:
        """Show that the selected photo was not analysed yet."""
        self._show_none("No neighbours yet", "Analyse this photo to see the references it resembles.")

    def show_unsearched(self) -> None:
        """Show that the selected photo failed before the search; other panels say why."""
        self._show_none("No neighbours", "This photo could not be compared with the references.")

    def _show_none(self, title: str, text: str) -> None:
        self._model.clear()
        self._states.setCurrentIndex(0)
        self._message.show_message("neighbours", title, text)

    def show_searching(self) -> None:
        """Show that the search is under way."""
        self._model.clear()
        self._states.setCurrentIndex(0)
        self._message.show_busy("Analysis under way", "The nearest references appear here.")

    def show_failure(self, reason: str) -> None:
        """Show why there are no neighbours, with a way back where exclusions are in force."""
        self._model.clear()
        self._states.setCurrentIndex(0)
        self._message.show_message(
            "error",
            "No neighbours",
            visible_text(reason, keep_lines=True),
            tint="danger",
            action="Restore everything excluded" if self._exclusions != Exclusions() else "",
        )

    def show_neighbours(
        self,
        neighbours: Neighbours,
        weights: NDArray[np.float64],
        carriers: Mapping[int, float],
        *,
        same_photo: bool = False,
    ) -> None:
        """Show these: ``weights`` float64[k] in rank order, and the ranks that carry the answer.

        For the ``same_photo`` with other parameters or exclusions the selected reference stays selected,
        or the next one takes its place, so that one can go on excluding; nothing is emitted, ask
        ``selected_rank``.
        """
        if not neighbours.items:
            self.show_failure("No reference is left to search. Restore some of what is excluded.")
            return
        selected = self._selected() if same_photo else None
        scrolled_to = self._view.verticalScrollBar().value() if same_photo else 0
        self._model.show_neighbours(neighbours, weights, carriers)
        self._summary.set_text(_summary_text(len(neighbours.items), len(carriers)))
        self._carriers_only.setEnabled(bool(carriers))
        if not carriers:
            self._carriers_only.setChecked(False)
        self._states.setCurrentIndex(1)
        self._follow(QModelIndex())
        if selected is not None:
            self._keep_selected(selected)
        self._view.verticalScrollBar().setValue(scrolled_to)

    def show_exclusions(self, exclusions: Exclusions) -> None:
        """List what is excluded from the current photo's search."""
        self._exclusions = exclusions
        self._excluded.show_exclusions(exclusions)

    def show_pack_without_thumbnails(self, without: bool) -> None:
        """Say once, above the cards, that the pack has no thumbnails at all."""
        self._no_thumbnails.set_text(
            "This reference pack was built without thumbnails: its photos can be named, not shown."
            if without
            else ""
        )

    def set_thumbnail(self, row: int, image: QImage | None) -> None:
        """Show the thumbnail of a pack row; None where the pack has none."""
        self._model.set_thumbnail(row, image)

    def select_neighbour(self, rank: int | None) -> None:
        """Select the neighbour of this rank, or none, because another part of the window did."""
        if rank is None:
            self._follow(QModelIndex())
            return
        if not self._model.index_of_rank(rank).isValid():
            self._carriers_only.setChecked(False)
        index = self._model.index_of_rank(rank)
        self._follow(index)
        self._view.scrollTo(index)

    @property
    def selected_rank(self) -> int | None:
        """Return the rank of the selected neighbour."""
        selected = self._selected()
        return None if selected is None else selected.rank

    def focus_cards(self) -> None:
        """Give the cards the keyboard."""
        self._view.setFocus()

    # Construction

    def _set_up_view(self) -> None:
        self._view.setModel(self._model)
        self._view.setAccessibleName("Neighbours")
        self._view.setAccessibleDescription("Arrow keys move, Return compares, Delete excludes.")
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._view.customContextMenuRequested.connect(self._open_menu)
        self._view.doubleClicked.connect(lambda _index: self._compare_current())
        self._view.current_changed.connect(self._report_current)
        self._view.in_view.connect(self._ask_for_thumbnails)
        self._carriers_only.setCheckable(True)
        self._carriers_only.toggled.connect(self._filter)

    def _make_actions(self) -> dict[str, QAction]:
        steps: tuple[tuple[str, str, str, Callable[[], None]], ...] = (
            ("compare", "compare", "Return", self._compare_current),
            ("exclude", "exclude", "Del", self._exclude_reference),
            ("exclude_place", "globe", "Shift+Del", self._exclude_place),
            ("exclude_photographer", "person", "Ctrl+Del", self._exclude_photographer),
            ("copy_id", "tag", "Ctrl+C", self._copy_id),
            ("copy_position", "copy", "Ctrl+Shift+C", self._copy_position),
            ("copy_link", "link", "Ctrl+L", self._copy_link),
        )
        actions: dict[str, QAction] = {}
        for name, icon_name, keys, triggered in steps:
            action = QAction(icon(icon_name), "", self._view)
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(triggered)
            self._view.addAction(action)
            actions[name] = action
        actions["compare"].setShortcuts([QKeySequence("Return"), QKeySequence("Enter")])
        own = OwnKeys(self._view)
        for action in actions.values():
            own.add_action(action)
        return actions

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(SPACE.small, SPACE.tiny, SPACE.small, SPACE.tiny)
        head.setSpacing(SPACE.tiny)
        head.addWidget(self._summary, stretch=1)
        head.addWidget(self._conditions)
        head.addWidget(self._carriers_only)
        head.addWidget(self._compare)
        cards = QWidget()
        page = QVBoxLayout(cards)
        page.setContentsMargins(SPACE.tiny, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(head)
        banner = QVBoxLayout()
        banner.setContentsMargins(SPACE.tiny, 0, SPACE.medium, SPACE.tiny)
        banner.addWidget(self._no_thumbnails)
        page.addLayout(banner)
        page.addWidget(self._view, stretch=1)
        self._states.addWidget(self._message)
        self._states.addWidget(cards)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._states, stretch=1)
        layout.addWidget(self._excluded)

    # Selection

    def _selected(self) -> Neighbour | None:
        entry = self._model.entry(self._view.currentIndex())
        return None if entry is None else entry.neighbour

    def _follow(self, index: QModelIndex) -> None:
        """Select a card without telling anyone: they told us."""
        self._following = True
        self._view.setCurrentIndex(index)
        self._following = False
        self._update_actions()

    def _keep_selected(self, selected: Neighbour) -> None:
        """Go back to the reference, or to what now has its rank."""
        index = self._model.index_of_reference(selected.reference.reference_id)
        if not index.isValid():
            index = self._model.index(min(selected.rank, self._model.rowCount()) - 1)
        self._follow(index)

    def _report_current(self, index: QModelIndex) -> None:
        self._update_actions()
        entry = self._model.entry(index)
        if entry is not None and not self._following:
            self.neighbour_selected.emit(entry.neighbour.rank)

    def _filter(self, carriers_only: bool) -> None:
        selected = self._selected()
        self._model.show_carriers_only(carriers_only)
        if selected is not None:
            index = self._model.index_of_rank(selected.rank)
            self._follow(index)
            self._view.scrollTo(index)

    def _ask_for_thumbnails(self, first: int, last: int) -> None:
        for row in self._model.take_unasked(first, last):
            self.thumbnail_wanted.emit(row)

    # Actions on the selected neighbour

    def _update_actions(self) -> None:
        """Name what each action would act on, and disable those that have nothing to act on."""
        selected = self._selected()
        self._compare.setEnabled(selected is not None)
        for name, action in self._actions.items():
            text, possible = _action_text(name, selected)
            action.setText(text)
            action.setEnabled(possible)

    def _compare_current(self) -> None:
        if (selected := self._selected()) is not None:
            self.compare_requested.emit(selected.rank)

    def _exclude_reference(self) -> None:
        if (selected := self._selected()) is not None:
            self._exclude(Exclusions(reference_ids=frozenset({selected.reference.reference_id})))

    def _exclude_place(self) -> None:
        selected = self._selected()
        if selected is not None and not isinstance(selected.reference.place, Unavailable):
            self._exclude(Exclusions(places=frozenset({selected.reference.place})))

    def _exclude_photographer(self) -> None:
        selected = self._selected()
        if selected is not None and not isinstance(selected.reference.photographer, Unavailable):
            self._exclude(Exclusions(photographers=frozenset({selected.reference.photographer})))

    def _exclude(self, exclusions: Exclusions) -> None:
        self.exclude_requested.emit(exclusions)

    def _copy_id(self) -> None:
        if (selected := self._selected()) is not None:
            QGuiApplication.clipboard().setText(selected.reference.reference_id)

    def _copy_position(self) -> None:
        if (selected := self._selected()) is not None:
            QGuiApplication.clipboard().setText(decimal_text(selected.reference.position))

    def _copy_link(self) -> None:
        """Copy the link as text; this program opens no network connection."""
        selected = self._selected()
        if selected is not None and not isinstance(selected.reference.url, Unavailable):
            QGuiApplication.clipboard().setText(selected.reference.url)

    def _open_menu(self, position: QPoint) -> None:
        if self._selected() is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._actions["compare"])
        menu.addSeparator()
        menu.addActions([self._actions[name] for name in _EXCLUDING])
        menu.addSeparator()
        menu.addActions([self._actions[name] for name in _COPYING])
        menu.popup(self._view.viewport().mapToGlobal(position))


_EXCLUDING = ("exclude", "exclude_place", "exclude_photographer")
_COPYING = ("copy_id", "copy_position", "copy_link")


def _action_text(name: str, selected: Neighbour | None) -> tuple[str, bool]:
    """Return what an action is called for this neighbour, and whether it can be taken."""
    if selected is None:
        return _TEXTS[name], False
    objects: dict[str, str | Unavailable] = {
        "exclude_place": selected.reference.place,
        "exclude_photographer": selected.reference.photographer,
        "copy_link": selected.reference.url,
    }
    named = objects.get(name, "")
    if isinstance(named, Unavailable):
        return f"{_TEXTS[name]} ({named})", False
    if named and name != "copy_link":
        return f"{_TEXTS[name]}: {visible_text(named)}".replace("&", "&&"), True
    return _TEXTS[name], True


_TEXTS = {
    "compare": "Compare side by side",
    "exclude": "Exclude this photo",
    "exclude_place": "Exclude everything of its place",
    "exclude_photographer": "Exclude everything by its photographer",
    "copy_id": "Copy reference id",
    "copy_position": "Copy coordinates",
    "copy_link": "Copy link as text",
}


def _summary_text(count: int, carriers: int) -> str:
    nearest = count_text(count, "nearest reference")
    if not carriers:
        return nearest
    verb = "carries" if carriers == 1 else "carry"
    return f"{nearest} · {carriers} {verb} the answer"
