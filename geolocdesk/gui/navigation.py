"""From photo to photo: what the panels turn to, and what is worked out beforehand."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from geolocdesk.gui.analysis_desk import AnalysisDesk
from geolocdesk.gui.evidence_entry import EntryStatus, EvidenceEntry
from geolocdesk.gui.evidence_model import EvidenceModel, EvidenceRole
from geolocdesk.gui.exhibit_display import ExhibitDisplay
from geolocdesk.gui.workspace import Workspace

_LOOKED_AHEAD = 12
"""Rows, each way, among which the next analysed photo is looked for."""


class Navigation(QObject):
    """Turns the panels to the photo that is current in the list."""

    def __init__(
        self,
        window: QWidget,
        *,
        model: EvidenceModel,
        workspace: Workspace,
        display: ExhibitDisplay,
        desk: AnalysisDesk,
    ) -> None:
        super().__init__(window)
        self._model = model
        self._evidence = workspace.evidence
        self._display = display
        self._desk = desk
        display.shown.connect(self._prepare_beside)

    def go_to(self, number: int) -> None:
        """Show this exhibit, after what was begun with the one before is kept."""
        self._desk.settle()
        self._display.show_entry(self._model.entry(number))

    def go_to_first(self) -> None:
        """Go to the first photo of the list where none is current."""
        if self._evidence.current() == 0:
            self._evidence.step(1)
            self._evidence.view.setFocus()

    def go_to_next(self) -> None:
        """Go one photo down the list."""
        self._evidence.step(1)

    def go_to_previous(self) -> None:
        """Go one photo up the list."""
        self._evidence.step(-1)

    def _prepare_beside(self, number: int) -> None:
        """Work out the analysed photos next to this one, where the user most likely goes next."""
        index = self._model.index_of(number)
        if self._desk.is_running or not index.isValid():
            return
        for step in (1, -1):
            rows = range(index.row() + step, index.row() + step * (_LOOKED_AHEAD + 1), step)
            beside = (self._model.index(row).data(EvidenceRole.ENTRY) for row in rows)
            nearest = next((entry for entry in beside if _has_answer(entry)), None)
            if nearest is not None:
                self._display.prepare(nearest.number)


def _has_answer(entry: EvidenceEntry | None) -> bool:
    return entry is not None and entry.status is EntryStatus.ANALYSED
