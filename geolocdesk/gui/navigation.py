"""From photo to photo: what the panels turn to, and what is worked out beforehand."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from geolocdesk.gui.analysis_desk import AnalysisDesk
from geolocdesk.gui.evidence_model import EvidenceModel, EvidenceRole
from geolocdesk.gui.exhibit_display import ExhibitDisplay
from geolocdesk.gui.workspace import Workspace


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
        """Work out the photos beside this one, where the user most likely goes next."""
        index = self._model.index_of(number)
        if self._desk.is_running or not index.isValid():
            return
        for row in (index.row() + 1, index.row() - 1):
            beside = self._model.index(row).data(EvidenceRole.NUMBER)
            if beside is not None:
                self._display.prepare(int(beside))
