"""The estimate's parameters, each with what it does, to play with live."""

import math
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from geolocdesk.estimation.location import EstimationParameters, EstimatorName
from geolocdesk.geodesy import EARTH_RADIUS_KM
from geolocdesk.gui.icons import icon
from geolocdesk.gui.parameter_row import ParameterRow, WheelGuard, linear_scale, logarithmic_scale
from geolocdesk.gui.theme import SPACE, set_role
from geolocdesk.quantities import distance_text

MOST_NEIGHBOURS = 1000
MOST_EXPONENT = 30.0
LEAST_BANDWIDTH_DEG = 0.1
MOST_BANDWIDTH_DEG = 30.0
_KM_PER_DEGREE = EARTH_RADIUS_KM * math.pi / 180
_WIDEST_PX = 560


class ParameterPanel(QWidget):
    """Shows the parameters of the current result and announces every change at once."""

    parameters_changed = Signal(object)
    """EstimationParameters, with every step of a slider; never after ``show_parameters``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._defaults = self._shown = EstimationParameters()
        self._usual: dict[EstimatorName, EstimationParameters] = {}
        self._estimator = QComboBox()
        self._meaning = QLabel()
        self._neighbours = ParameterRow(
            "Neighbours (k)",
            logarithmic_scale(1, MOST_NEIGHBOURS, 0),
            "How many of the nearest references take part. More of them outvote a chance look-alike; "
            "fewer follow the best matches.",
        )
        self._exponent = ParameterRow(
            "Exponent (m)",
            linear_scale(0, MOST_EXPONENT, 0.5, 1),
            "How much more a closer match counts. At 0 all count alike; the higher it is, the more "
            "the nearest reference decides.",
        )
        self._bandwidth = ParameterRow(
            "Bandwidth (σ)",
            logarithmic_scale(LEAST_BANDWIDTH_DEG, MOST_BANDWIDTH_DEG, 1),
            "",
            suffix="°",
        )
        self._state = QLabel()
        self._reset = QPushButton("Reset")
        self._set_up()
        self._lay_out()
        self.set_estimators(("sphere", "nearest"))
        self.show_parameters(self._defaults)

    # Values

    @property
    def parameters(self) -> EstimationParameters:
        """Return the parameters as they are set."""
        estimator: EstimatorName = self._estimator.currentData()
        return replace(
            self._shown,
            estimator=estimator,
            neighbours=round(self._neighbours.value),
            # a softmax's scale is the model's own and no number to play with
            exponent=self._shown.exponent if estimator == "geoclip" else self._exponent.value,
            bandwidth_deg=self._bandwidth.value,
        )

    def show_parameters(self, parameters: EstimationParameters) -> None:
        """Show the parameters of a result without announcing them.

        For another photo or an undo; not for the echo of a change, which would pull a slider from the hand.
        """
        self._shown = parameters
        self._estimator.blockSignals(True)
        self._estimator.setCurrentIndex(max(self._estimator.findData(parameters.estimator), 0))
        self._estimator.blockSignals(False)
        self._neighbours.show_value(parameters.neighbours)
        self._exponent.show_value(parameters.exponent)
        self._bandwidth.show_value(parameters.bandwidth_deg)
        self._explain()

    def back_button(self, parameter: str) -> QToolButton:
        """Return the button that takes one parameter, named as in EstimationParameters, to its default."""
        rows = {"neighbours": self._neighbours, "exponent": self._exponent, "bandwidth_deg": self._bandwidth}
        return rows[parameter].back_button

    def set_defaults(self, defaults: EstimationParameters) -> None:
        """Measure changes against these, and reset to them."""
        self._defaults = defaults
        self._neighbours.set_default(defaults.neighbours)
        self._exponent.set_default(defaults.exponent)
        self._bandwidth.set_default(defaults.bandwidth_deg)
        self._explain()

    def set_choices(self, choices: Sequence[EstimationParameters]) -> None:
        """Offer these estimators with their usual parameters; the first are the defaults to reset to."""
        self._usual = {choice.estimator: choice for choice in choices}
        self.set_estimators([choice.estimator for choice in choices])
        self.set_defaults(choices[0])

    def set_estimators(self, available: Sequence[EstimatorName]) -> None:
        """Offer these estimators; the current one stays where it is among them."""
        current = self._estimator.currentData()
        self._estimator.blockSignals(True)
        self._estimator.clear()
        for name in available:
            self._estimator.addItem(_ESTIMATORS[name][0], name)
        self._estimator.setCurrentIndex(max(self._estimator.findData(current), 0))
        self._estimator.blockSignals(False)
        self._explain()

    def set_reference_count(self, count: int) -> None:
        """Offer no more neighbours than the pack has references."""
        self._neighbours.set_most(min(count, MOST_NEIGHBOURS))

    def reset(self) -> None:
        """Go back to the defaults, and announce it where that changes anything."""
        before = self.parameters
        self.show_parameters(self._defaults)
        if self.parameters != before:
            self.parameters_changed.emit(self.parameters)

    # Construction

    def _set_up(self) -> None:
        self._estimator.setAccessibleName("Estimator")
        self._estimator.setToolTip("How the place is worked out from the neighbours")
        self._estimator.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._estimator.installEventFilter(WheelGuard(self._estimator))
        self._estimator.currentIndexChanged.connect(lambda _index: self._change_estimator())
        for row in (self._neighbours, self._exponent, self._bandwidth):
            row.value_changed.connect(lambda _value: self._announce())
        self._reset.setIcon(icon("reset"))
        self._reset.setToolTip("Back to the default parameters")
        self._reset.clicked.connect(self.reset)
        self.set_defaults(self._defaults)

    def _lay_out(self) -> None:
        page = QWidget()
        page.setObjectName("scrolled")
        page.setMaximumWidth(_WIDEST_PX)
        rows = QVBoxLayout(page)
        rows.setContentsMargins(SPACE.large, SPACE.medium, SPACE.large, SPACE.medium)
        rows.setSpacing(SPACE.large)
        rows.addLayout(self._head())
        rows.addLayout(self._choice())
        for row in (self._neighbours, self._exponent, self._bandwidth):
            rows.addWidget(row)
        rows.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def _head(self) -> QHBoxLayout:
        set_role(self._state, "muted")
        self._state.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(self._state, stretch=1)
        head.addWidget(self._reset)
        return head

    def _choice(self) -> QVBoxLayout:
        name = QLabel("Estimator")
        name.setBuddy(self._estimator)
        set_role(name, "strong")
        set_role(self._meaning, "caption")
        self._meaning.setWordWrap(True)
        line = QHBoxLayout()
        line.addWidget(name, stretch=1)
        line.addWidget(self._estimator)
        choice = QVBoxLayout()
        choice.setSpacing(SPACE.tiny)
        choice.addLayout(line)
        choice.addWidget(self._meaning)
        return choice

    # Explaining

    def _change_estimator(self) -> None:
        """Take the new estimator's usual numbers in place of the old one's; what was chosen otherwise stays."""
        before, now = self._shown, self.parameters
        old = self._usual.get(before.estimator, EstimationParameters(before.estimator))
        new = self._usual.get(now.estimator, EstimationParameters(now.estimator))
        self.show_parameters(
            replace(
                now,
                neighbours=new.neighbours if now.neighbours == old.neighbours else now.neighbours,
                exponent=new.exponent if before.exponent == old.exponent else now.exponent,
                bandwidth_deg=new.bandwidth_deg
                if now.bandwidth_deg == old.bandwidth_deg
                else now.bandwidth_deg,
                cells=None,
            )
        )
        self._announce()

    def _announce(self) -> None:
        self._shown = self.parameters
        self._explain()
        self.parameters_changed.emit(self.parameters)

    def _explain(self) -> None:
        estimator: EstimatorName | None = self._estimator.currentData()
        if estimator is None:
            return
        _title, meaning, used = _ESTIMATORS[estimator]
        self._meaning.setText(meaning)
        self._neighbours.setEnabled("neighbours" in used)
        self._exponent.setEnabled("exponent" in used)
        self._exponent.setVisible(estimator != "geoclip")
        self._bandwidth.setEnabled("bandwidth" in used)
        reach = distance_text(self._bandwidth.value * _KM_PER_DEGREE)
        self._bandwidth.explain(
            f"How far one reference's evidence spreads over the map: {self._bandwidth.value:g}° is about "
            f"{reach}. Small suits street and city, large suits country and continent."
        )
        changed = self.parameters != self._defaults
        self._reset.setEnabled(changed)
        self._state.setText("Changed from the default" if changed else "Default parameters")
        set_role(self._state, "strong" if changed else "muted")


_ESTIMATORS: dict[EstimatorName, tuple[str, str, frozenset[str]]] = {
    "sphere": (
        "Density on the sphere",
        "Every neighbour spreads its weight round its place on the globe; the answer is where it gathers.",
        frozenset({"neighbours", "exponent", "bandwidth"}),
    ),
    "nearest": (
        "Nearest reference",
        "The answer is the place of the one reference most like the photo; the others are only shown.",
        frozenset({"neighbours"}),
    ),
    "vo2017": (
        "Vo et al. 2017",
        "The published program step by step, on a flat grid, for comparison with published figures.",
        frozenset({"neighbours", "exponent", "bandwidth"}),
    ),
    "classes": (
        "Classes",
        "A trained network names the most probable cell of the Earth; neighbours are only shown.",
        frozenset({"neighbours"}),
    ),
    "fused": (
        "Neighbours and classes",
        "The neighbours' density, each weighed by how probable a trained network finds its cell of the Earth.",
        frozenset({"neighbours", "exponent", "bandwidth"}),
    ),
    "geoclip": (
        "GeoCLIP",
        "The answer is the place whose description is most like the photo's; its likes share the probability.",
        frozenset({"neighbours", "bandwidth"}),
    ),
}
