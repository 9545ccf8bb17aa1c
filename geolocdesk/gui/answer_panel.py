"""The answer for the current photo: where it points, how surely, because of what, and how to check it."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from geolocdesk.analysis import Analysis
from geolocdesk.cartography.coordinates import list_notations
from geolocdesk.estimation.location import LEVELS, LevelAnswer
from geolocdesk.geodesy import Position
from geolocdesk.gui.answer_wording import claim_sentence, search_sentences
from geolocdesk.gui.callout import Callout
from geolocdesk.gui.carrier_chips import CarrierChips
from geolocdesk.gui.coordinate_table import CoordinateTable
from geolocdesk.gui.level_row import LevelRow
from geolocdesk.gui.place_text import PlaceLookup, no_place, short_place
from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.gui.provenance_box import ProvenanceBox
from geolocdesk.gui.tab_order import follow_layout
from geolocdesk.gui.theme import SPACE, LabelRole, set_role
from geolocdesk.gui.tool_button import tool_button
from geolocdesk.reporting.answer import (
    calibration_badge,
    certainty_sentence,
    region_sentence,
    unfamiliar_sentence,
)
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text


class AnswerPanel(QWidget):
    """Shows one analysis in words and numbers, or why there is none."""

    level_hovered = Signal(object)
    """The name of the level pointed at, None when the pointer or the keyboard leaves it."""
    fit_level = Signal(str)
    """The level whose ring the map should show."""
    fit_answer = Signal()
    """The map should show the answer."""
    neighbour_selected = Signal(int)
    """The rank of a neighbour the user followed."""
    retry_requested = Signal()
    """The photo is to be analysed, for the first time or again."""

    def __init__(self, place_lookup: PlaceLookup = no_place, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._place_lookup = place_lookup
        self._rows: list[LevelRow] = []
        self._page = QWidget()
        self._has_order = False
        self._message = Placeholder()
        self._message.action_triggered.connect(self.retry_requested)
        self._headline = _label("headline")
        self._detail = _label("muted")
        self._badge = _label("caption")
        self._certainty = _label("body")
        self._unfamiliar = Callout("warning")
        self._excluded = Callout("info")
        self._coordinates = CoordinateTable()
        self._levels = QVBoxLayout()
        self._regions = _label("muted")
        self._carriers = CarrierChips()
        self._carriers.neighbour_chosen.connect(self.neighbour_selected)
        self._claim = _label("body")
        self._provenance = ProvenanceBox()
        self._states = QStackedWidget()
        self._scroll = QScrollArea()
        self._lay_out()
        self.show_nothing()

    def rehearse(self) -> None:
        """Make and style what an answer is shown with, so that the first one takes no longer than the others."""
        nowhere = Position(0.0, 0.0)
        self._coordinates.show_notations(list_notations(nowhere))
        self._carriers.make_chips()
        self._show_levels(
            tuple(LevelAnswer(level, nowhere, 0.0, Unavailable.NOT_AVAILABLE) for level in LEVELS)
        )
        self._order_tabs()
        shown = self._states.currentIndex()
        self._states.setCurrentIndex(1)
        self._scroll.grab()  # no event comes in between, so nobody sees it
        self._states.setCurrentIndex(shown)

    # States

    def show_nothing(self) -> None:
        """Show that no photo is selected."""
        self._leave_answer()
        self._message.show_message(
            "answer", "No answer to show", "Select an analysed photo to see where it points."
        )

    def show_waiting(self) -> None:
        """Show that the selected photo was not analysed yet."""
        self._leave_answer()
        self._message.show_message(
            "waiting",
            "Not analysed yet",
            "Analyse this photo to see where it points.",
            action="Analyse this photo",
        )

    def show_busy(self, file_name: str) -> None:
        """Show that the selected photo is being analysed."""
        self._leave_answer()
        self._message.show_busy("Analysis under way", f"{visible_text(file_name)} is analysed in its turn.")

    def show_failure(self, file_name: str, reason: str) -> None:
        """Show why there is no answer for this photo."""
        self._leave_answer()
        self._message.show_message(
            "error",
            f"No answer for {visible_text(file_name)}",
            visible_text(reason, keep_lines=True),
            tint="danger",
            action="Try again",
        )

    def show_answer(self, analysis: Analysis, carriers: Mapping[int, float]) -> None:
        """Show this analysis; ``carriers`` holds the ranks that carry it and their shares of the density."""
        estimate = analysis.estimate
        self._show_place(analysis)
        self._badge.setText(calibration_badge(estimate.levels))
        self._certainty.setText(certainty_sentence(estimate.levels))
        self._certainty.setVisible(bool(estimate.levels))
        self._unfamiliar.set_text(unfamiliar_sentence(estimate.familiarity))
        self._excluded.set_text(search_sentences(analysis))
        self._coordinates.show_notations(list_notations(estimate.position))
        self._show_levels(estimate.levels)
        self._regions.setText("\n".join(region_sentence(region) for region in estimate.regions))
        self._regions.setVisible(bool(estimate.regions))
        self._carriers.show_carriers(carriers, len(analysis.neighbours.items))
        self._claim.setText(claim_sentence(analysis))
        self._provenance.show_analysis(analysis)
        self._states.setCurrentIndex(1)
        if not self._has_order:
            self._order_tabs()

    # Construction

    def _lay_out(self) -> None:
        page = self._page
        page.setObjectName("scrolled")
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE.small, SPACE.tiny, SPACE.small, SPACE.medium)
        column.setSpacing(SPACE.tiny)
        self._levels.setSpacing(0)
        column.addLayout(_indented(self._head(), self._unfamiliar, self._excluded))
        column.addLayout(self._levels)  # not indented: the ground under a row's text is wider than the text
        column.addLayout(_indented(self._regions, _heading("Why"), self._carriers))
        column.addLayout(_indented(_heading("Coordinates of the answer"), self._coordinates))
        column.addLayout(_indented(_heading("The file's own claim (untrusted, not used)"), self._claim))
        column.addSpacing(SPACE.small)
        column.addWidget(self._provenance)
        column.addStretch()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(page)
        self._states.addWidget(self._message)
        self._states.addWidget(self._scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._states)

    def _head(self) -> QVBoxLayout:
        lead = _label("caption")
        lead.setText("Investigative lead")
        self._badge.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout()
        line.setSpacing(SPACE.tiny)
        line.addWidget(lead)
        line.addWidget(self._badge, stretch=1)
        line.addWidget(tool_button("map", "Show the answer on the map", "", self.fit_answer.emit))
        head = QVBoxLayout()
        head.setSpacing(SPACE.tiny)
        head.addLayout(line)
        head.addWidget(self._headline)
        head.addWidget(self._detail)
        head.addSpacing(SPACE.tiny)
        head.addWidget(self._certainty)
        head.addSpacing(SPACE.tiny)
        return head

    # Filling

    def _show_place(self, analysis: Analysis) -> None:
        place = self._place_lookup(analysis.estimate.position)
        named = not isinstance(place, Unavailable)
        self._headline.setText(_begun(short_place(self._place_lookup, analysis.estimate.position)))
        full = place.full if not isinstance(place, Unavailable) else "place name not available"
        self._detail.setText(_begun(full))
        self._headline.setAccessibleName(f"Investigative lead: {self._headline.text()}")
        self._detail.setEnabled(named)

    def _show_levels(self, answers: tuple[LevelAnswer, ...]) -> None:
        while len(self._rows) > len(answers):
            row = self._rows.pop()
            self._levels.removeWidget(row)
            row.deleteLater()
        for place, answer in enumerate(answers):
            name = short_place(self._place_lookup, answer.position)
            if place < len(self._rows):
                self._rows[place].show_answer(answer, name)
            else:
                self._add_row(LevelRow(answer, name))

    def _add_row(self, row: LevelRow) -> None:
        row.pointed_at.connect(lambda here: self.level_hovered.emit(row.level_name if here else None))
        row.clicked.connect(lambda _checked: self.fit_level.emit(row.level_name))
        self._rows.append(row)
        self._has_order = False
        self._levels.addWidget(row)

    def _order_tabs(self) -> None:
        """Let Tab reach the parts of an answer in their order; many of them are made after the others."""
        layout = self._page.layout()
        if layout is not None:
            follow_layout(layout)
        self._has_order = True

    def _leave_answer(self) -> None:
        self._states.setCurrentIndex(0)


def _label(role: LabelRole) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    set_role(label, role)
    return label


def _heading(title: str) -> QLabel:
    heading = QLabel(title)
    heading.setWordWrap(True)
    heading.setContentsMargins(0, SPACE.medium, 0, 0)
    set_role(heading, "strong")
    return heading


def _indented(*parts: QWidget | QLayout) -> QVBoxLayout:
    """Return the parts one below the other, in line with the text of the level rows."""
    column = QVBoxLayout()
    column.setContentsMargins(SPACE.small, 0, SPACE.small, 0)
    column.setSpacing(SPACE.tiny)
    for part in parts:
        if isinstance(part, QLayout):
            column.addLayout(part)
        else:
            column.addWidget(part)
    return column


def _begun(text: str) -> str:
    """Return the text with a capital at its beginning."""
    return text[:1].upper() + text[1:]
