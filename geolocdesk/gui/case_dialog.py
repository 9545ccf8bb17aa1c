"""Who investigates what: for a new case and for one that is open."""

from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.gui.form_dialog import FormDialog

_REMARKS_HEIGHT_PX = 88


class CaseDialog(FormDialog):
    """Asks for a case's details; a title is all that is needed."""

    def __init__(self, title: str, accept: str, details: CaseDetails, parent: QWidget | None = None) -> None:
        super().__init__(
            title, "These are printed on every report. All but the title may stay empty.", accept, parent
        )
        self._title = QLineEdit(details.title)
        self._number = QLineEdit(details.number)
        self._examiner = QLineEdit(details.examiner)
        self._organisation = QLineEdit(details.organisation)
        self._remarks = QPlainTextEdit(details.remarks)
        self._remarks.setFixedHeight(_REMARKS_HEIGHT_PX)
        self._remarks.setTabChangesFocus(True)
        self.add_field("&Title", self._title)
        self.add_field("Case &number", self._number)
        self.add_field("&Examiner", self._examiner, "Also named in the audit trail for each change.")
        self.add_field("&Organisation", self._organisation)
        self.add_field("&Remarks", self._remarks)
        self._title.textChanged.connect(lambda _text: self._check())
        self._title.selectAll()
        self._check()

    @property
    def details(self) -> CaseDetails:
        """Return what was entered."""
        return CaseDetails(
            title=self._title.text().strip(),
            number=self._number.text().strip(),
            examiner=self._examiner.text().strip(),
            organisation=self._organisation.text().strip(),
            remarks=self._remarks.toPlainText().strip(),
        )

    def _check(self) -> None:
        self.accept_button.setEnabled(bool(self._title.text().strip()))
