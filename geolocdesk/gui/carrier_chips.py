"""The neighbours an answer rests on, as chips that lead to them."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from geolocdesk.gui.flow_layout import FlowLayout
from geolocdesk.gui.icons import icon
from geolocdesk.gui.theme import SPACE, TOUCH_PX, set_role
from geolocdesk.quantities import share_text

MOST_CHIPS = 12


class CarrierChips(QWidget):
    """Says how many neighbours carry the answer and names each with its share of the density there."""

    neighbour_chosen = Signal(int)
    """The rank of the chip that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        set_role(self._sentence, "muted")
        self._chips: list[_Chip] = []
        self._rest = QLabel()
        self._rest.setMinimumHeight(TOUCH_PX)
        set_role(self._rest, "caption")
        self._flow = FlowLayout(SPACE.tiny)
        self._flow.addWidget(self._rest)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE.tiny)
        layout.addWidget(self._sentence)
        layout.addLayout(self._flow)

    def show_carriers(self, carriers: Mapping[int, float], neighbours: int) -> None:
        """Show these ranks with their shares of the density at the answer, of this many neighbours."""
        self._sentence.setText(_sentence(carriers, neighbours))
        ranked = sorted(carriers.items(), key=lambda carrier: (-carrier[1], carrier[0]))[:MOST_CHIPS]
        self.make_chips(len(ranked))
        # made once and used again: a slider changes them with every step
        for place, chip in enumerate(self._chips):
            chip.setVisible(place < len(ranked))
            if place < len(ranked):
                chip.show_carrier(*ranked[place])
        rest = len(carriers) - len(ranked)
        self._rest.setText(f"and {rest} more, starred in the gallery")
        self._rest.setVisible(rest > 0)

    def make_chips(self, count: int = MOST_CHIPS) -> None:
        """Have as many chips as this, those that are new hidden."""
        while len(self._chips) < count:
            self._add_chip()

    def _add_chip(self) -> None:
        chip = _Chip()
        chip.hide()
        chip.clicked.connect(lambda _checked: self.neighbour_chosen.emit(chip.rank))
        self._chips.append(chip)
        self._flow.removeWidget(self._rest)
        self._flow.addWidget(chip)
        self._flow.addWidget(self._rest)


class _Chip(QToolButton):
    """One neighbour's rank and share."""

    def __init__(self) -> None:
        super().__init__()
        self.rank = 0
        self.setProperty("role", "chip")
        self.setIcon(icon("star", "accent"))
        self.setIconSize(QSize(12, 12))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def show_carrier(self, rank: int, share: float) -> None:
        self.rank = rank
        self.setText(f"{rank} · {share_text(share)}")
        self.setAccessibleName(f"Neighbour {rank}, {share_text(share)} of the answer")
        self.setToolTip(f"Go to neighbour {rank}: it makes {share_text(share)} of the density at the answer")


def _sentence(carriers: Mapping[int, float], neighbours: int) -> str:
    if not carriers:
        return "Which neighbours carry the answer is not available."
    total = share_text(min(sum(carriers.values()), 1.0))
    if len(carriers) == 1:
        return (
            f"One of {neighbours:,} neighbours carries this answer: {total} of the density there is its own."
        )
    return f"{len(carriers)} of {neighbours:,} neighbours carry this answer: together {total} of the density there."
