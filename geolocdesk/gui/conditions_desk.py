"""What the user knows from elsewhere: which references the selected photos are compared with."""

from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QWidget

from geolocdesk.analysis import Exclusions
from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.change import Change
from geolocdesk.gui.conditions_dialog import ConditionsDialog
from geolocdesk.gui.evidence_list import EvidenceList
from geolocdesk.gui.photo_desk import each
from geolocdesk.quantities import count_text


class ConditionsDesk(QObject):
    """Asks for conditions and keeps them with the photos, as a change that can be undone."""

    def __init__(
        self, window: QWidget, session: CaseSession, *, evidence: EvidenceList, undo: QUndoStack
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._evidence = evidence
        self._undo = undo

    def edit(self) -> None:
        """Ask for the selected photos' conditions; answers follow, and photos without one are analysed with them."""
        numbers = self._evidence.selected()
        if numbers and self._session.can_change:
            self._session.load_exclusions(numbers, self._ask)

    def _ask(self, before: Mapping[int, Exclusions]) -> None:
        dialog = ConditionsDialog(before.values(), self._window)
        if dialog.exec() != ConditionsDialog.DialogCode.Accepted:
            return
        after = {number: dialog.changed(exclusions) for number, exclusions in before.items()}
        changed = [number for number in before if after[number] != before[number]]
        if not changed:
            return
        name = f"exhibit {changed[0]}" if len(changed) == 1 else count_text(len(changed), "photo")

        def keep(exclusions: Mapping[int, Exclusions]) -> bool:
            return each(lambda number: self._session.set_exclusions(number, exclusions[number]), changed)

        self._undo.push(Change(f"Set search conditions of {name}", lambda: keep(after), lambda: keep(before)))
