"""The query and one neighbour side by side, zoomed and moved together."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from geolocdesk.analysis import Exclusions
from geolocdesk.cartography.coordinates import decimal_text
from geolocdesk.gui.elided_label import ElidedLabel
from geolocdesk.gui.icons import icon
from geolocdesk.gui.own_keys import OwnKeys
from geolocdesk.gui.picture import Picture
from geolocdesk.gui.picture_canvas import ZOOM_STEP, PictureCanvas, PictureView
from geolocdesk.gui.place_text import PlaceLookup, no_place, short_place
from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.gui.theme import SPACE, set_role
from geolocdesk.gui.tool_button import tool_button
from geolocdesk.quantities import share_text
from geolocdesk.reference.neighbours import Neighbour, Neighbours
from geolocdesk.reporting.answer import credit_text
from geolocdesk.visible_text import visible_text


class CompareView(QWidget):
    """Shows one neighbour at a time beside the query; arrow keys go through them in rank order."""

    picture_wanted = Signal(int)
    """The pack row now beside the query; answer with ``set_picture``."""
    neighbour_shown = Signal(int)
    """The rank the user went to; never after ``show_rank``."""
    exclude_requested = Signal(object)
    """Exclusions to add to those in force."""
    close_requested = Signal()

    def __init__(self, place_lookup: PlaceLookup = no_place, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._place_lookup = place_lookup
        self._items: tuple[Neighbour, ...] = ()
        self._weights: NDArray[np.float64] = np.empty(0)
        self._place = 0
        self._picture_row: int | None = None
        self._query = _canvas("Query photo")
        self._neighbour = _canvas("Neighbour photo")
        self._query_name = ElidedLabel("strong", Qt.TextElideMode.ElideMiddle)
        self._query_size = ElidedLabel("caption")
        self._title = ElidedLabel("strong")
        self._numbers = ElidedLabel("caption")
        self._credit = ElidedLabel("caption")
        self._count = QLabel()
        self._message = Placeholder()
        self._beside = QStackedWidget()
        self._previous = tool_button("previous", "Previous neighbour", "Left", lambda: self._step(-1))
        self._next = tool_button("next", "Next neighbour", "Right", lambda: self._step(1))
        self._link = tool_button("link", "Zoom and move both together", "L", lambda: None)
        self._exclude = tool_button("exclude", "Exclude this photo", "Del", self._exclude_shown)
        self._link.setCheckable(True)
        self._link.setChecked(True)
        self._link.toggled.connect(self._link_views)
        self._query.view_changed.connect(lambda view: self._follow(self._neighbour, view))
        self._neighbour.view_changed.connect(lambda view: self._follow(self._query, view))
        self._lay_out()
        self._add_shortcuts()
        self._show_current()

    # What is compared

    def show_query(self, file_name: str, picture: Picture | None) -> None:
        """Show this query on the left."""
        self._query_name.set_text(visible_text(file_name))
        self._query.setAccessibleDescription(visible_text(file_name))
        size = "" if picture is None else f"{picture.size.width()} × {picture.size.height()} pixels"
        self._query_size.set_text(size)
        self._query.set_picture(picture)

    def show_neighbours(self, neighbours: Neighbours, weights: NDArray[np.float64], rank: int = 1) -> None:
        """Go through these neighbours, from this rank on; ``weights`` is float64[k] in rank order."""
        self._items = neighbours.items
        self._weights = weights
        self._picture_row = None
        self.show_rank(rank)

    def show_rank(self, rank: int) -> None:
        """Show the neighbour of this rank, or the last one where there are fewer."""
        self._place = min(max(rank, 1), max(len(self._items), 1)) - 1
        self._show_current()

    def set_picture(self, row: int, picture: Picture | None) -> None:
        """Show the picture of a pack row, None where there is none; dropped when another is shown by now."""
        shown = self.shown_neighbour
        if shown is None or shown.reference.row != row:
            return
        if picture is None:
            self._show_message(
                "photo",
                "No picture of this reference",
                f"The pack names {visible_text(shown.reference.file)} but holds no thumbnail of it.",
            )
            return
        self._neighbour.set_picture(picture)
        self._beside.setCurrentIndex(1)
        if self._link.isChecked():
            self._neighbour.set_view(self._query.view)

    def focus_pictures(self) -> None:
        """Give the pictures the keyboard."""
        self._query.setFocus()

    @property
    def shown_neighbour(self) -> Neighbour | None:
        """Return the neighbour beside the query."""
        return self._items[self._place] if self._place < len(self._items) else None

    # Construction

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._bar())
        sides = QSplitter(Qt.Orientation.Horizontal)
        sides.setChildrenCollapsible(False)
        sides.setHandleWidth(SPACE.tiny)
        query_caption = ElidedLabel("caption")
        query_caption.set_text("The photo in question")
        self._beside.addWidget(self._message)
        self._beside.addWidget(self._neighbour)
        sides.addWidget(_side((self._query_name, query_caption, self._query_size), self._query))
        sides.addWidget(_side((self._title, self._numbers, self._credit), self._beside))
        sides.setSizes([1000, 1000])
        layout.addWidget(sides, stretch=1)
        self.setTabOrder(self._query, self._neighbour)

    def _bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACE.small, SPACE.tiny, SPACE.small, SPACE.tiny)
        bar.setSpacing(SPACE.tiny)
        set_role(self._count, "muted")
        self._count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._count.setMinimumWidth(self.fontMetrics().horizontalAdvance("Neighbour 1,000 of 1,000"))
        for widget in (self._previous, self._count, self._next):
            bar.addWidget(widget)
        bar.addStretch()
        bar.addWidget(self._link)
        bar.addWidget(tool_button("zoom-out", "Zoom out", "−", lambda: self._zoom_both(1 / ZOOM_STEP)))
        bar.addWidget(tool_button("zoom-in", "Zoom in", "+", lambda: self._zoom_both(ZOOM_STEP)))
        bar.addWidget(tool_button("fit", "Fit both", "0", self._fit_both))
        bar.addWidget(self._exclude)
        bar.addWidget(tool_button("close", "Close the comparison", "Esc", self.close_requested.emit))
        return bar

    def _add_shortcuts(self) -> None:
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("Left", lambda: self._step(-1)),
            ("Right", lambda: self._step(1)),
            ("Home", lambda: self._go_to(0)),
            ("End", lambda: self._go_to(len(self._items) - 1)),
            ("L", self._link.toggle),
            ("0", self._fit_both),
            ("Del", self._exclude_shown),
            ("Esc", self.close_requested.emit),
        )
        own = OwnKeys(self, self._query, self._neighbour)
        for keys, triggered in steps:
            own.add(keys, triggered)

    # Moving

    def _step(self, places: int) -> None:
        self._go_to(self._place + places)

    def _go_to(self, place: int) -> None:
        if not 0 <= place < len(self._items) or place == self._place:
            return
        self._place = place
        self._show_current()
        self.neighbour_shown.emit(self._items[place].rank)

    def _show_current(self) -> None:
        shown = self.shown_neighbour
        self._previous.setEnabled(self._place > 0)
        self._next.setEnabled(self._place + 1 < len(self._items))
        self._exclude.setEnabled(shown is not None)
        if shown is None:
            self._count.setText("No neighbours")
            for label in (self._title, self._numbers, self._credit):
                label.set_text("")
            self._show_message("neighbours", "Nothing to compare with", "Analyse the photo first.")
            return
        self._count.setText(f"Neighbour {shown.rank:,} of {len(self._items):,}")
        self._describe(shown)
        if shown.reference.row != self._picture_row:
            self._picture_row = shown.reference.row
            self._show_busy()
            self.picture_wanted.emit(shown.reference.row)

    def _describe(self, shown: Neighbour) -> None:
        reference = shown.reference
        position = decimal_text(reference.position)
        name = short_place(self._place_lookup, reference.position)
        weight = share_text(float(self._weights[self._place]))
        self._title.set_text(f"{shown.rank}. {name}")
        self._numbers.set_text(f"distance {shown.distance:.3f} · weight {weight} · {position}")
        self._credit.set_text(credit_text(reference))
        self._neighbour.setAccessibleDescription(f"Neighbour {shown.rank}, {name}")

    def _show_busy(self) -> None:
        self._message.show_busy("Fetching the picture", "")
        self._beside.setCurrentIndex(0)

    def _show_message(self, icon_name: str, title: str, text: str) -> None:
        self._message.show_message(icon_name, title, text)
        self._beside.setCurrentIndex(0)

    def _exclude_shown(self) -> None:
        if (shown := self.shown_neighbour) is not None:
            self.exclude_requested.emit(Exclusions(reference_ids=frozenset({shown.reference.reference_id})))

    # Views

    def _follow(self, other: PictureCanvas, view: PictureView) -> None:
        if self._link.isChecked():
            other.set_view(view)

    def _link_views(self, linked: bool) -> None:
        self._link.setIcon(icon("link", "accent" if linked else "muted"))
        if linked:
            self._neighbour.set_view(self._query.view)

    def _zoom_both(self, factor: float) -> None:
        self._query.zoom_by(factor)
        if not self._link.isChecked():
            self._neighbour.zoom_by(factor)

    def _fit_both(self) -> None:
        self._query.fit()
        self._neighbour.fit()


def _canvas(name: str) -> PictureCanvas:
    canvas = PictureCanvas(arrows_pan=False)
    canvas.setAccessibleName(name)
    canvas.setToolTip("Wheel or + and − zoom, drag or Shift+arrows move, double click for actual size")
    return canvas


def _side(captions: tuple[QLabel, ...], picture: QWidget) -> QWidget:
    side = QWidget()
    layout = QVBoxLayout(side)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE.tiny)
    text = QVBoxLayout()
    text.setContentsMargins(SPACE.medium, SPACE.tiny, SPACE.medium, SPACE.tiny)
    text.setSpacing(0)
    for caption in captions:
        text.addWidget(caption)
    layout.addLayout(text)
    layout.addWidget(picture, stretch=1)
    return side
