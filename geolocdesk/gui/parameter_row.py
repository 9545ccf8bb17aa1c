"""One number as slider and spin box, with what it means in plain words."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QSlider, QToolButton, QWidget

from geolocdesk.gui.icons import icon
from geolocdesk.gui.theme import SPACE, set_role

_SPIN_WIDTH_PX = 92


@dataclass(frozen=True, slots=True)
class Scale:
    """How a slider's whole steps stand for a number."""

    steps: int
    """The slider runs from 0 to this."""
    value_of: Callable[[int], float]
    step_of: Callable[[float], int]
    decimals: int

    def rounded(self, value: float) -> float:
        """Return the value as the spin box shows it."""
        return round(value, self.decimals)


def linear_scale(least: float, most: float, step: float, decimals: int) -> Scale:
    """Return a scale on which every step adds the same."""
    return Scale(
        round((most - least) / step),
        lambda position: least + position * step,
        lambda value: round((value - least) / step),
        decimals,
    )


def logarithmic_scale(least: float, most: float, decimals: int, steps: int = 300) -> Scale:
    """Return a scale on which every step multiplies by the same."""
    return Scale(
        steps,
        lambda position: least * (most / least) ** (position / steps),
        lambda value: round(steps * _log_share(value / least, most / least)),
        decimals,
    )


def _log_share(value: float, base: float) -> float:
    return math.log(value) / math.log(base)


class ParameterRow(QWidget):
    """Name, slider, spin box and a way back to the default; under them the explanation."""

    value_changed = Signal(float)
    """After the user changed it; never after ``show_value``."""

    def __init__(self, name: str, scale: Scale, explanation: str, suffix: str = "") -> None:
        super().__init__()
        self._name = name
        self._scale = scale
        self._default = scale.value_of(0)
        self._label = QLabel(name)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._spin = QDoubleSpinBox()
        self._back = QToolButton()
        self._explanation = QLabel()
        self._set_up(suffix)
        self._lay_out()
        self.explain(explanation)

    @property
    def value(self) -> float:
        """Return the number."""
        return self._spin.value()

    def set_default(self, default: float) -> None:
        """Take this for the default from now on."""
        self._default = self._scale.rounded(default)
        self._back.setToolTip(f"Back to {self._spin.textFromValue(self._default)}{self._spin.suffix()}")
        self._mark_change()

    def show_value(self, value: float) -> None:
        """Show this number without announcing it."""
        for widget in (self._slider, self._spin):
            widget.blockSignals(True)
        self._spin.setValue(value)
        self._slider.setValue(self._scale.step_of(self._spin.value()))
        for widget in (self._slider, self._spin):
            widget.blockSignals(False)
        self._mark_change()

    def set_most(self, most: float) -> None:
        """Let the number go no higher than this."""
        self._spin.setMaximum(most)
        self._slider.setMaximum(min(self._scale.step_of(most), self._scale.steps))

    def explain(self, text: str) -> None:
        """Show this explanation."""
        self._explanation.setText(text)
        for widget in (self._slider, self._spin):
            widget.setAccessibleDescription(text)

    @property
    def back_button(self) -> QToolButton:
        """Return the button that leads back to the default."""
        return self._back

    @property
    def is_default(self) -> bool:
        """Return whether the number is the default."""
        return self.value == self._default

    def _set_up(self, suffix: str) -> None:
        self._slider.setRange(0, self._scale.steps)
        self._slider.setPageStep(max(self._scale.steps // 10, 1))
        self._slider.setAccessibleName(self._name)
        self._slider.valueChanged.connect(self._take_from_slider)
        self._spin.setDecimals(self._scale.decimals)
        self._spin.setRange(self._scale.value_of(0), self._scale.value_of(self._scale.steps))
        self._spin.setSingleStep(
            max(10.0**-self._scale.decimals, self._scale.value_of(1) - self._scale.value_of(0))
        )
        self._spin.setSuffix(suffix)
        self._spin.setFixedWidth(_SPIN_WIDTH_PX)
        self._spin.setKeyboardTracking(False)
        self._spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._spin.setAccessibleName(f"{self._name}, exact value")
        self._spin.valueChanged.connect(self._take_from_spin)
        self._back.setIcon(icon("reset", "accent"))
        self._back.setIconSize(QSize(14, 14))
        self._back.setAccessibleName(f"{self._name}: back to the default")
        self._back.clicked.connect(lambda: self._spin.setValue(self._default))
        set_role(self._back, "icon")
        for widget in (self._slider, self._spin):
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            widget.installEventFilter(WheelGuard(widget))
            widget.setToolTip("Arrow keys change it in small steps, Page Up and Page Down in large ones")

    def _lay_out(self) -> None:
        set_role(self._label, "strong")
        set_role(self._explanation, "caption")
        self._explanation.setWordWrap(True)
        self._label.setBuddy(self._slider)
        room = self._back.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self._back.setSizePolicy(room)
        self._back.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE.small)
        grid.setVerticalSpacing(SPACE.hair)
        grid.addWidget(self._label, 0, 0)
        grid.addWidget(self._back, 0, 1)
        grid.addWidget(self._spin, 0, 2)
        grid.addWidget(self._slider, 1, 0, 1, 3)
        grid.addWidget(self._explanation, 2, 0, 1, 3)
        grid.setColumnStretch(0, 1)

    def _take_from_slider(self, position: int) -> None:
        self._spin.blockSignals(True)
        self._spin.setValue(self._scale.rounded(self._scale.value_of(position)))
        self._spin.blockSignals(False)
        self._announce()

    def _take_from_spin(self, value: float) -> None:
        self._slider.blockSignals(True)
        self._slider.setValue(self._scale.step_of(value))
        self._slider.blockSignals(False)
        self._announce()

    def _announce(self) -> None:
        self._mark_change()
        self.value_changed.emit(self.value)

    def _mark_change(self) -> None:
        self._back.setVisible(not self.is_default)


class WheelGuard(QObject):
    """Leaves the wheel to the page unless the control has the focus: scrolling must not change a result."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep a wheel event from a control without the focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False
