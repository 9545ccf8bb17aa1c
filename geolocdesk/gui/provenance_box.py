"""What decided an answer: the analysis id, the model, the pack and every parameter; folded away at first."""

import json

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from geolocdesk.analysis import Analysis
from geolocdesk.gui.copy_button import CopyButton
from geolocdesk.gui.elided_label import ElidedLabel
from geolocdesk.gui.icons import icon
from geolocdesk.gui.theme import SPACE, set_role
from geolocdesk.provenance import JsonValue
from geolocdesk.visible_text import visible_text


class ProvenanceBox(QWidget):
    """A heading that opens a table of everything needed to compute the same answer again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_open = False
        self._analysis: Analysis | None = None
        self._toggle = QToolButton()
        self._toggle.setText("How this was computed")
        self._toggle.setAccessibleName("How this was computed")
        self._toggle.setToolTip("Show or hide what decided this answer")
        self._toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._toggle.clicked.connect(lambda: self.open(not self._is_open))
        set_role(self._toggle, "quiet")
        self._copy = CopyButton("analysis id and provenance as JSON")
        self._body = QWidget()
        self._table = QGridLayout(self._body)
        self._table.setContentsMargins(SPACE.medium, 0, 0, 0)
        self._table.setHorizontalSpacing(SPACE.medium)
        self._table.setVerticalSpacing(SPACE.tiny)
        self._table.setColumnStretch(1, 1)
        head = QHBoxLayout()
        head.addWidget(self._toggle)
        head.addStretch()
        head.addWidget(self._copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE.tiny)
        layout.addLayout(head)
        layout.addWidget(self._body)
        self.open(False)

    def show_analysis(self, analysis: Analysis) -> None:
        """List what decided this answer."""
        self._analysis = analysis
        provenance = analysis.provenance
        everything = {"analysis_id": analysis.analysis_id, "evidence_sha256": analysis.evidence.sha256}
        self._copy.set_text(json.dumps({**everything, **provenance.to_json()}, indent=2, ensure_ascii=False))
        if self._is_open:
            self._fill(_lines(analysis))

    def open(self, is_open: bool) -> None:
        """Show the table, or only its heading."""
        self._is_open = is_open
        self._toggle.setIcon(icon("chevron-down" if is_open else "chevron-right", "muted"))
        self._toggle.setAccessibleDescription("shown" if is_open else "hidden")
        if is_open and self._analysis is not None:
            self._fill(_lines(self._analysis))
        self._body.setVisible(is_open)

    def _fill(self, lines: list[tuple[str, str]]) -> None:
        while (item := self._table.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for row, (name, value) in enumerate(lines):
            label = QLabel(name)
            set_role(label, "caption")
            text = ElidedLabel("mono" if len(value) == _HASH_LENGTH else "body", Qt.TextElideMode.ElideMiddle)
            text.set_text(visible_text(value))
            self._table.addWidget(label, row, 0)
            self._table.addWidget(text, row, 1)
            if len(value) == _HASH_LENGTH:
                copy = CopyButton(name)
                copy.set_text(value)
                self._table.addWidget(copy, row, 2)


_HASH_LENGTH = 64


def _lines(analysis: Analysis) -> list[tuple[str, str]]:
    provenance = analysis.provenance
    return [
        ("Analysis id", analysis.analysis_id),
        ("Photo SHA-256", analysis.evidence.sha256),
        ("Program", f"geolocdesk {provenance.program_version}"),
        ("Model", provenance.model_id),
        ("Weights SHA-256", provenance.weights_sha256),
        ("Reference pack", provenance.pack_name),
        ("Pack id", provenance.pack_id),
        *([("Calibration", provenance.calibration_sha256)] if provenance.calibration_sha256 else []),
        *((_title(name), _value_text(value)) for name, value in provenance.parameters.items()),
        ("Device", provenance.device),
        ("Libraries", ", ".join(f"{name} {version}" for name, version in provenance.libraries.items())),
    ]


def _title(name: str) -> str:
    return name[:1].upper() + name[1:].replace("_", " ")


def _value_text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
