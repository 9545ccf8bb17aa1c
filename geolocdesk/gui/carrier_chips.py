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
        self._chips = FlowLayout(SPACE.tiny)
        self._shown: list[tuple[int, str]] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE.tiny)
        layout.addWidget(self._sentence)
        layout.addLayout(self._chips)

    def show_carriers(self, carriers: Mapping[int, float], neighbours: int) -> None:
        """Show these ranks with their shares of the density at the answer, of this many neighbours."""
        self._sentence.setText(_sentence(carriers, neighbours))
        ranked = sorted(carriers.items(), key=lambda carrier: (-carrier[1], carrier[0]))
        shown = [(rank, share_text(share)) for rank, share in ranked]
        if shown == self._shown:
            return
        self._shown = shown
        while (item := self._chips.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for rank, share in shown[:MOST_CHIPS]:
            self._chips.addWidget(self._chip(rank, share))
        if len(shown) > MOST_CHIPS:
            rest = QLabel(f"and {len(shown) - MOST_CHIPS} more, starred in the gallery")
            set_role(rest, "caption")
            rest.setMinimumHeight(TOUCH_PX)
            self._chips.addWidget(rest)

    def _chip(self, rank: int, share: str) -> QToolButton:
        chip = QToolButton()
        chip.setText(f"{rank} · {share}")
        chip.setIcon(icon("star", "accent"))
        chip.setIconSize(QSize(12, 12))
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        chip.setAccessibleName(f"Neighbour {rank}, {share} of the answer")
        chip.setToolTip(f"Go to neighbour {rank}: it makes {share} of the density at the answer")
        chip.setProperty("role", "chip")
        chip.clicked.connect(lambda _checked: self.neighbour_chosen.emit(rank))
        return chip


def _sentence(carriers: Mapping[int, float], neighbours: int) -> str:
    if not carriers:
        return "Which neighbours carry the answer is not available."
    total = share_text(min(sum(carriers.values()), 1.0))
    if len(carriers) == 1:
        return (
            f"One of {neighbours:,} neighbours carries this answer: {total} of the density there is its own."
        )
    return f"{len(carriers)} of {neighbours:,} neighbours carry this answer: together {total} of the density there."
